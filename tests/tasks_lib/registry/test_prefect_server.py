"""Which Prefect server the process of a version asks."""

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks_lib.registry.prefect_server import prefect_environment


def test_a_version_on_the_local_platform_is_told_of_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert "PREFECT_API_URL" not in prefect_environment("local")


def test_the_server_of_a_profile_is_handed_on() -> None:
    with temporary_settings({PREFECT_API_URL: "http://prefect.internal:4200/api"}):
        assert prefect_environment("aws")["PREFECT_API_URL"] == "http://prefect.internal:4200/api"


@pytest.mark.flow
def test_an_embedded_server_is_shared_with_the_processes_of_versions(prefect_harness: None) -> None:
    embedded = PREFECT_API_URL.value()
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        assert PREFECT_API_URL.value() is None
        handed_on = prefect_environment("aws")["PREFECT_API_URL"]
    assert handed_on == embedded
    assert httpx.get(f"{handed_on}/health").json() is True
