"""Which conversations are accepted, and what follow-ups lean on."""

import pytest

from tasks_lib.assistant.answering.conversation import check_messages, messages_of, standalone_question
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.errors import InputError
from tasks_lib.text.follow_ups import is_follow_up


def talk(*contents: str) -> list[Message]:
    """Turns of user and assistant, the user's first."""
    return [Message(role=("user", "assistant")[i % 2], content=c) for i, c in enumerate(contents)]


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([], "messages is empty"),
        (talk("Hello", "Hi"), "role 'assistant'"),
        (talk("  \n "), "the question is empty"),
        (talk("x" * 20_001), "20,001 characters"),
    ],
)
def test_what_is_no_question_is_refused_with_a_hint(messages: list[Message], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        check_messages(messages)
    assert caught.value.hint


def test_a_question_of_the_longest_length_passes() -> None:
    check_messages(talk("x" * 20_000))


@pytest.mark.parametrize(
    ("turn", "message"),
    [({"role": "wizard", "content": "x"}, "wizard"), ({"role": "user", "content": None}, "no text"), ({}, "None")],
)
def test_plain_data_with_an_unknown_role_or_no_text_is_refused(turn: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        messages_of([{"role": "user", "content": "first"}, turn])


@pytest.mark.parametrize(
    "question",
    ["And for part-timers?", "What about interns?", "How long does it last?", "Why?", "Do they get more of that?"],
)
def test_a_question_that_leans_on_the_one_before_is_a_follow_up(question: str) -> None:
    assert is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    ["What is the notice period?", "Is there a dress code in the office?", "Which form reports a lost badge?"],
)
def test_a_question_that_stands_alone_is_none(question: str) -> None:
    assert not is_follow_up(question)


def test_a_follow_up_is_put_behind_the_question_it_leans_on() -> None:
    messages = talk("How many days of leave do I get?", "27 days.", "And for part-timers?")
    assert standalone_question(messages, 6) == "How many days of leave do I get? And for part-timers?"


def test_a_chain_of_follow_ups_reaches_the_question_they_are_about() -> None:
    messages = talk("How many days of leave do I get?", "27.", "And for part-timers?", "Fewer.", "And for interns?")
    expected = "How many days of leave do I get? And for part-timers? And for interns?"
    assert standalone_question(messages, 6) == expected


def test_a_new_topic_stands_alone() -> None:
    messages = talk("How many days of leave do I get?", "27.", "What is the per diem for a trip to Lisbon?")
    assert standalone_question(messages, 6) == "What is the per diem for a trip to Lisbon?"


def test_only_the_configured_turns_are_read() -> None:
    messages = talk("How many days of leave do I get?", "27.", "Thanks.", "You are welcome.", "And for interns?")
    assert "leave" not in standalone_question(messages, 2)
