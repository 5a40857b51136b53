"""Servers that fail: what a user is told in place of what HTTP said."""

import json

import httpx
import mlflow
import pytest
from mlflow.exceptions import MlflowException
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import cli
from flows.command.outages import outage
from tasks_lib.home import Home

URL = "http://127.0.0.1:4299/api"


def from_server(status: int, url: str = URL) -> Exception:
    request = httpx.Request("GET", f"{url}/flows/")
    answer = httpx.Response(status, request=request, text="Internal Server Error")
    return PrefectHTTPStatusError("Server error", request=request, response=answer)


def wrapped(error: Exception) -> Exception:
    outer = RuntimeError("a task failed")
    outer.__cause__ = error
    return outer


def test_a_prefect_server_whose_database_is_down_is_named() -> None:
    with temporary_settings({PREFECT_API_URL: URL}):
        told = outage(wrapped(from_server(500)))
        assert told is not None
        assert told.message == f"the Prefect server at {URL} answers HTTP 500"
        assert "database" in told.hint


def test_a_prefect_server_that_is_not_there_is_named() -> None:
    error = httpx.ConnectError("refused", request=httpx.Request("GET", f"{URL}/flows/"))
    with temporary_settings({PREFECT_API_URL: URL}):
        told = outage(error)
        assert told is not None
        assert told.message == f"no Prefect server answers at {URL}"


@pytest.mark.parametrize(
    "error", [from_server(404), from_server(500, "http://127.0.0.1:9/other"), ValueError("of ours")]
)
def test_what_is_not_the_servers_fault_is_left_as_it_is(error: Exception) -> None:
    with temporary_settings({PREFECT_API_URL: URL}):
        assert outage(error) is None


def test_an_mlflow_server_that_fails_is_named_without_its_stack_trace(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        text = "API request to http://127.0.0.1:5099/api failed with exception HTTPConnectionPool: Max retries exceeded"
        raise MlflowException(text)

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(mlflow, "get_tracking_uri", lambda: "http://127.0.0.1:5099")
    assert cli.run(["status", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)["error"]
    assert said["type"] == "ServerError"
    assert said["message"] == "the MLflow server at http://127.0.0.1:5099 does not answer as it should"
