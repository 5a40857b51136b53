"""Who started a run: a person, or something that nobody watches."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow
from prefect._internal.schemas.fields import CreatedBy
from prefect.client.schemas.objects import FlowRun

from flows import origin as module
from flows.origin import SOMEBODY, Origin, origin, person

NAMES = st.text(min_size=1, max_size=30).map(str.strip).filter(bool)


def started(monkeypatch: pytest.MonkeyPatch, **run: Any) -> Origin:
    monkeypatch.setattr(module, "_outermost_run", lambda: FlowRun(flow_id=uuid4(), **run))
    return origin()


def test_a_person_is_the_user_of_the_machine_unless_a_name_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "getuser", lambda: "ann")
    monkeypatch.delenv("LLMOPS_USER", raising=False)
    assert person() == "ann"
    monkeypatch.setenv("LLMOPS_USER", " ")
    assert person() == "ann"
    monkeypatch.setenv("LLMOPS_USER", "Ann Lee")
    assert origin("a try") == Origin("Ann Lee", reason="a try")


@pytest.mark.flow
def test_a_run_of_the_command_and_one_inside_another_are_the_persons(
    prefect_harness: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMOPS_USER", "ann")

    @flow
    def inner() -> Origin:
        return origin()

    @flow
    def outer() -> Origin:
        return inner()

    assert inner() == outer() == Origin("ann")


@given(name=NAMES, kind=st.sampled_from(["AUTOMATION", "SCHEDULE"]))
def test_what_an_automation_or_a_schedule_started_is_attended_by_nobody(name: str, kind: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        creator = CreatedBy(type=kind, display_value=name)
        found = started(patch, deployment_id=uuid4(), created_by=creator, auto_scheduled=kind == "SCHEDULE")
        assert found == Origin(f"{kind.lower()} {name}", attended=False)
        assert found.told == f" (by the {kind.lower()} {name})"


@given(creator=st.none() | st.builds(CreatedBy, type=st.none() | st.just("USER"), display_value=st.none() | NAMES))
def test_who_pressed_a_button_in_prefect_is_a_person_by_the_name_that_prefect_knows(creator: CreatedBy | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = started(patch, deployment_id=uuid4(), created_by=creator)
        assert found == Origin((creator and creator.display_value) or SOMEBODY)
        assert found.told == ""


def test_a_schedule_that_prefect_does_not_name_is_a_schedule_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert started(monkeypatch, deployment_id=uuid4(), auto_scheduled=True) == Origin("schedule", attended=False)
