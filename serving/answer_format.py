"""The form of an answer that a request asks for, and whether the version in production keeps to it."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.openai import OpenAIError

ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated"})
"""Keywords of JSON Schema that forbid nothing."""
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords whose own keys are names, not keywords."""


class NamedSchema(BaseModel):
    """A JSON Schema as OpenAI's requests hold it."""

    model_config = ConfigDict(extra="ignore")

    schema_: dict[str, Any] | None = Field(default=None, alias="schema")


class AnswerFormat(BaseModel):
    """`response_format` of a chat completion, `text.format` of a response: there the schema is one level higher."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    json_schema: NamedSchema | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")

    @property
    def is_text(self) -> bool:
        """Whether any answer has this form."""
        return self.type == "text"

    def told(self) -> dict[str, Any]:
        """As a response tells it."""
        return self.model_dump(by_alias=True, exclude_none=True)

    @property
    def schema_asked(self) -> dict[str, Any] | None:
        """The JSON Schema, if one is given."""
        return self.json_schema.schema_ if self.json_schema else self.schema_


def require_format(asked: AnswerFormat, kept: Mapping[str, Any] | None, param: str) -> None:
    """Require that answers have the form that is asked for.

    :param kept: The JSON Schema that the version's guardrail holds every answer to.
    :param param: The field that asks.
    :raises OpenAIError: 400 if they have not.
    """
    if asked.is_text:
        return
    if kept is None:
        raise _refusal(param, f"the version in production answers in text, not as {asked.type!r}")
    if asked.type == "json_object":
        if kept.get("type") != "object":
            raise _refusal(param, "the version in production answers in JSON by a schema that is not an object's")
        return
    if asked.schema_asked is None:
        raise _refusal(param, "it has no schema")
    if bare(asked.schema_asked) != bare(kept):
        raise _refusal(
            param, "the version in production answers by another JSON Schema, the one in guardrails.output_schema"
        )


def bare(schema: Any) -> Any:
    """A JSON Schema without what forbids nothing, to compare two."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    told = {name: value for name, value in schema.items() if name not in ANNOTATIONS}
    return {name: _bare_value(name, value) for name, value in told.items()}


def _bare_value(keyword: str, value: Any) -> Any:
    if keyword in _NAMED and isinstance(value, Mapping):
        return {name: bare(part) for name, part in value.items()}
    if keyword == "required" and isinstance(value, list):
        return sorted(map(str, value))
    return value if keyword in {"enum", "const"} else bare(value)


def _refusal(param: str, why: str) -> OpenAIError:
    return OpenAIError(400, f"{param}: {why}.", code="unsupported_value", param=param)
