"""How a block reads as a form in Prefect's UI, which is made from its JSON Schema."""

import inspect
from typing import Any

from pydantic import BaseModel


def as_form(block: type[BaseModel], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of `block` with its own fields before inherited ones, and with one input for an optional field.

    Pydantic lists inherited fields first, and the UI would show two tabs, `string` and `null`, for an optional text.
    """
    properties: dict[str, Any] = schema.get("properties", {})
    own_first = dict.fromkeys(name for kind in block.__mro__ for name in inspect.get_annotations(kind))
    shown = [name for name in own_first if name in properties]
    ordered = {name: _one_input(properties[name]) | {"position": position} for position, name in enumerate(shown)}
    return schema | {"properties": ordered}


def without_empty_texts(block: type[BaseModel], given: Any) -> Any:
    """What a form sends, without the optional fields that were left empty: the UI sends them as empty texts."""
    if not isinstance(given, dict):
        return given
    optional = {name for name, field in block.model_fields.items() if field.default is None}
    return {name: value for name, value in given.items() if not (value == "" and name in optional)}


def _one_input(shown: dict[str, Any]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [choice for choice in shown.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return shown
    rest = {name: value for name, value in shown.items() if name not in {"anyOf", "default"}}
    return choices[0] | rest
