"""Which conversations are accepted, and what follow-ups lean on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    assert standalone_question(messages, 6) == "How many days of leave do I get? And for interns?"
    messages = talk("What is a badge?", "A card.", "How do I get it?", "At the desk.", "And how do I return it?")
    expected = "What is a badge? How do I get it? And how do I return it?"
    assert standalone_question(messages, 6) == expected


THINGS = st.sampled_from(["the badge", "a sync window", "the expense report", "my laptop", "the admin account"])
CASES = st.sampled_from(["interns", "managers in Leeds", "trips to Spain", "new employees", "contractors abroad"])
STANDING = st.builds(
    str.format,
    st.sampled_from(["How do I replace {}?", "What is the limit of {}?", "Who approves {} for visitors?"]),
    THINGS,
)
ELLIPSES = st.builds(
    str.format,
    st.sampled_from(["And for {}?", "What about {}?", "How about {}?", "And {}?", "Even for {}?", "Ok. And with {}?"]),
    CASES,
)
PRONOUNS = st.sampled_from(
    [
        "How long is it valid?",
        "And how do I reset its password?",
        "Who pays for that?",
        "Thanks! When does it end?",
        "What does the other one do?",
        "Does it work there as well?",
        "Why?",
        "Why not?",
        "Since when?",
    ]
)
NEW_TOPICS = st.sampled_from(
    [
        "Is it possible to carry over unused leave?",
        "How do employees announce their parental leave?",
        "How long does it take to approve a request?",
        "How does the controller store its state?",
        "In which month is the bonus paid?",
        "Is there a dress code in the office?",
    ]
)
COURTESY = st.sampled_from(["Thanks!", "Thank you", "Hello"])


@given(STANDING, st.lists(ELLIPSES, min_size=1, max_size=3))
def test_of_several_cases_the_last_one_is_asked_about(question: str, cases: list[str]) -> None:
    turns = [text for case in [question, *cases] for text in (case, "Yes.")][:-1]
    assert standalone_question(talk(*turns), 10) == f"{question} {cases[-1]}"


@given(STANDING, PRONOUNS, PRONOUNS)
def test_pronouns_reach_the_question_that_names_the_thing(question: str, first: str, then: str) -> None:
    assert standalone_question(talk(question, "Yes.", first), 10) == f"{question} {first}"
    assert standalone_question(talk(question, "Yes.", first, "Yes.", then), 10) == f"{question} {first} {then}"


@given(STANDING, COURTESY, st.one_of(PRONOUNS, ELLIPSES))
def test_thanks_between_two_questions_are_passed_over(question: str, thanks: str, follow_up: str) -> None:
    messages = talk(question, "Yes.", thanks, "You are welcome.", follow_up)
    assert standalone_question(messages, 10) == f"{question} {follow_up}"


@given(STANDING, NEW_TOPICS)
def test_a_question_that_names_what_it_is_about_takes_nothing_from_before(question: str, other: str) -> None:
    assert standalone_question(talk(question, "Yes.", other), 10) == other


def test_a_new_topic_stands_alone() -> None:
    messages = talk("How many days of leave do I get?", "27.", "What is the per diem for a trip to Lisbon?")
    assert standalone_question(messages, 6) == "What is the per diem for a trip to Lisbon?"


def test_only_the_configured_turns_are_read() -> None:
    messages = talk("How many days of leave do I get?", "27.", "Thanks.", "You are welcome.", "And for interns?")
    assert "leave" not in standalone_question(messages, 2)
