"""What the processes of the endpoint tell each other about the workers."""

import os
import subprocess
import sys

import pytest

from serving.slots import AnswerSlots, State


@pytest.fixture
def slots(monkeypatch: pytest.MonkeyPatch) -> AnswerSlots:
    monkeypatch.setenv("LITSERVE_WORKER_ID", "1")
    return AnswerSlots(workers=2, slots=3)


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_worker_answers_from_when_it_says_so_until_it_takes_that_back_or_dies(
    slots: AnswerSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (slots.ready_workers(), slots.state(), slots.versions()) == (0, "starting", set())
    slots.set_state("ready", 3)
    assert (slots.ready_workers(), slots.state(), slots.versions()) == (1, "ready", {3})
    slots.set_state("starting")
    assert (slots.ready_workers(), slots.state(), slots.versions()) == (0, "starting", set())
    gone = dead_process()
    with monkeypatch.context() as other:
        other.setattr(os, "getpid", lambda: gone)
        slots.set_state("ready", 3)
    assert (slots.ready_workers(), slots.state(), slots.versions()) == (0, "starting", set())


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("ready", "failed", "ready"),
        ("failed", "starting", "starting"),
        ("not_deployed", "failed", "failed"),
        ("not_deployed", "not_deployed", "not_deployed"),
    ],
)
def test_the_state_of_an_assistant_is_the_best_of_its_workers(
    slots: AnswerSlots, monkeypatch: pytest.MonkeyPatch, first: State, second: State, together: State
) -> None:
    slots.set_state(first, 1)
    monkeypatch.setenv("LITSERVE_WORKER_ID", "0")
    slots.set_state(second, 1)
    assert slots.state() == together


def test_an_answer_is_lost_when_the_worker_that_took_it_dies(
    slots: AnswerSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = slots.offer(2)
    assert (slots.taken(2), slots.worker_died(2)) == (False, False)
    assert slots.take(2, offer)
    assert (slots.taken(2), slots.worker_died(2)) == (True, False)
    gone = dead_process()
    monkeypatch.setattr(os, "getpid", lambda: gone)
    assert slots.take(2, slots.offer(2))
    assert slots.worker_died(2)


def test_a_question_that_was_offered_again_is_void(slots: AnswerSlots) -> None:
    first = slots.offer(0)
    second = slots.offer(0)
    assert not slots.take(0, first)
    assert slots.take(0, second)
