"""Figures about the metadata of many documents, as Haystack's document stores give them; pure functions."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

Metadata = Iterable[dict[str, Any]]


def meta_key(field: str) -> str:
    """The metadata key that `field` names, with or without the prefix `meta.`."""
    return field.removeprefix("meta.")


def fields_info(metadata: Metadata) -> dict[str, dict[str, str]]:
    """Key → type: `boolean`, `int`, `float` or `keyword`; keys that are always `None` are left out."""
    types = {key: _type_name(value) for meta in metadata for key, value in meta.items() if value is not None}
    return {key: {"type": name} for key, name in types.items()}


def min_max(metadata: Metadata, field: str) -> dict[str, Any]:
    """Smallest and largest value of `field`; `None` for both if there is none, or the types do not compare."""
    values = [value for value in _values(metadata, field) if isinstance(value, (int, float, str))]
    try:
        return {"min": min(values, default=None), "max": max(values, default=None)}
    except TypeError:
        return {"min": None, "max": None}


def count_unique(metadata: Metadata, fields: list[str]) -> dict[str, int]:
    """Field (without prefix) → number of different values."""
    seen: dict[str, set[tuple[str, str]]] = {meta_key(field): set() for field in fields}
    for meta in metadata:
        for key, values in seen.items():
            if meta.get(key) is not None:
                values.add(_identity(meta[key]))
    return {key: len(values) for key, values in seen.items()}


def unique_values(
    metadata: Metadata, field: str, search_term: str | None, from_: int, size: int
) -> tuple[list[Any], int]:
    """One page of the different values of `field` that contain `search_term`, and how many there are in all.

    Values of different types are different (`1`, `1.0`, `"1"` and `True` are four); the order is that of their texts.
    """
    values = {_identity(value): value for value in _values(metadata, field)}
    if search_term:
        values = {key: value for key, value in values.items() if search_term.lower() in str(value).lower()}
    ordered = sorted(values.items(), key=lambda item: (str(item[1]), item[0]))
    return [value for _, value in ordered[from_ : from_ + size]], len(ordered)


def _values(metadata: Metadata, field: str) -> Iterator[Any]:
    key = meta_key(field)
    return (meta[key] for meta in metadata if meta.get(key) is not None)


def _identity(value: Any) -> tuple[str, str]:
    return type(value).__name__, json.dumps(value, sort_keys=True)


def _type_name(value: Any) -> str:
    names = {bool: "boolean", int: "int", float: "float"}
    return names.get(type(value), "keyword")
