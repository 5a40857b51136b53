"""Haystack metadata filters as SQL that LanceDB runs before it searches.

The meaning is that of `haystack.utils.filters.document_matches_filter`, with two exceptions that a store has to make:
a document whose value cannot be compared with the filter's (a text with a number) does not match, instead of failing
the whole query; and texts are ordered only if they are complete ISO 8601 dates. Integers in metadata beyond 2**53 are
ordered as doubles.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from haystack.errors import FilterError

from tasks_lib.assistant.stores.lancedb.schema import INTEGER_COLUMNS, TEXT_COLUMNS, TYPED_COLUMNS, fits_column
from tasks_lib.assistant.stores.lancedb.terms import NUMBER, as_float, key, moment, plain, present_term, sought_terms

_LOGICAL = ("AND", "OR", "NOT")
_ORDER = (">", ">=", "<", "<=")
_OWN_COLUMNS = ("id", "content")
_NOT_FILTERABLE = ("blob", "embedding", "meta", "score", "sparse_embedding")
_TRUE, _FALSE = "(1 = 1)", "(1 = 0)"
_DEEPEST = 8  # LanceDB's SQL parser gives up between 40 and 48 nested brackets, and one level here needs up to four


@dataclass(frozen=True)
class _Field:
    """What is compared: metadata at `path` (in its typed `column`, else by terms), or a document's own column."""

    path: str | None
    column: str | None

    def holds(self, value: Any) -> bool:
        """Whether the column can hold what equals `value`."""
        return isinstance(value, str) if self.path is None else fits_column(self.path, _whole(value))


def to_sql(filters: dict[str, Any] | None) -> str | None:
    """The condition that `filters` stand for; `None` if they let everything through.

    :raises FilterError: If the filters are malformed, or nested too deeply for the SQL parser.
    """
    return _condition(filters, 0) if filters else None


def literal(text: str) -> str:
    """An SQL string literal; LanceDB knows no escapes but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def is_one_of(column: str, values: Iterable[str]) -> str:
    """The condition that the text in `column` is one of `values`, of which there must be one."""
    return f"{column} IN ({', '.join(literal(value) for value in values)})"


def _condition(node: Any, depth: int) -> str:
    if not isinstance(node, dict):
        raise FilterError(f"a filter is a dictionary, not {node!r}")
    if depth > _DEEPEST:
        raise FilterError(f"filters are nested more than {_DEEPEST} levels deep")
    return _comparison(node) if "field" in node else _logical(node, depth)


def _logical(node: dict[str, Any], depth: int) -> str:
    operator = _required(node, "operator")
    if operator not in _LOGICAL:
        raise FilterError(f"unknown logical operator {operator!r}: use one of {', '.join(_LOGICAL)}")
    conditions = _required(node, "conditions")
    if not isinstance(conditions, list):
        raise FilterError(f"'conditions' is a list, not {conditions!r}")
    parts = [_condition(condition, depth + 1) for condition in conditions]
    if operator == "OR":
        return _any(parts)
    return _not(_all(parts)) if operator == "NOT" else _all(parts)


def _comparison(node: dict[str, Any]) -> str:
    operator, value = _required(node, "operator"), plain(_required(node, "value"))
    field = _field(node["field"])
    if operator in _ORDER:
        return _ordered(field, operator, value)
    if operator in ("==", "!="):
        condition = _equals_any(field, [value])
        return _not(condition) if operator == "!=" else condition
    if operator in ("in", "not in"):
        if not isinstance(node["value"], list):
            raise FilterError(f"operator {operator!r} needs a list, not {node['value']!r}")
        condition = _equals_any(field, value)
        return _not(condition) if operator == "not in" else condition
    raise FilterError(f"unknown comparison operator {operator!r}: use one of ==, !=, >, >=, <, <=, in, not in")


def _required(node: dict[str, Any], name: str) -> Any:
    if name not in node:
        raise FilterError(f"{name!r} is missing in {node!r}")
    return node[name]


def _field(name: Any) -> _Field:
    if not isinstance(name, str):
        raise FilterError(f"'field' is a text, not {name!r}")
    if name in _OWN_COLUMNS:
        return _Field(None, name)
    if name.split(".")[0] in _NOT_FILTERABLE and not name.startswith("meta."):
        raise FilterError(f"documents cannot be filtered by {name!r}: use id, content or meta.<key>")
    path = name.removeprefix("meta.")
    return _Field(path, TYPED_COLUMNS.get(path))


def _equals_any(field: _Field, values: list[Any]) -> str:
    """The field equals one of `values`."""
    parts = [_is_null(field)] if None in values else []
    held = dict.fromkeys(_column_literal(field, value) for value in values if field.holds(value))
    if held:
        parts.append(f"{field.column} IN ({', '.join(held)})")
    terms = dict.fromkeys(term for value in values if value is not None for term in _terms_beside(field, value))
    if terms:
        parts.append(f"array_has_any(terms, [{', '.join(literal(term) for term in terms)}])")
    return _any(parts)


def _column_literal(field: _Field, value: Any) -> str:
    return str(_whole(value)) if field.path in INTEGER_COLUMNS else literal(value)


def _terms_beside(field: _Field, value: Any) -> Iterable[str]:
    """Terms to look for beside the column; a text that is no date can only be in the column."""
    if field.path is None or (field.path in TEXT_COLUMNS and isinstance(value, str) and moment(value) is None):
        return ()
    try:
        return list(sought_terms(field.path, value))
    except TypeError as error:
        raise FilterError(f"filters compare JSON values and dates, not {value!r}") from error


def _is_null(field: _Field) -> str:
    parts = [f"{field.column} IS NULL"] if field.column else []
    if field.path is not None:
        parts.append(_not(f"array_has(terms, {literal(present_term(field.path))})"))
    return _all(parts)


def _ordered(field: _Field, operator: str, value: Any) -> str:
    if value is None:
        return _FALSE
    if field.path is None or not isinstance(value, (int, float, str)):
        raise FilterError(f"operator {operator!r} compares numbers and ISO dates in metadata, not with {value!r}")
    if isinstance(value, str):
        date = moment(value)
        if date is None:
            raise FilterError(f"operator {operator!r} compares numbers and ISO dates, not the text {value!r}")
        return _any([_order(field.path, kind, operator, number) for kind, number in date.sought().items()])
    if math.isnan(value):
        return _FALSE
    parts = [_order(field.path, NUMBER, operator, value)]
    if field.path in INTEGER_COLUMNS:
        whole = _whole(value)
        is_exact = field.holds(value)
        column = field.column if is_exact else f"CAST({field.column} AS DOUBLE)"
        parts.append(f"{column} {operator} {whole if is_exact else _double(value)}")
    return _any(parts)


def _order(path: str, kind: str, operator: str, value: float) -> str:
    position = f"array_position(number_keys, {literal(key(path, kind))})"
    return f"number_values[CAST({position} AS BIGINT)] {operator} {_double(value)}"


def _whole(value: Any) -> Any:
    """An integer column equals a number of whatever type."""
    is_whole = isinstance(value, (bool, float)) and math.isfinite(value) and value == int(value)
    return int(value) if is_whole else value


def _double(value: float) -> str:
    return f"CAST('{as_float(value)!r}' AS DOUBLE)"


def _all(parts: list[str]) -> str:
    return f"({' AND '.join(parts)})" if parts else _TRUE


def _any(parts: list[str]) -> str:
    return f"({' OR '.join(parts)})" if parts else _FALSE


def _not(part: str) -> str:
    """Unlike SQL's NOT, true where `part` is unknown because a value is missing."""
    return f"({part} IS NOT TRUE)"
