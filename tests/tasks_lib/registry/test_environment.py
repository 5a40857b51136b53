"""What the process of a version finds in its environment."""

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks_lib.registry.environment import prefect_environment, trace_writing


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


def test_traces_that_wait_for_storage_take_little_memory_in_production_and_are_all_kept_in_an_evaluation() -> None:
    queue = "MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE"
    assert int(trace_writing("sqlite:///traces.db", "production")[queue]) < 1000
    assert queue not in trace_writing("sqlite:///traces.db", "evaluation")
    workers = "MLFLOW_ASYNC_TRACE_LOGGING_MAX_WORKERS"
    assert trace_writing("sqlite:///traces.db", "evaluation")[workers] == "1"
    assert int(trace_writing("http://mlflow.internal", "evaluation")[workers]) > 1
