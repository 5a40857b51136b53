"""What of a document's metadata can be looked up: hashed terms for equality, numbers for order.

Metadata is arbitrary, columns are not. So beside the typed columns every value of a document's metadata becomes a
*term*, a hash of (kind, path, value), in one list column, and every number and date also a number under a hashed key.
A filter is then SQL over hashes: exact, indexable, and free of the user's text. Equality is Haystack's
(`document_matches_filter`): `1 == 1.0 == True`, and ISO dates are equal when they name the same moment.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ].*)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (wall-clock time: what naive and aware dates are compared by)
_MICROSECOND = timedelta(microseconds=1)

NUMBER, WALL, NAIVE, UTC = "number", "wall", "naive", "utc"
_PRESENT = "present"


@dataclass(frozen=True)
class Moment:
    """An ISO date in microseconds since 1970: as the clock on the wall shows it and, if its zone is known, in UTC."""

    wall: int
    utc: int | None

    def stored(self) -> dict[str, int]:
        """Kind → number, for a date that a document holds."""
        if self.utc is None:
            return {WALL: self.wall, NAIVE: self.wall}
        return {WALL: self.wall, UTC: self.utc}

    def sought(self) -> dict[str, int]:
        """Kind → number, any of which a stored date is compared with: a naive date borrows the zone of the other."""
        if self.utc is None:
            return {WALL: self.wall}
        return {UTC: self.utc, NAIVE: self.wall}


@dataclass
class Terms:
    """Terms and numbers of one document's metadata."""

    terms: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)

    def add(self, path: str, value: Any) -> None:
        """Make `value`, and what is nested in it, findable under its dotted path."""
        if value is None:
            return
        self.terms.append(present_term(path))
        self.terms.extend(_equality(path, value))
        if isinstance(value, (int, float)) and not math.isnan(value):
            self.numbers[key(path, NUMBER)] = as_float(value)
        elif isinstance(value, str):
            self.add_date(path, value)
        elif isinstance(value, dict):
            for name, inner in value.items():
                if "." not in name:
                    self.add(f"{path}.{name}", inner)

    def add_date(self, path: str, value: str) -> None:
        """Make a text findable as the date that it may be."""
        date = moment(value)
        for kind, number in date.stored().items() if date else ():
            self.terms.append(_term(kind, path, str(number)))
            self.numbers[key(path, kind)] = float(number)


def key(path: str, kind: str) -> str:
    """Name of a number: values of different kinds are never compared with one another."""
    return _term(kind, path)


def present_term(path: str) -> str:
    """The term of every value at `path` that is not `None`."""
    return _term(_PRESENT, path)


def sought_terms(path: str, value: Any) -> Iterator[str]:
    """Terms of which a document has at least one if its value at `path` equals `value`."""
    yield from _equality(path, value)
    if isinstance(value, str) and (date := moment(value)):
        for kind, number in date.sought().items():
            yield _term(kind, path, str(number))


def moment(text: str) -> Moment | None:
    """The date that `text` is, if it is a complete ISO 8601 date or date and time."""
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    wall = (parsed.replace(tzinfo=None) - _EPOCH) // _MICROSECOND
    offset = parsed.utcoffset()
    return Moment(wall, None if offset is None else wall - offset // _MICROSECOND)


def plain(value: Any) -> Any:
    """`value` as JSON would hold it: dates become ISO 8601 texts, tuples lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    return value


def as_float(value: float) -> float:
    """`value` as a double; integers beyond its range become infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _equality(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, (int, float)):
        if not math.isnan(value):
            yield _term("=number", path, str(_number(value)))
    elif isinstance(value, str):
        yield _term("=text", path, value)
    else:
        yield _term("=json", path, json.dumps(_comparable(value), sort_keys=True))


def _number(value: float) -> float:
    """The one form of numbers that are equal: an integer wherever it is whole."""
    return int(value) if math.isfinite(value) and value == int(value) else value


def _comparable(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: _comparable(inner) for name, inner in value.items()}
    return value


def _term(kind: str, path: str, value: str = "") -> str:
    return blake2b(f"{kind}\x1f{path}\x1f{value}".encode(), digest_size=16).hexdigest()
