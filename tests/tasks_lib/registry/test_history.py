"""The history is what runs have left in MLflow: of any state, by writers at the same time, and in a home that moved."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import Run, RunData, RunInfo, RunTag
from rich.console import Console

from blocks.local import LocalPlatform
from flows.command import render_history
from flows.history import HistoryResult, history
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.attempts import WAITS_UNTIL_TAG
from tasks_lib.registry.history import DECISIONS, VERBS, Entry, entry_of, read_history, read_waiting
from tasks_lib.registry.tracking import VERB_TAG, WAITS_FOR_TAG, connect, run_of

MODEL = "rag-assistant"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def client(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AssistantClient:
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    return connect(LocalPlatform(home), MODEL)


def leave(client: AssistantClient, verb: str, **tags: object) -> None:
    with run_of(client, verb, {f"llmops.{name}": value for name, value in tags.items()}):
        pass


def test_every_kind_of_run_is_an_entry_and_other_runs_are_none(client: AssistantClient) -> None:
    assert history(Settings()).entries == []
    leave(client, "deploy", decision="promote", version=1, reasons="all held", started_by="ann", decided_at=NOON)
    leave(client, "monitor", verdict="healthy")
    leave(client, "rollback", from_version=2, to_version=1, started_by="ben", reason="wrong figures")
    leave(client, "hold", started_by="ben")
    leave(client, "held", started_by="automation llmops: deploy on drift", reason="drift of refused")
    leave(client, "release", started_by="ann")
    with pytest.raises(RuntimeError), run_of(client, "deploy", {"llmops.started_by": "ann"}):
        raise RuntimeError("the disk is full")
    found = read_history(client, 20)
    assert {(entry.what, entry.by) for entry in found} == {
        ("promoted", "ann"),
        ("rolled back", "ben"),
        ("hold", "ben"),
        ("held back", "automation llmops: deploy on drift"),
        ("hold released", "ann"),
        ("failed", "ann"),
    }
    (failed,) = (entry for entry in found if entry.what == "failed")
    assert failed.reason == "RuntimeError: the disk is full"
    assert client.get_run(failed.run_id).info.status == "FAILED"
    assert client.get_run(failed.run_id).info.run_name == "rag-assistant: deploy failed"
    (back,) = (entry for entry in found if entry.what == "rolled back")
    assert (back.from_version, back.version, back.why) == (2, 1, "wrong figures")
    assert read_history(client, 2) == found[:2]
    assert found == sorted(found, key=lambda entry: entry.at, reverse=True)


def test_what_was_decided_holds_although_its_run_was_killed_and_one_without_a_decision_did_not_end(
    client: AssistantClient,
) -> None:
    for tags in ({"llmops.decision": "promote", "llmops.version": "3"}, {}):
        client.create_run(client.experiment_id, tags={VERB_TAG: "deploy", **tags})
    assert {(entry.what, entry.version) for entry in read_history(client, 9)} == {("promoted", 3), ("not ended", None)}


def test_what_waits_for_a_person_says_so_until_its_deadline(client: AssistantClient) -> None:
    place = "press Resume until 2026-11-27 12:00 UTC: http://prefect/runs/flow-run/1"
    for version, hours in ((4, 1), (3, -1)):
        until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        tags = {"llmops.version": str(version), WAITS_UNTIL_TAG: until, WAITS_FOR_TAG: place}
        client.create_run(client.experiment_id, tags={VERB_TAG: "deploy", **tags})
    told = {entry.version: (entry.what, entry.reason) for entry in read_history(client, 9)}
    assert told == {4: ("waits for approval", place), 3: ("not ended", "")}
    assert [entry.version for entry in read_waiting(client)] == [4]


def test_runs_at_the_same_time_leave_an_entry_each(client: AssistantClient) -> None:
    def one(number: int) -> None:
        leave(client, "hold", started_by=f"person {number}")

    assert client.experiment_id
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(12)))
    assert {entry.by for entry in read_history(client, 20)} == {f"person {number}" for number in range(12)}


def test_a_home_that_moved_has_its_history_and_another_assistant_has_its_own(
    client: AssistantClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(client, "hold", started_by="ann")
    leave(connect(LocalPlatform(), "staff"), "hold", started_by="ben")
    before = history(Settings())
    shutil.copytree(tmp_path / "home", tmp_path / "elsewhere")
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "elsewhere"))
    assert history(Settings()) == before
    assert [entry.by for entry in history(Settings(assistant="staff")).entries] == ["ben"]
    with pytest.raises(InputError, match="no assistant 'stuff'"):
        history(Settings(assistant="stuff"))


def test_ingests_that_changed_documents_are_told_with_their_names_and_others_are_not(client: AssistantClient) -> None:
    leave(client, "ingest", started_by="ann", changed="added a.md; deleted b.md")
    leave(client, "ingest", started_by="ann")
    leave(client, "deploy", decision="promote", version=2, changed="retriever.top_k 5 → 8")
    told = {entry.what: entry.told_changes for entry in read_history(client, 9)}
    expected = {"documents changed": "added a.md; deleted b.md", "promoted": "changed: retriever.top_k 5 → 8"}
    assert told == expected


@given(limit=st.integers(max_value=0) | st.integers(min_value=10_001))
def test_a_limit_out_of_bounds_is_refused_with_its_value(limit: int) -> None:
    with pytest.raises(InputError, match=f"--limit {limit} is not"):
        history(Settings(), limit=limit)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TAGS = st.fixed_dictionaries(
    {VERB_TAG: st.sampled_from(["deploy", *VERBS])},
    optional={
        "llmops.decision": st.sampled_from([*DECISIONS, ""]),
        "llmops.version": st.integers(1, 99).map(str),
        "llmops.from_version": st.integers(1, 99).map(str),
        "llmops.to_version": st.integers(1, 99).map(str),
        "llmops.reasons": TEXT,
        "llmops.reason": TEXT,
        "llmops.started_by": TEXT,
        "llmops.approved_by": TEXT,
        "llmops.comment": TEXT,
        "llmops.error": TEXT,
        "llmops.waits_until": st.sampled_from(["2026-01-01", "9999-01-01"]),
        "llmops.waits_for": TEXT,
        "mlflow.user": TEXT,
    },
)


@given(tags=TAGS, status=st.sampled_from(["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"]), ended=st.booleans())
def test_whatever_a_run_left_is_told(tags: dict[str, str], status: str, *, ended: bool) -> None:
    start = int(NOON.timestamp() * 1000)
    info = RunInfo("r", "0", "u", status, start, start + 1000 if ended else None, "active", run_name="n")
    entry = entry_of(Run(info, RunData(tags=[RunTag(name, value) for name, value in tags.items()])))
    assert entry.by
    assert timedelta(0) <= entry.at - NOON <= timedelta(seconds=1)
    result = HistoryResult(
        model=MODEL, production_version=entry.version, live=entry, hold=None, entries=[entry], runs="Prefect"
    )
    console = Console(record=True, width=200, file=None, quiet=True)
    render_history.history(console, result.model_dump(mode="json"))


def shown(result: HistoryResult, capsys: pytest.CaptureFixture[str]) -> str:
    render_history.history(Console(width=300), result.model_dump(mode="json"))
    return capsys.readouterr().out


def test_the_first_line_says_what_is_live_by_whom_or_that_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    entry = Entry(at=NOON, what="promoted", version=3, by="ann", approved_by="Ben", comment="fine", run_id="r")
    result = HistoryResult(model=MODEL, production_version=3, live=entry, hold=None, entries=[entry], runs="Prefect")
    assert ", by ann, approved by Ben (fine)." in shown(result, capsys).splitlines()[0]
    by_hand = result.model_copy(update={"live": None})
    assert "moved by hand in MLflow" in shown(by_hand, capsys).splitlines()[0]
    nothing = HistoryResult(model=MODEL, production_version=None, live=None, hold=None, entries=[], runs="Prefect")
    assert "nothing is in production" in shown(nothing, capsys)
