"""What the styles of a Word document say of its paragraphs, through the styles that they are based on."""

import re
from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

from tasks_lib.ingestion.converters.ooxml import is_on

_HEADING_STYLE = re.compile(r"heading (\d)$", re.IGNORECASE)
_LONGEST_CHAIN = 20
_LEVELS = 9
_HIDDEN = "w:rPr/w:vanish"


class Styles:
    """The styles of one document.

    :param root: `word/styles.xml`, parsed.
    """

    def __init__(self, root: Any) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in root.iterchildren(qn("w:style"))}
        self._default = next(
            (
                name
                for name, style in self._styles.items()
                if style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) in {"1", "true", "on"}
            ),
            "",
        )
        self._levels: dict[str, int | None] = {}
        self._lists: dict[str, tuple[str, int | None, str]] = {}
        self.hidden = frozenset(name for name in self._styles if any(map(_vanishes, self._chain(name))))
        """Styles whose text is hidden."""

    def heading_level(self, paragraph: Any) -> int | None:
        """Level of a heading, counted from 1, by the built-in styles or an outline level; `Title` is the first."""
        own = _value(paragraph, "w:pPr/w:outlineLvl")
        if own is not None:
            return _outline(own)
        name = self._style_of(paragraph)
        if name not in self._levels:
            self._levels[name] = next(filter(None, map(_level, self._chain(name))), None)
        return self._levels[name]

    def numbering(self, paragraph: Any) -> tuple[str, int | None, str]:
        """List and level of a paragraph, and the style by which it has them; an empty list if it is no item."""
        name = self._style_of(paragraph)
        if name not in self._lists:
            self._lists[name] = next(
                ((number, index, style) for style, number, index in self._numbered(name)), ("", None, "")
            )
        number, index = _numbers(paragraph)
        by_style = self._lists[name]
        if number is None:
            found = by_style if index is None or not by_style[0] else (by_style[0], index, by_style[2])
        else:
            found = (number, 0 if index is None else index, name)
        return ("", None, "") if found[0] == "0" else found

    def names_columns(self, table: str | None) -> bool:
        """Whether a style of tables shows the first row as one that names the columns."""
        return any(
            part.get(qn("w:type")) == "firstRow"
            for style in self._chain(table or "")
            for part in style.iter(qn("w:tblStylePr"))
        )

    def _numbered(self, name: str) -> Iterator[tuple[str, str, int | None]]:
        for style in self._chain(name):
            number, index = _numbers(style)
            if number is not None:
                yield style.get(qn("w:styleId")), number, index

    def _style_of(self, paragraph: Any) -> str:
        return _value(paragraph, "w:pPr/w:pStyle") or self._default

    def _chain(self, name: str) -> Iterator[Any]:
        for _ in range(_LONGEST_CHAIN):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = _value(style, "w:basedOn") or ""


def is_struck(paragraph: Any) -> bool:
    """Whether the end of a paragraph is deleted by a tracked change."""
    return any(find(paragraph, f"w:pPr/w:rPr/{mark}") is not None for mark in ("w:del", "w:moveFrom"))


def find(element: Any, path: str) -> Any | None:
    """The first element at a path of prefixed names."""
    return element.find("/".join(qn(step) for step in path.split("/")))


def _value(element: Any, path: str) -> str | None:
    found = find(element, path)
    return None if found is None else found.get(qn("w:val"))


def _numbers(element: Any) -> tuple[str | None, int | None]:
    index = _value(element, "w:pPr/w:numPr/w:ilvl")
    return _value(element, "w:pPr/w:numPr/w:numId"), None if index is None else int(index)


def _level(style: Any) -> int | None:
    name = _value(style, "w:name") or ""
    if name == "Title":
        return 1
    if match := _HEADING_STYLE.match(name):
        return int(match[1])
    outline = _value(style, "w:pPr/w:outlineLvl")
    return None if outline is None else _outline(outline)


def _outline(value: str) -> int | None:
    return int(value) + 1 if value.isdigit() and int(value) < _LEVELS else None


def _vanishes(style: Any) -> bool:
    mark = find(style, _HIDDEN)
    return mark is not None and is_on(mark.get(qn("w:val")))
