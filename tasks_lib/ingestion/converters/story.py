"""A story of RTF or old Word, such as the body or a footnote: paragraphs, items of lists and tables in their order."""

from dataclasses import dataclass, field
from typing import Self

from tasks_lib.ingestion.converters.story_rows import Rows, RowShape
from tasks_lib.ingestion.converters.word_lists import BULLET
from tasks_lib.ingestion.converters.writing import TextWriter

_DEEPEST = 20
"""Tables within tables."""


@dataclass(frozen=True)
class Paragraph:
    """What a paragraph is, beside its text."""

    text: str
    level: int = 0
    """Of a heading, from 1; 0 for text."""
    label: str | None = None
    """Number or bullet of an item of a list."""
    indent: int = 0
    """Level of the item, from 0."""


@dataclass
class Story:
    """Collects what is read, paragraph by paragraph."""

    blocks: list[Paragraph | Rows | Self | str] = field(default_factory=list)
    """A string is a note on the block before."""
    words: list[str] = field(default_factory=list)
    """The paragraph that is being read."""
    behind: list[Self | str] = field(default_factory=list)
    """Notes and text boxes that stand behind it."""
    shapes: dict[int, RowShape] = field(default_factory=dict)
    _cells: dict[int, list[str]] = field(default_factory=dict)
    _lines: dict[int, list[str]] = field(default_factory=dict)
    _tables: dict[int, Rows] = field(default_factory=dict)

    def shape(self, depth: int) -> RowShape:
        """Of the row that is being read at a depth of tables."""
        return self.shapes.setdefault(depth, RowShape())

    def end_paragraph(self, paragraph: Paragraph, depth: int) -> None:
        """A paragraph ends, in a cell at `depth`, or outside of tables where that is 0."""
        self.words.clear()
        if depth:
            if paragraph.text:
                self._fold(depth + 1)
                self._lines.setdefault(min(depth, _DEEPEST), []).append(paragraph.text)
            return
        self.end_table()
        self.blocks.append(paragraph)
        self._take_behind()

    def end_cell(self, depth: int) -> None:
        """The cell at `depth` ends, with the tables in it."""
        depth = min(depth, _DEEPEST)
        self._fold(depth + 1)
        self._cells.setdefault(depth, []).append("\n".join(self._lines.pop(depth, [])))

    def end_row(self, depth: int) -> None:
        """The row at `depth` ends."""
        depth = min(depth, _DEEPEST)
        if depth in self._lines:
            self.end_cell(depth)
        if cells := self._cells.pop(depth, []):
            self._tables.setdefault(depth, Rows()).rows.append((cells, self.shape(depth)))

    def end_table(self) -> None:
        """All tables end: text outside of them follows."""
        if self._lines or self._cells:
            self._fold(2)
            self.end_row(1)
        if 1 in self._tables:
            self.blocks.append(self._tables.pop(1))
            self._take_behind()

    def text(self) -> str:
        """All of it as one text."""
        writer = TextWriter()
        self.write(writer)
        return writer.text

    def write(self, writer: TextWriter) -> None:
        """Write all of it, in its order."""
        for block in self.blocks:
            if isinstance(block, str):
                writer.note(block)
            elif isinstance(block, Rows):
                writer.table(block.table())
            elif isinstance(block, Story):
                block.write(writer)
            else:
                _write_paragraph(block, writer)

    def _fold(self, depth: int) -> None:
        """Make the tables from `depth` on texts of the cell that holds them."""
        deeper = sorted({each for each in (*self._lines, *self._cells, *self._tables) if each >= depth}, reverse=True)
        for each in deeper:
            self.end_row(each)
            if each in self._tables:
                self._lines.setdefault(each - 1, []).append(self._tables.pop(each).text())

    def _take_behind(self) -> None:
        self.blocks += self.behind
        self.behind.clear()


def is_number(label: str) -> bool:
    """Whether the label of an item says more than that it is one; `o` is a bullet of Courier."""
    return any(map(str.isalnum, label)) and label != "o"


def _write_paragraph(paragraph: Paragraph, writer: TextWriter) -> None:
    if paragraph.level:
        writer.heading(paragraph.level, paragraph.text)
    elif paragraph.label is not None and paragraph.text:
        mark = paragraph.label if is_number(paragraph.label) else BULLET
        writer.item(f"{'  ' * paragraph.indent}{mark} {paragraph.text}")
    else:
        writer.paragraph(paragraph.text)
