"""What a fault that nobody foresaw tells a client."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving.errors import add_errors


@pytest.mark.parametrize("path", ["/v1/models", "/predict"])
def test_a_fault_has_the_shape_of_its_route_and_tells_nothing_of_the_code(path: str) -> None:
    app = FastAPI()
    add_errors(app)

    @app.get(path)
    def broken() -> None:
        raise ZeroDivisionError("secret")

    failed = TestClient(app, raise_server_exceptions=False).get(path)
    assert failed.status_code == 500
    assert "secret" not in failed.text
    told = failed.json()
    assert (told["error"]["message"] if path.startswith("/v1/") else told["detail"]).startswith("The endpoint failed")
