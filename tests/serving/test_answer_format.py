"""Which form of an answer may be asked for."""

from typing import Any

import pytest
from pydantic import BaseModel

from serving.answer_format import AnswerFormat, bare, require_format
from serving.openai import OpenAIError

KEPT = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["days", "title"],
}


class Leave(BaseModel):
    """As a user of the official client writes it."""

    title: str
    days: int


def schema_format(schema: dict[str, Any]) -> AnswerFormat:
    return AnswerFormat.model_validate({"type": "json_schema", "json_schema": {"name": "leave", "schema": schema}})


def test_the_schema_that_the_version_keeps_to_may_be_asked_for_whatever_its_titles() -> None:
    require_format(schema_format(Leave.model_json_schema()), KEPT, "response_format")
    require_format(AnswerFormat(type="json_object"), KEPT, "response_format")
    require_format(AnswerFormat(type="text"), None, "response_format")
    responses = AnswerFormat.model_validate({"type": "json_schema", "name": "leave", "schema": KEPT})
    require_format(responses, Leave.model_json_schema(), "text.format")


@pytest.mark.parametrize(
    ("asked", "kept", "said"),
    [
        (AnswerFormat(type="json_object"), None, "answers in text, not as 'json_object'"),
        (schema_format(KEPT), None, "answers in text, not as 'json_schema'"),
        (schema_format({**KEPT, "required": []}), KEPT, "another JSON Schema"),
        (schema_format({**KEPT, "properties": {"days": {"type": "integer"}}}), KEPT, "another JSON Schema"),
        (AnswerFormat(type="json_schema"), KEPT, "has no schema"),
        (AnswerFormat(type="json_object"), {"type": "array"}, "not an object's"),
    ],
)
def test_any_other_form_is_refused_by_name(asked: AnswerFormat, kept: Any, said: str) -> None:
    with pytest.raises(OpenAIError, match=said) as refused:
        require_format(asked, kept, "response_format")
    assert (refused.value.status_code, refused.value.param) == (400, "response_format")


def test_a_property_may_be_called_like_a_keyword() -> None:
    assert "title" in bare(KEPT)["properties"]
    assert bare({"title": "Leave", "enum": [{"title": 1}]}) == {"enum": [{"title": 1}]}
