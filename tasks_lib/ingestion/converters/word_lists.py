"""Numbers and bullets of Word's lists, which are nowhere in the text: counted as Word counts them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

from tasks_lib.ingestion.converters.ooxml import is_on

BULLET = "-"
_LEVELS = 9
_MOST_NUMBERED = 3999
"""Larger numbers have no Roman form, and would be a line of letters."""
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(frozen=True)
class Level:
    """How one level of a list is marked."""

    number_format: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None
    """The level, counted from 1, after which it begins anew; `None` for any upper one, 0 for none."""
    legal: bool = False
    style: str = ""


@dataclass
class _List:
    levels: dict[int, Level]
    counters: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The lists of a document; ask for the marks of its paragraphs in their order.

    :param part: `word/numbering.xml`, parsed; `None` if there is none.
    """

    def __init__(self, part: Any | None) -> None:
        self._lists: dict[str, _List] = {}
        self._numbers: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = {}
        self._begun: set[tuple[str, int]] = set()
        if part is not None:
            self._read(part)

    def level_of(self, number: str, style: str) -> int:
        """Level to which a list binds a paragraph style; the first, if it does not."""
        abstract, own, _ = self._numbers.get(number, ("", {}, {}))
        levels = {**(self._lists[abstract].levels if abstract in self._lists else {}), **own}
        return next((index for index, level in levels.items() if style and level.style == style), 0)

    def mark(self, number: str, index: int) -> str:
        """What Word writes before the next paragraph at level `index` of list `number`; empty for nothing."""
        if number not in self._numbers:
            return ""
        abstract, own, starts = self._numbers[number]
        lists = self._lists[abstract]
        levels = {**lists.levels, **own}
        level = levels.get(index, Level())
        self._count(lists, number, index, levels, starts)
        if level.number_format == "bullet":
            return BULLET
        if level.number_format == "none":
            return ""
        return _filled(level, levels, lists.counters)

    def _count(self, lists: _List, number: str, index: int, levels: dict[int, Level], starts: dict[int, int]) -> None:
        counters = lists.counters
        level = levels.get(index, Level())
        if index in starts and (number, index) not in self._begun:
            counters[index] = starts[index]
        else:
            counters[index] = counters[index] + 1 if index in counters else level.start
        self._begun.add((number, index))
        for deeper in range(index + 1, _LEVELS):
            after = levels.get(deeper, Level()).restart
            if after is None or index < after:
                counters.pop(deeper, None)
        for upper in range(index):
            counters.setdefault(upper, levels.get(upper, Level()).start)

    def _read(self, part: Any) -> None:
        linked = {}
        for abstract in part.iterchildren(qn("w:abstractNum")):
            name = abstract.get(qn("w:abstractNumId"))
            self._lists[name] = _List(dict(_levels(abstract)))
            link = abstract.find(qn("w:numStyleLink"))
            if link is not None:
                linked[name] = link.get(qn("w:val"))
        defined = {link.get(qn("w:val")): link.getparent() for link in part.iter(qn("w:styleLink"))}
        for name, style in linked.items():
            if style in defined:
                self._lists[name] = self._lists[defined[style].get(qn("w:abstractNumId"))]
        for number in part.iterchildren(qn("w:num")):
            abstract = number.find(qn("w:abstractNumId"))
            if abstract is not None and abstract.get(qn("w:val")) in self._lists:
                self._numbers[number.get(qn("w:numId"))] = (abstract.get(qn("w:val")), *_overrides(number))


def _levels(parent: Any) -> Iterator[tuple[int, Level]]:
    for level in parent.iterchildren(qn("w:lvl")):
        yield int(level.get(qn("w:ilvl"), "0")), _level(level)


def _level(level: Any) -> Level:
    def value(name: str, default: str) -> str:
        found = level.find(qn(name))
        return default if found is None else str(found.get(qn("w:val"), default))

    legal = level.find(qn("w:isLgl"))
    restart = value("w:lvlRestart", "")
    return Level(
        value("w:numFmt", "decimal"),
        value("w:lvlText", ""),
        int(value("w:start", "0")),
        int(restart) if restart else None,
        legal is not None and is_on(legal.get(qn("w:val"))),
        value("w:pStyle", ""),
    )


def _overrides(number: Any) -> tuple[dict[int, Level], dict[int, int]]:
    levels: dict[int, Level] = {}
    starts: dict[int, int] = {}
    for override in number.iterchildren(qn("w:lvlOverride")):
        index = int(override.get(qn("w:ilvl"), "0"))
        levels.update(_levels(override))
        start = override.find(qn("w:startOverride"))
        if start is not None:
            starts[index] = int(start.get(qn("w:val"), "1"))
    return levels, starts


def _filled(level: Level, levels: dict[int, Level], counters: dict[int, int]) -> str:
    text = level.text
    for index in range(_LEVELS):
        if f"%{index + 1}" in text:
            number_format = "decimal" if level.legal else levels.get(index, Level()).number_format
            text = text.replace(f"%{index + 1}", numeral(counters.get(index, 1), number_format))
    return text.strip()


def numeral(number: int, number_format: str) -> str:
    """A number as a list shows it; formats that are not known are decimal."""
    return _FORMATS.get(number_format, str)(number) if 0 < number <= _MOST_NUMBERED else str(number)


def _letters(number: int) -> str:
    """A to z, then aa to zz, as Word goes on."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        while number >= value:
            written, number = written + letters, number - value
    return written


def _ordinal(number: int) -> str:
    teens = 10 < number % 100 < 20
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "ordinal": _ordinal,
}
