"""Which questions of a set are asked, and shown, as the first one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.examples import CLARIFICATION, KINDS, REFUSAL_KINDS, Example, Reference
from tasks_lib.gate.known import LONGEST_SHOWN, SHOWN, known_alone, questions_to_show
from tasks_lib.gate.measurement import Measurement, QuestionResult

HISTORY = (Message(role="user", content="How long is leave?"), Message(role="assistant", content="27 days."))
RIGHT = {"response": "27 days.", "refused": False}


def example(
    number: int, question: str, kind: str = "answerable", document: str = "", *, follows: bool = False
) -> Example:
    place = Reference(document=document or f"{number}.md", start=0, end=4, content="Fact")
    return Example(
        id=str(number),
        kind=kind,
        messages=(*(HISTORY if follows else ()), Message(role="user", content=question)),
        references=() if kind in REFUSAL_KINDS else (place,),
    )


def measured(*rows: tuple[Example, float | None, dict[str, object] | None]) -> Measurement:
    results = [
        QuestionResult(example_id=one.id, kind=one.kind, question=one.question, answer=answer, values={"right": value})
        for one, value, answer in rows
    ]
    return Measurement(version=1, primary="right", expected_rows=len(rows), rows=results)


@pytest.mark.parametrize("question", ["And for interns?", "How long does it take?", "What is the limit of these?"])
def test_what_leans_on_a_conversation_is_not_asked_alone(question: str) -> None:
    follow_up, plain = example(1, question, "follow_up", follows=True), example(2, "How long is parental leave?")
    assert list(known_alone([follow_up, plain])) == [plain]


@pytest.mark.parametrize("question", ["How long does it take?", "What is the limit of these?"])
def test_nor_is_what_points_to_something_that_was_not_said(question: str) -> None:
    assert list(known_alone([example(1, question)])) == []


def test_the_shortest_right_answers_are_shown_one_of_a_document() -> None:
    rows = [
        (example(1, "How many days of annual leave do employees get?", document="leave.md"), 1.0, RIGHT),
        (example(2, "How long is leave?", document="leave.md"), 1.0, RIGHT),
        (example(3, "Who approves a laptop?"), 1.0, RIGHT),
        (example(4, "Who is it?"), 0.0, RIGHT),
        (example(5, "Who pays?"), 1.0, {"response": "I cannot say.", "refused": True}),
        (example(6, "What is lost?"), 1.0, None),
        (example(7, "And now?", follows=True), 1.0, RIGHT),
    ]
    shown = questions_to_show([one for one, _, _ in rows], measured(*rows))
    assert shown == ["How long is leave?", "Who approves a laptop?"]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.sampled_from(["How long is leave?", "Who approves a laptop?", f"What is {'very ' * 40}long?"]),
            st.booleans(),
            st.sampled_from([None, 0.0, 0.5, 1.0]),
            st.sampled_from([None, RIGHT, {"response": " ", "refused": False}, {"response": "No.", "refused": True}]),
        ),
        max_size=12,
    )
)
def test_nothing_is_shown_that_was_not_answered_rightly_alone(
    given_rows: list[tuple[str, str, bool, float | None, dict[str, object] | None]],
) -> None:
    rows = [
        (example(number, question, kind, follows=follows), value, answer)
        for number, (kind, question, follows, value, answer) in enumerate(given_rows)
    ]
    shown = questions_to_show([one for one, _, _ in rows], measured(*rows))
    fit = [
        one.question
        for one, value, answer in rows
        if one.kind not in (*REFUSAL_KINDS, CLARIFICATION)
        and len(one.messages) == 1
        and value == 1.0
        and answer == RIGHT
    ]
    short = [question for question in fit if len(question) <= LONGEST_SHOWN]
    assert sorted(shown) == sorted(sorted(short, key=len)[:SHOWN])
