"""What the registry says of an assistant: what is live, since when, by whom, and what happened before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.local import LocalPlatform
from tasks_lib.home import Home
from tasks_lib.registry import history
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.history import Entry, What, read_live_entry
from tasks_lib.registry.holds import Hold, place_hold
from tasks_lib.registry.model_description import MARK, describe_model, description
from tasks_lib.registry.tracking import connect, run_of

MODEL, NOON = "rag-assistant", datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def client(tracked_home: Callable[[Path], Home], tmp_path: Path) -> AssistantClient:
    return connect(LocalPlatform(tracked_home(tmp_path / "home")), MODEL)


def leave(client: AssistantClient, verb: str, **tags: object) -> None:
    with run_of(client, verb, {f"llmops.{name}": value for name, value in tags.items()}):
        pass


def test_the_model_says_what_is_live_and_why_and_keeps_what_a_person_wrote(
    client: AssistantClient, tmp_path: Path
) -> None:
    client.create_registered_model(MODEL, description="Ours. Ask Ann.")
    for _ in "12":
        client.create_model_version(MODEL, tmp_path.as_uri())
    assert describe_model(client, "production").startswith("**Nothing is in production.**")
    leave(client, "deploy", decision="promote", version=1, started_by="ann", decided_at=NOON)
    leave(client, "rollback", from_version=2, to_version=1, started_by="ben", reason="wrong | figures")
    client.set_registered_model_alias(MODEL, "production", "1")
    place_hold(client, MODEL, Hold(verb="rollback", by="ben", at=NOON))
    for _ in "twice":
        describe_model(client, "production")
    text = client.get_registered_model(MODEL).description
    assert text.startswith(f"Ours. Ask Ann.\n\n{MARK}\n\n**Version 1 is in production** since 2")
    assert ": rolled back from version 2 to 1, by ben: wrong | figures" in text
    assert "on hold since a rollback by ben, 2026-11-26 12:00 UTC." in text
    assert "- 2026-11-26 12:00 UTC **promoted, version 1**, by ann" in text.splitlines()
    assert text.count(MARK) == 1
    client.set_registered_model_alias(MODEL, "production", "2")
    assert "moved by hand" in describe_model(client, "production")


def test_an_assistant_without_a_registered_model_is_not_described_and_nothing_fails(client: AssistantClient) -> None:
    assert describe_model(client, "production") == ""


def test_what_is_live_is_found_behind_any_number_of_other_runs(
    client: AssistantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "NEWEST", 2)
    leave(client, "deploy", decision="promote", version=1, started_by="ann", decided_at=NOON)
    for number in range(4):
        leave(client, "deploy", decision="reject", version=number + 2, started_by="ann", decided_at=NOON)
        leave(client, "hold", started_by="ben")
    live = read_live_entry(client, 1)
    assert live
    assert (live.what, live.by) == ("promoted", "ann")
    assert read_live_entry(client, 2) is None


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
ENTRIES = st.builds(
    Entry,
    at=st.just(NOON),
    what=st.sampled_from(["promoted", "rejected", "rolled back", "waits for approval", "interrupted"]),
    version=st.none() | st.integers(1, 99),
    by=TEXT,
    approved_by=st.none() | TEXT,
    comment=TEXT,
    why=TEXT,
    reason=TEXT,
    run_id=st.just("r"),
)


@given(entries=st.lists(ENTRIES, max_size=12))
def test_any_words_of_people_are_one_line_of_the_list(entries: list[Entry]) -> None:
    lines = description(None, None, None, entries, NOON + timedelta(days=2)).split("\n")
    told = [line for line in lines if line.startswith("- 2026-11-26 12:00 UTC **")]
    waits = [entry for entry in entries if entry.what == "waits for approval"]
    assert len(told) == len(waits) + min(len(entries), 10)
    headings = [line for line in lines if line not in told and line]
    assert len(headings) == 3 + bool(entries)
    assert bool(waits) is ("**Waits for a person**" in lines)


def test_what_went_wrong_within_a_day_stands_first_and_older_things_only_in_the_list() -> None:
    def entry(what: What, hours: int, **further: Any) -> Entry:
        return Entry(at=NOON - timedelta(hours=hours), what=what, by="ann", run_id="r", version=None, **further)

    deployed = [entry("promoted", hours) for hours in range(2, 14)]
    late = entry("failed", 20, verb="ingest", reason="no server at http://wiki")
    old = entry("interrupted", 25, reason="killed")
    text = description(None, None, None, [*deployed, late, old], NOON)
    wrong, _, past = text.partition("**What happened**")
    assert "**Went wrong within a day before 2026-11-26 12:00 UTC**" in wrong
    assert "**ingest failed**, by ann: no server at http://wiki" in wrong
    assert "killed" not in text
    assert past.count("\n- ") == 10
    assert "no server" not in past
    assert "**Nothing failed" in description(None, None, None, [*deployed, old], NOON)


def test_an_approval_that_production_has_moved_away_from_is_said_to_be_in_vain() -> None:
    asked = Entry(at=NOON, what="waits for approval", version=3, by="ann", run_id="r", compared_with=2)
    assert "an approval would promote nothing**: production moved from version 2 to 1" in description(
        1, None, None, [asked], NOON
    )
    assert "promote nothing" not in description(2, None, None, [asked], NOON)
    assert "**Nothing waits for a person.**" in description(2, None, None, [], NOON)
