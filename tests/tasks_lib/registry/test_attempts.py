"""A flow run that was interrupted and begins again leaves no MLflow run that runs for ever."""

from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry import attempts, tracking
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.attempts import FLOW_RUN_TAG, WAITS_UNTIL_TAG, end_own_attempts
from tasks_lib.registry.history import read_history, read_waiting
from tasks_lib.registry.tracking import RUN_NAME_TAG, VERB_TAG, WAITS_FOR_TAG, connect, run_of

PROMOTED = {"llmops.decision": "promote", "llmops.version": "3", RUN_NAME_TAG: "rag-assistant v3: promote"}


@pytest.fixture
def client(tracked_home: Callable[[Path], Home], tmp_path: Path) -> AssistantClient:
    return connect(LocalPlatform(tracked_home(tmp_path / "home")), "rag-assistant")


def begun(client: AssistantClient, flow_run: str, verb: str = "deploy", **tags: str) -> str:
    """A run whose process was killed."""
    run = client.create_run(client.experiment_id, tags={VERB_TAG: verb, FLOW_RUN_TAG: flow_run, **tags})
    return str(run.info.run_id)


def test_the_next_attempt_ends_what_the_last_one_left_and_nothing_else(
    client: AssistantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, decided = begun(client, "ours"), begun(client, "ours", **PROMOTED)
    others = [begun(client, "theirs"), begun(client, "ours", verb="monitor")]
    monkeypatch.setattr(tracking, "current_flow_run", lambda: "ours")
    with run_of(client, "deploy", {"llmops.decision": "reject"}):
        pass
    found = {run: client.get_run(run).info for run in (left, decided, *others)}
    assert [found[run].status for run in (left, decided, *others)] == ["KILLED", "KILLED", "RUNNING", "RUNNING"]
    assert found[left].run_name == "rag-assistant: deploy interrupted"
    assert found[decided].run_name == "rag-assistant v3: promote"
    told = [(entry.what, entry.version) for entry in read_history(client, 9)]
    assert sorted(told, key=str) == [("interrupted", None), ("not ended", None), ("promoted", 3), ("rejected", None)]


def test_an_approval_that_was_interrupted_is_told_and_waits_no_longer(
    client: AssistantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = begun(
        client, "ours", **{"llmops.version": "3", WAITS_UNTIL_TAG: "9999-01-01", WAITS_FOR_TAG: "press Resume"}
    )
    assert [entry.version for entry in read_waiting(client)] == [3]
    assert end_own_attempts(client, "deploy") == []
    monkeypatch.setattr(attempts, "current_flow_run", lambda: "ours")
    assert [run.info.run_id for run in end_own_attempts(client, "deploy")] == [left]
    assert read_waiting(client) == []
    (entry,) = read_history(client, 9)
    assert (entry.what, entry.version) == ("interrupted", 3)
    assert entry.reason.startswith("its process ended while it waited for approval; the run began again 2")


def test_outside_of_a_flow_run_nothing_is_tagged(client: AssistantClient) -> None:
    with run_of(client, "hold") as run:
        pass
    assert FLOW_RUN_TAG not in client.get_run(run.info.run_id).data.tags
