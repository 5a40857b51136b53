"""The request of the Responses API: what is taken, and what is refused by name."""

from typing import Any

import pytest
from pydantic import ValidationError

from serving.responses.request import ResponseRequest

ASKED = "How long is leave?"
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "Sunny"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}


def request_of(given: Any = ASKED, **fields: Any) -> ResponseRequest:
    return ResponseRequest.model_validate({"model": "m", "input": given, **fields})


def message(text: str, role: str = "user", kind: str = "input_text") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


@pytest.mark.parametrize(
    "given", [ASKED, [{"role": "user", "content": ASKED}], [message(ASKED)], [CALL, RESULT, REASONING, message(ASKED)]]
)
def test_a_question_is_taken_in_any_of_its_shapes(given: Any) -> None:
    assert request_of(given).turns() == [{"role": "user", "content": ASKED}]


def test_a_conversation_is_its_messages() -> None:
    given = [message("Hello"), message("Good day.", "assistant", "output_text"), message(ASKED)]
    assert [turn["content"] for turn in request_of(given).turns()] == ["Hello", "Good day.", ASKED]


@pytest.mark.parametrize(
    ("given", "fields", "said"),
    [
        (ASKED, {"previous_response_id": "resp_1"}, "keeps no responses"),
        (ASKED, {"conversation": "conv_1"}, "keeps no responses"),
        (ASKED, {"background": True}, "while the client waits"),
        (ASKED, {"prompt": {"id": "pmpt_1"}}, "the prompt is the version's own"),
        (ASKED, {"tool_choice": "required"}, "calls no tools"),
        (ASKED, {"top_logprobs": 2}, "no probabilities"),
        (ASKED, {"max_output_tokens": 0}, "greater than or equal to 1"),
        (ASKED, {"metadata": {str(number): "" for number in range(17)}}, "at most 16"),
        ([message(ASKED), RESULT], {}, "ends with an item of the type 'function_call_output'"),
        ([message("Hi"), message("x", "assistant", "output_text")], {}, "must be the user's"),
        ([{"role": "user", "content": [{"type": "input_image"}]}], {}, "part of the type 'input_image'"),
        ([], {}, "at least 1 item"),
        (" ", {}, "the last message is empty"),
    ],
)
def test_what_would_be_answered_wrongly_is_refused(given: Any, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        request_of(given, **fields)


def test_how_a_model_should_write_is_named_as_ignored() -> None:
    request = request_of(instructions="Be brief.", temperature=0.0, tools=[{"type": "file_search"}], user=None)
    assert request.ignored() == ["instructions", "temperature", "tools"]
