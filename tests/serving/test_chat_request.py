"""OpenAI's request: what is taken, refused with a sentence, or ignored."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from serving.chat_request import ChatRequest
from serving.shapes import FeedbackRequest, PredictRequest

ASKED = "How many days of annual leave do full-time employees get?"


def request_of(*before: dict[str, Any], last: Any = ASKED, **fields: Any) -> ChatRequest:
    return ChatRequest.model_validate(
        {"model": "m", "messages": [*before, {"role": "user", "content": last}], **fields}
    )


def refusal_of(*before: dict[str, Any], **fields: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        request_of(*before, **fields)
    return str(refused.value.errors()[0]["msg"])


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
words = st.text("ab \n", min_size=1, max_size=6)
texts = st.builds(lambda text: {"type": "text", "text": text}, words)
others = st.sampled_from([IMAGE, {"type": "input_audio"}, {"type": "file"}, {"type": "refusal", "refusal": "No."}])
earlier = st.one_of(
    st.builds(lambda content: {"role": "user", "content": content}, words | st.lists(texts | others, max_size=3)),
    st.builds(
        lambda content, calls: {"role": "assistant", "content": content, "tool_calls": calls},
        st.none() | words | st.lists(texts | others, max_size=2),
        st.none() | st.just([CALL]),
    ),
    st.builds(lambda content: {"role": "tool", "tool_call_id": "c1", "content": content}, words | st.lists(texts)),
    st.builds(lambda content: {"role": "function", "name": "f", "content": content}, st.none() | words),
    st.builds(
        lambda role, content: {"role": role, "content": content}, st.sampled_from(["system", "developer"]), words
    ),
)


@given(st.lists(earlier, max_size=8))
def test_any_history_of_a_client_is_taken_and_only_its_text_is_shown(history: list[dict[str, Any]]) -> None:
    turns = request_of(*history).turns()
    assert turns[-1] == {"role": "user", "content": ASKED}
    assert {turn["role"] for turn in turns} <= {"system", "user", "assistant"}
    assert all(turn["content"].strip() for turn in turns)
    assert "image" not in str(turns)


halves = st.text(st.characters(categories=["Cs", "L"]), min_size=1, max_size=6)


@given(halves, halves, halves, st.booleans())
def test_half_a_character_anywhere_in_a_request_reaches_nobody(asked: str, name: str, said: str, parts: bool) -> None:
    content: Any = [{"type": "text", "text": asked}, {"type": "text", "text": "?"}] if parts else asked
    request = request_of({"role": "assistant", "content": said}, last=content, stop=name, **{name: name})
    sent = [request.turns(), request.model, list(request.stops()), request.ignored()]
    predicted = PredictRequest.model_validate({"messages": [{"role": "user", "content": asked}], "assistant": name})
    feedback = FeedbackRequest.model_validate({"trace_id": name, "value": said, "comment": asked})
    for shown in (sent, predicted.turns(), predicted.assistant, feedback.model_dump()):
        json.dumps(shown, ensure_ascii=False).encode()


@given(st.lists(words, min_size=1, max_size=5))
def test_parts_are_one_text_whose_words_stay_apart(parts: list[str]) -> None:
    content = [{"type": "text", "text": part} for part in parts]
    (turn,) = request_of({"role": "user", "content": "x"}, last=[*content, {"type": "text", "text": "end"}]).turns()[1:]
    assert turn["content"].split() == [*" ".join(parts).split(), "end"]


def test_two_parts_of_a_question_are_the_question() -> None:
    parts = [{"type": "text", "text": "How do I report a lost"}, {"type": "text", "text": "laptop?"}]
    assert request_of(last=parts).turns() == [{"role": "user", "content": "How do I report a lost laptop?"}]


@pytest.mark.parametrize("last", [[IMAGE], [{"type": "text", "text": "What is this?"}, IMAGE]])
def test_a_question_with_a_picture_is_told_what_is_read(last: Any) -> None:
    assert "part of the type 'image_url': this endpoint reads text only" in refusal_of(last=last)


def test_a_tools_result_is_no_question() -> None:
    with pytest.raises(ValidationError, match="the last message is a tool's: this endpoint calls no tools"):
        ChatRequest.model_validate({"model": "m", "messages": [{"role": "tool", "content": "Sunny"}]})


NULLABLE = sorted(set(ChatRequest.model_fields) - {"model", "messages"} | {"seed", "tools", "user"})


@given(st.lists(st.sampled_from(NULLABLE), unique=True))
def test_null_is_as_left_out(names: list[str]) -> None:
    request = request_of(**dict.fromkeys(names))
    assert not request.stream
    assert (request.stops(), request.ignored()) == ((), [])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"n": 2}, "gives one answer"),
        ({"n": 0}, "gives one answer"),
        ({"tool_choice": "required"}, "calls no tools"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "calls no tools"),
        ({"top_logprobs": 2}, "no probabilities"),
        ({"audio": {"voice": "alloy", "format": "mp3"}}, "text only"),
        ({"web_search_options": {}}, "searches no web"),
        ({"max_tokens": 0}, "greater than or equal to 1"),
        ({"response_format": {"type": "xml"}}, "'json_schema'"),
        ({"logprobs": True}, "no probabilities"),
        ({"modalities": ["text", "audio"]}, "text only"),
    ],
)
def test_what_would_be_answered_wrongly_is_refused(fields: dict[str, Any], said: str) -> None:
    assert said in refusal_of(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 1},
        {"tool_choice": "auto"},
        {"tool_choice": "none"},
        {"response_format": {"type": "text"}},
        {"logprobs": False},
        {"modalities": ["text"]},
        {"stream_options": {"include_usage": None}},
    ],
)
def test_what_asks_for_what_is_given_is_taken(fields: dict[str, Any]) -> None:
    assert request_of(**fields).ignored() == []


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=20).filter(lambda name: name not in ChatRequest.model_fields), st.integers()
    )
)
def test_ignored_fields_are_named_as_a_header_can(extra: dict[str, int]) -> None:
    named = request_of(**{**extra, "temperature": 5}).ignored()
    assert len(named) <= 20
    assert ", ".join(named).isascii()
    assert ", ".join(named).isprintable()
    assert set(named) <= {*extra, "temperature"}


def test_content_that_is_no_text_is_told() -> None:
    assert "text, a list of parts or null, not int" in refusal_of({"role": "user", "content": 5})
