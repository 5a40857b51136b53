"""Elements of a page as paragraphs, headings, lists and tables."""

import re
from collections.abc import Callable
from typing import Any

from tasks_lib.ingestion.converters.html_content import INLINE, is_content, shown_of, texts_within
from tasks_lib.ingestion.converters.html_lists import is_group, marked_items
from tasks_lib.ingestion.converters.html_tables import grid_of, outside_of_cells
from tasks_lib.ingestion.converters.reading import clean
from tasks_lib.ingestion.converters.tables import Table, filled
from tasks_lib.ingestion.converters.word_lists import BULLET
from tasks_lib.ingestion.converters.writing import TextWriter, raised
from tasks_lib.text.forms import composed

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_DEEPEST = 100
"""Levels that are read as what they are; below them only text is, since each of a table within a table is six calls."""


class HtmlReader:
    """Writes the content of one page.

    :param takes: Which elements are read.
    """

    def __init__(self, takes: Callable[[Any], bool] = is_content) -> None:
        self._takes = takes
        self.writer = TextWriter(_as_written)
        self._inline: list[str] = []
        self._marks: list[str] = []
        """Markers of the items that are open, each until it was written."""
        self._in_cell = 0
        self._depth = 0

    def read(self, element: Any) -> None:
        """Write an element with all that it holds."""
        self._children(element)
        self._flush()

    def _element(self, element: Any) -> None:
        if not self._takes(element):
            return
        if self._depth > _DEEPEST:
            self._text("".join(texts_within(element, self._takes)))
            return
        self._depth += 1
        tag = element.tag
        if tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        elif tag == "br":
            self._inline.append("\n")
        elif tag in {"img", "input", "select"}:
            self._inline.append(shown_of(element))
        elif tag in INLINE:
            self._inline_element(element)
        else:
            self._block(element)
        self._depth -= 1

    def _inline_element(self, element: Any) -> None:
        opening, closing = ("“", "”") if element.tag == "q" else ("", "")
        before, self._inline = self._inline, []
        self._inline.append(opening)
        self._children(element)
        inside = "".join([*self._inline, closing])
        self._inline = before
        self._inline.append(raised(inside, element.tag) if element.tag in {"sup", "sub"} else inside)

    def _block(self, element: Any) -> None:
        self._flush()
        tag = element.tag
        if tag == "pre":
            self._paragraph("".join(element.itertext()))
        elif tag in {"ul", "ol", "menu", "dir"}:
            self._list(element)
        elif tag == "dl":
            self._definitions(element)
        elif tag == "table":
            self._table(element)
        else:
            self._children(element)
            self._flush()

    def _children(self, element: Any) -> None:
        self._text(element.text)
        for child in element:
            self._element(child)
            self._text(child.tail)

    def _text(self, text: str | None) -> None:
        if text:
            self._inline.append(_BLANKS.sub(" ", text))

    def _loose(self, text: str | None) -> None:
        """Text between the items of a list, where none belongs; a browser shows it."""
        self._text(text)
        self._flush()

    def _taken(self) -> str:
        """The text that was read since the last block."""
        text, self._inline = "".join(self._inline), []
        return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n")).strip()

    def _flush(self) -> None:
        self._paragraph(self._taken())

    def _paragraph(self, text: str) -> None:
        if not text.strip():
            return
        if not self._marks:
            self.writer.paragraph(text)
            return
        mark, indent = self._marks[-1], "  " * (len(self._marks) - 1)
        self._marks[-1] = ""
        self.writer.item(f"{indent}{mark} {text}" if mark else f"{indent}  {text}")

    def _heading(self, element: Any, level: int) -> None:
        self._flush()
        blocks = [child for child in element.iter("p", "div", "li", "table") if child is not element]
        if self._marks or self._in_cell or blocks:
            self._children(element)
            self._flush()
            return
        self._children(element)
        self.writer.heading(level, self._taken())

    def _list(self, element: Any) -> None:
        self._loose(element.text)
        for child, mark in marked_items(element):
            self._marks.append(mark)
            self._element_of_list(child)
            self._marks.pop()
            self._loose(child.tail)
        if not self._marks:
            self.writer.end_items()

    def _element_of_list(self, child: Any) -> None:
        if not self._takes(child):
            return
        if child.tag == "li":
            self._children(child)
        else:
            self._element(child)
        self._flush()

    def _definitions(self, element: Any) -> None:
        """A line for each definition, which begins with what is defined."""
        terms: list[str] = []
        defined = False
        for group in [group for group in element.iterfind(".//div") if is_group(group, element)]:
            group.drop_tag()
        self._loose(element.text)
        for child in element:
            if not self._takes(child):
                self._loose(child.tail)
                continue
            if child.tag == "dt":
                self._children(child)
                terms = [self._taken()] if defined else [*terms, self._taken()]
                defined = False
            else:
                self._marks.append(f"{', '.join(filter(None, terms))}:" if terms else BULLET)
                self._children(child)
                self._flush()
                self._marks.pop()
                defined = True
            self._loose(child.tail)
        if terms and not defined:
            self._paragraph(", ".join(terms))
        self.writer.end_items()

    def _table(self, element: Any) -> None:
        caption = element.find("caption")
        if caption is not None:
            self._children(caption)
            self._flush()
        for part in outside_of_cells(element):
            if isinstance(part, str):
                self._text(part)
            else:
                self._element(part)
        self._flush()
        grid = grid_of(element)
        cells = grid.cells()
        if self._in_cell:
            rows = (", ".join(filter(None, (self._text_of(cell) for cell in dict.fromkeys(row)))) for row in grid.rows)
            self._paragraph("; ".join(filter(None, rows)))
        elif element.get("role") == "presentation" or grid.columns <= 1 or any(map(_is_layout, cells)):
            for cell in cells:
                self._children(cell)
                self._flush()
        else:
            texts = {cell: self._text_of(cell) for cell in cells}
            self.writer.table(Table(filled(grid.rows, texts), grid.header_rows))

    def _text_of(self, cell: Any) -> str:
        if cell is None:
            return ""
        outside = self.writer, self._inline, self._marks
        self.writer, self._inline, self._marks = TextWriter(_as_written), [], []
        self._in_cell += 1
        try:
            self.read(cell)
            return " ".join(self.writer.text.split())
        finally:
            self._in_cell -= 1
            self.writer, self._inline, self._marks = outside


def _as_written(text: str) -> str:
    """A page is written by people or programs for people: its letters are as they are meant."""
    return composed(clean(text))


def _is_layout(cell: Any) -> bool:
    """Whether a cell holds sections or tables of its own: the table only places them on the page."""
    if cell is None:
        return False
    large = next(cell.iter("table"), None)
    heading = next(cell.iter("h1", "h2", "h3"), None)
    return (large is not None and len(large.findall(".//tr")) > 2) or (heading is not None and len(cell) > 1)
