"""Conditions as people write them, `document=guides/*` or `modified>=2026-01-01`, as Haystack's metadata filters."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from tasks_lib.assistant.contract.index import Index, shown_documents
from tasks_lib.errors import InputError

_CONDITION = re.compile(r"\s*([\w.]+)\s*(!=|>=|<=|=|>|<)\s*(.*\S)\s*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_HINT = "Write it as field=value, with one of =, !=, >, >=, <, <=; document and source take * and ?."
MOST_CONDITIONS = 20
LONGEST_CONDITION = 500
"""Characters."""
PATTERNED = ("document", "source")
"""Fields whose values may have wildcards."""


def where_filters(conditions: Sequence[str], index: Index, filters: dict[str, Any] | None = None) -> dict[str, Any]:
    """Filters that hold where each of `conditions` holds, and `filters` too.

    :raises InputError: If there are too many, one cannot be read, or no document of the index matches its pattern.
    """
    if len(conditions) > MOST_CONDITIONS:
        raise InputError(f"there are {len(conditions)} conditions; at most {MOST_CONDITIONS} are read", hint=_HINT)
    parts = [_condition(text, index, shown=not filters) for text in conditions]
    return {"operator": "AND", "conditions": [*([filters] if filters else []), *parts]}


def field_of(condition: str) -> str:
    """The field that a condition is about.

    :raises InputError: If it cannot be read.
    """
    return _parts(condition)[0]


def _parts(text: str) -> tuple[str, str, str]:
    match = _CONDITION.fullmatch(text[: LONGEST_CONDITION + 1])
    if match is None or len(text) > LONGEST_CONDITION:
        raise InputError(f"{text[:LONGEST_CONDITION]!r} is no condition", hint=_HINT)
    field, operator, value = match.groups()
    return field, operator, value


def _condition(text: str, index: Index, *, shown: bool) -> dict[str, Any]:
    field, operator, value = _parts(text)
    if any(wildcard in value for wildcard in "*?"):
        return _pattern(text, index, shown=shown)
    operator = "==" if operator == "=" else operator
    given = float(value) if "." in value and _NUMBER.fullmatch(value) else value
    given = int(value) if re.fullmatch(r"-?\d+", value) else given
    return {"field": f"meta.{field}", "operator": operator, "value": given}


def _pattern(text: str, index: Index, *, shown: bool) -> dict[str, Any]:
    """Wildcards are resolved here: no store knows them.

    :param shown: Whether a message may name documents of the index.
    """
    field, operator, value = _parts(text)
    if field not in PATTERNED or operator not in {"=", "!="}:
        raise InputError(f"{text!r} has a wildcard, which only {' and '.join(PATTERNED)} take", hint=_HINT)
    names = _shown_names(index, field)
    matching = sorted({name for name in names if fnmatchcase(name, value)})
    if not matching:
        such = f" of the {len(names)} in the index, such as {', '.join(sorted(names)[:3])}" if shown and names else ""
        raise InputError(f"{text!r} matches none{such}", hint=_HINT)
    return {"field": f"meta.{field}", "operator": "in" if operator == "=" else "not in", "value": matching}


def _shown_names(index: Index, field: str) -> list[str]:
    """Sources or paths of the documents that the caller may see."""
    shown = shown_documents(index)
    return list(dict.fromkeys(source for source, _ in shown)) if field == "source" else [name for _, name in shown]
