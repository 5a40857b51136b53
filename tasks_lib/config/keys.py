"""Dotted keys: nesting them, and saying which valid one a wrong one is nearest to."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails


def nest(key: str, value: Any) -> dict[str, Any]:
    """`("a.b", 1)` → `{"a": {"b": 1}}`."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def dotted_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key of a configuration model, sections before their keys."""
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        yield key
        for candidate in (info.annotation, *get_args(info.annotation)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                yield from dotted_keys(candidate, f"{key}.")


def nearest(key: str, model: type[BaseModel]) -> str | None:
    """The valid key that `key` most resembles: first among its siblings, then anywhere."""
    keys = list(dotted_keys(model))
    parent = key.rpartition(".")[0]
    siblings = [candidate for candidate in keys if candidate.rpartition(".")[0] == parent]
    leaves = {candidate.rpartition(".")[2]: candidate for candidate in reversed(keys)}
    matches = get_close_matches(key, siblings, n=1, cutoff=0.5) or get_close_matches(key, keys, n=1, cutoff=0.6)
    if matches:
        return matches[0]
    leaf = get_close_matches(key.rpartition(".")[2], leaves, n=1, cutoff=0.75)
    return leaves[leaf[0]] if leaf else None


_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+(?=@)")


def describe(problem: Mapping[str, Any] | ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """A validation problem as (message, hint)."""
    key = ".".join(str(part) for part in problem["loc"]) or "configuration"
    if problem["type"] == "extra_forbidden":
        match = nearest(key, model)
        return f"unknown key {key!r}", f"Did you mean {match!r}?" if match else ""
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "value_error" and isinstance(problem["input"], Mapping):  # said of several keys, with values
        return f"{key}: {message}", ""
    value = _CREDENTIALS.sub("***", repr(problem["input"]))
    shown = value if len(value) <= 80 else f"{value[:77]}…"
    return f"{key}: {message} (got {shown})", ""
