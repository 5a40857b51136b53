"""Markdown from the code: tables, docstrings, fields of pydantic models."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; line ends and pipes of a cell do not break it."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    cells = ([" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def first_line(thing: Any) -> str:
    """The summary of a docstring; double backticks and roles read as in Markdown."""
    return plain(" ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()))


def plain(docstring: str) -> str:
    """A docstring as Markdown: `:param name:` becomes an item of a list, roles lose their name."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", docstring).replace("``", "`")
    text = re.sub(r"^:(returns?):", r"- *\1*:", text, flags=re.MULTILINE)
    text = re.sub(r"^:(\w+) (\w+):", r"- *\1* `\2`:", text, flags=re.MULTILINE)
    return re.sub(r"\n(?=- )", "\n\n", text, count=1)


def code(value: Any) -> str:
    """A value as YAML would show it; nothing is a dash."""
    if value in (None, "", [], {}, ()):
        return "–"
    value = list(value) if isinstance(value, tuple) else value
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def shape(schema: dict[str, Any]) -> str:
    """The type of a JSON Schema, as people read it."""
    if "anyOf" in schema:
        return " or ".join(shape(choice) for choice in schema["anyOf"] if choice != {"type": "null"})
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {shape(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"mapping to {shape(schema['additionalProperties'])}"
    return {"object": "mapping", "": "any"}.get(schema.get("type", ""), str(schema.get("type")))


def limits(schema: dict[str, Any]) -> str:
    """The bounds of a number, in brackets."""
    numbers = [schema, *schema.get("anyOf", [])]
    found = [f"{sign} {number[key]:g}" for number in numbers for key, sign in LIMITS.items() if key in number]
    return f" ({', '.join(found)})" if found else ""


def is_section(annotation: Any) -> bool:
    """Whether a field of the configuration is a model with a table of its own."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def fields(model: type[BaseModel], prefix: str = "") -> str:
    """The fields of a model that are no sections."""
    properties = model.model_json_schema()["properties"]
    rows = []
    for name, info in model.model_fields.items():
        if is_section(info.annotation):
            continue
        schema = properties[name]
        default = "required" if info.is_required() else code(info.get_default(call_default_factory=True))
        key = f"{prefix}.{name}" if prefix else name
        meaning = info.description or info.title or ""
        rows.append([f"`{key}`", shape(schema), default, meaning + limits(schema)])
    return table(["key", "type", "default", "meaning"], rows) if rows else ""
