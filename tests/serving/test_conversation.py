"""What of a history reaches the assistant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.conversation import MOST_MESSAGES, Turn, conversation
from tasks_lib.assistant.contract.answer import LONGEST_QUESTION

contents = st.sampled_from(["", " ", "How long?", "x" * LONGEST_QUESTION, "x" * (LONGEST_QUESTION + 1)])
turns = st.builds(
    lambda role, content: Turn(role=role, content=content), st.sampled_from(["user", "assistant"]), contents
)
system = st.builds(lambda content: Turn(role="system", content=content), st.sampled_from(["", "Be brief."]))
QUESTION = Turn(role="user", content="And now?")


@given(st.lists(turns | system, max_size=12), st.integers(0, 300))
def test_no_history_keeps_a_question_from_its_answer(history: list[Turn], times: int) -> None:
    talk = [Turn(role="user", content=f"q{number}") for number in range(times)]
    given_ = [*history, *talk, QUESTION]
    kept = conversation(given_)
    assert len(kept) <= MOST_MESSAGES
    assert kept[-1] == QUESTION
    assert all(0 < len(turn["content"].strip()) <= LONGEST_QUESTION for turn in kept)
    readable = [t for t in given_ if t["content"].strip() and len(t["content"]) <= LONGEST_QUESTION]
    assert [t for t in kept if t["role"] == "system"] == [t for t in readable if t["role"] == "system"]
    rest = [t for t in readable if t["role"] != "system"]
    said = [t for t in kept if t["role"] != "system"]
    assert said == rest[len(rest) - len(said) :]  # the newest
    assert len(kept) == min(len(readable), MOST_MESSAGES)


@given(st.integers(200, 500))
def test_of_system_messages_alone_the_oldest_go(count: int) -> None:
    given_ = [Turn(role="system", content=f"s{number}") for number in range(count)]
    kept = conversation([*given_, QUESTION])
    assert kept == [*given_[count - MOST_MESSAGES + 1 :], QUESTION]


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ([], "there are no messages"),
        ([Turn(role="assistant", content="x")], "must be the user's, not the assistant's"),
        ([Turn(role="user", content=" ")], "the last message is empty"),
        ([Turn(role="user", content="x" * 20_001)], "the last message has 20,001 characters; at most 20,000"),
        ([Turn(role="system", content="x" * 30_600), QUESTION], "the system message has 30,600 characters"),
    ],
)
def test_what_cannot_be_answered_is_told(given_: list[Turn], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        conversation(given_)
