"""Holds on a real registry: they lie with the registered model, and none takes another's away."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.home import Home
from tasks_lib.registry.assistant_client import AssistantClient
from tasks_lib.registry.holds import HOLD_TAG, Hold, lift_hold, place_hold, read_hold
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.registry import fakes

MODEL = "rag-assistant"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
BY_ROLLBACK = Hold(verb="rollback", by="ann", at=NOON, reason="wrong answers")
BY_PERSON = Hold(verb="hold", by="ben", at=NOON)


@pytest.fixture
def client(tracked_home: Callable[[Path], Home], tmp_path: Path) -> AssistantClient:
    found = connect(fakes.FakePlatform(tracked_home(tmp_path / "home")), MODEL)
    assert read_hold(found, MODEL) is None
    found.create_registered_model(MODEL)
    return found


def test_a_hold_is_there_until_it_is_lifted(client: AssistantClient) -> None:
    assert read_hold(client, MODEL) is None
    assert place_hold(client, MODEL, BY_ROLLBACK) == read_hold(client, MODEL) == BY_ROLLBACK
    assert lift_hold(client, MODEL, BY_ROLLBACK)
    assert HOLD_TAG not in client.get_registered_model(MODEL).tags
    assert not lift_hold(client, MODEL, BY_ROLLBACK)


def test_a_rollback_does_not_replace_what_a_person_held_and_a_person_replaces_both(client: AssistantClient) -> None:
    place_hold(client, MODEL, BY_PERSON)
    assert place_hold(client, MODEL, BY_ROLLBACK) == read_hold(client, MODEL) == BY_PERSON
    later = BY_PERSON.model_copy(update={"reason": "freeze"})
    assert place_hold(client, MODEL, later) == read_hold(client, MODEL) == later


def test_a_hold_that_was_placed_meanwhile_stays(client: AssistantClient) -> None:
    place_hold(client, MODEL, BY_ROLLBACK)
    place_hold(client, MODEL, BY_PERSON)
    assert not lift_hold(client, MODEL, BY_ROLLBACK)
    assert read_hold(client, MODEL) == BY_PERSON


@given(by=st.text(min_size=1), reason=st.text(), moment=st.datetimes(timezones=st.just(UTC)))
def test_a_hold_is_read_as_it_was_written(by: str, reason: str, moment: datetime) -> None:
    hold = Hold(verb="hold", by=by, at=moment, reason=reason)
    assert Hold.model_validate_json(hold.model_dump_json()) == hold
    assert by in str(hold)
    assert reason in str(hold)
