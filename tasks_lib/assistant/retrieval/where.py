"""Conditions as people write them, `document=guides/*` or `modified>=2026-01-01`, as Haystack's metadata filters."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from tasks_lib.assistant.contract.index import Index
from tasks_lib.errors import InputError

_CONDITION = re.compile(r"\s*([\w.]+)\s*(!=|>=|<=|=|>|<)\s*(.*\S)\s*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_HINT = "Write it as field=value, with one of =, !=, >, >=, <, <=; document and source take * and ?."
PATTERNED = ("document", "source")
"""Fields whose values may have wildcards."""


def where_filters(conditions: Sequence[str], index: Index, filters: dict[str, Any] | None = None) -> dict[str, Any]:
    """Filters that hold where each of `conditions` holds, and `filters` too.

    :raises InputError: If a condition cannot be read, or no document of the index matches its pattern.
    """
    parts = [_condition(text, index) for text in conditions]
    return {"operator": "AND", "conditions": [*([filters] if filters else []), *parts]}


def _condition(text: str, index: Index) -> dict[str, Any]:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is no condition", hint=_HINT)
    field, operator, value = match.groups()
    if any(wildcard in value for wildcard in "*?"):
        return _pattern(text, field, operator, value, index)
    operator = "==" if operator == "=" else operator
    given = float(value) if "." in value and _NUMBER.fullmatch(value) else value
    given = int(value) if re.fullmatch(r"-?\d+", value) else given
    return {"field": f"meta.{field}", "operator": operator, "value": given}


def _pattern(text: str, field: str, operator: str, value: str, index: Index) -> dict[str, Any]:
    """Wildcards are resolved here: no store knows them."""
    if field not in PATTERNED or operator not in {"=", "!="}:
        raise InputError(f"{text!r} has a wildcard, which only {' and '.join(PATTERNED)} take", hint=_HINT)
    sources = index.info().sources
    names = sources if field == "source" else [name for source in sources for name in index.manifest(source)]
    matching = sorted({name for name in names if fnmatchcase(name, value)})
    if not matching:
        shown = ", ".join(sorted(names)[:3]) or "none"
        raise InputError(f"{text!r} matches none of the {len(names)} in the index, such as {shown}", hint=_HINT)
    return {"field": f"meta.{field}", "operator": "in" if operator == "=" else "not in", "value": matching}
