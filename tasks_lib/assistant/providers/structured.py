"""Replies that are JSON of a given shape, where the provider can make a model write nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haystack.components.generators.chat.types import ChatGenerator
from haystack.dataclasses import ChatMessage

OUTPUT_SCHEMA = "output_schema"
"""The generation parameter of our vocabulary that holds an :class:`OutputSchema`."""


@dataclass(frozen=True)
class OutputSchema:
    """A JSON Schema with its name; two with the same text are the same.

    Providers differ in what they accept of JSON Schema: keep to objects without further properties whose properties
    are all required, arrays, and `enum`, and check bounds and lengths in the reply.
    """

    name: str
    text: str

    @classmethod
    def of_object(cls, name: str, properties: Mapping[str, Any]) -> "OutputSchema":
        """An object with exactly these properties, written in this order."""
        return cls(name, json.dumps(object_with(properties)))

    def as_dict(self) -> dict[str, Any]:
        """The JSON Schema."""
        schema: dict[str, Any] = json.loads(self.text)
        return schema


def object_with(properties: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def ask_for(generator: ChatGenerator, messages: Sequence[ChatMessage], schema: OutputSchema) -> ChatMessage:
    """The first reply, held to `schema` where generator and provider can; say in `messages` what is wanted as well."""
    shaping: dict[str, Any] = {}
    if getattr(generator, "takes_output_schema", False):
        shaping = {"generation_kwargs": {OUTPUT_SCHEMA: schema}}
    replies: list[ChatMessage] = generator.run(list(messages), **shaping)["replies"]
    return replies[0]


def json_object(text: str) -> dict[str, Any]:
    """The JSON object of a reply, whatever stands around it.

    :raises ValueError: If there is none.
    """
    first, last = text.find("{"), text.rfind("}")
    try:
        parsed = json.loads(text[first : last + 1]) if first >= 0 else None
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        msg = f"no JSON object in {text[:200]!r}"
        raise ValueError(msg)  # noqa: TRY004  (the text is wrong, not its type)
    return parsed
