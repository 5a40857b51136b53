"""Validation against a double of the process: the real one is tested in test_process.py and by the flow."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from tasks_lib.assistant.contract.access import NO_CONTROL, IndexAccess
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.gate.validate import Check, validate
from tasks_lib.registry.process import AnswerTimeoutError, VersionContract, VersionFailure, VersionProcess, VersionReply
from tasks_lib.registry.register import EXAMPLE
from tests.tasks_lib.registry import fakes


class Scripted:
    """Answers in this process."""

    def __init__(self, behaviour: str, seconds: float = 0.1, contract: VersionContract | None = None) -> None:
        script = fakes.script_of(behaviour)
        self.names: dict[str, Any] = {}
        exec(script[script.index("FACTS =") : script.index("class Assistant")], self.names)  # noqa: S102
        self.seconds = seconds
        self.contract = contract or VersionContract(inputs=[{"messages": "array"}], outputs=["any"], example=[EXAMPLE])

    def ask(self, messages: Sequence[Mapping[str, str]], timeout: float, groups: object = ()) -> VersionReply:
        try:
            answer = self.names["behave"](messages[-1]["content"])
        except ValueError as error:
            return VersionReply(None, VersionFailure("ValueError", str(error)), None, self.seconds)
        return VersionReply(answer, None, None, self.seconds)


class OpenIndex:
    """An index in which nothing is kept from anybody."""

    def access(self) -> IndexAccess:
        return NO_CONTROL


def checks(process: Any, examples: Sequence[Example] = fakes.examples(), index: Any = None) -> dict[str, Check]:
    found = validate(cast("VersionProcess", process), examples, GateConfig(), index or OpenIndex())
    return {check.name: check for check in found}


def test_a_good_version_passes_every_check() -> None:
    assert all(check.ok for check in checks(Scripted(fakes.GOOD)).values())


def follow_up(number: int, question: str) -> Example:
    history = (Message(role="user", content="When does it open?"), Message(role="assistant", content="At eight."))
    return Example(id=f"follow{number}", kind="follow_up", messages=(*history, Message(role="user", content=question)))


def test_the_known_question_is_one_that_needs_no_conversation() -> None:
    asked = [follow_up(number, f"And on holiday {number}?") for number in range(1, 5)]
    found = checks(Scripted(fakes.GOOD), (*asked, *fakes.examples()))["known question"]
    assert found.detail == "answers 'When does the office close on holiday 1?'"


def test_of_follow_ups_alone_one_is_asked_in_its_conversation() -> None:
    found = checks(Scripted(fakes.GOOD), [follow_up(1, "And on holiday 1?")])["known question"]
    assert found.detail == "answers 'And on holiday 1?' as it was asked in its conversation"


@pytest.mark.parametrize(
    ("behaviour", "failed", "detail"),
    [
        (fakes.REFUSES_EVERYTHING, "known question", "refuses 3 of 3"),
        (fakes.ANSWERS_EVERYTHING, "off-topic question", "instead of refusing"),
        (fakes.LEAKS, "planted personal data", "repeats a planted card number"),
        (fakes.BREAKS_SCHEMA, "input example", "the output schema is broken: response"),
    ],
)
def test_a_bad_version_fails_the_check_that_is_meant_for_it(behaviour: str, failed: str, detail: str) -> None:
    check = checks(Scripted(behaviour))[failed]
    assert not check.ok
    assert detail in check.detail


def test_a_clear_error_on_hostile_input_is_accepted_and_a_silent_one_is_not() -> None:
    behaviour = (
        "def behave(question):\n    if len(question) > 500:\n        raise ValueError({})\n    return answer(question)"
    )
    assert checks(Scripted(behaviour.format("'too long'")))["hostile input"].ok
    assert not checks(Scripted(behaviour.format("''")))["hostile input"].ok


def test_a_slow_version_fails_the_latency_ceiling() -> None:
    latency = checks(Scripted(fakes.GOOD, seconds=21.0))["latency"]
    assert not latency.ok
    assert latency.detail == ("the slowest answer took 21.0 s; at most 20 s is asked (gate.validation_latency_seconds)")


def test_an_answer_that_does_not_come_in_time_names_the_key_of_the_time() -> None:
    class Silent(Scripted):
        def ask(self, messages: Sequence[Mapping[str, str]], timeout: float, groups: object = ()) -> VersionReply:
            raise AnswerTimeoutError(f"models:/rag-assistant/1 gave no answer within {timeout:g} s")

    detail = checks(Silent(fakes.GOOD))["known question"].detail
    assert detail == "models:/rag-assistant/1 gave no answer within 60 s (gate.question_timeout_seconds)"


def test_a_version_without_signature_or_example_fails() -> None:
    found = checks(Scripted(fakes.GOOD, contract=VersionContract()))
    assert not found["signature"].ok
    assert not found["input example"].ok
