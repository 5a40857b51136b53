"""A table of a page: its cells, and the rows of text that it becomes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from tasks_lib.ingestion.converters.pdf.lines import Line, lines_of
from tasks_lib.ingestion.converters.pdf.page import Fragment
from tasks_lib.ingestion.converters.tables import in_one_line, row_lines

MOST_HEADER_ROWS = 4
_LONG = 8
"""Rows from which the first one of two plain columns is taken to name them: a form has fewer."""
_SHARE = 0.6
_SIGNS = r"[\d.,'\u2019\u00a0\u2009\u202f /:%‰()*+−–-]*"
_UNIT = r"(?:[^\W\d_]{0,3}|(?:thousand|million|billion|mio|mn|bn|tn)s?\.?)"
_FIGURES = re.compile(rf"[^\w]*(?:[A-Z]{{0,3}}[$€£¥]?\s?)?[-+−–(<>≤≥~]*{_SIGNS}\d{_SIGNS}{_UNIT}\W*$")
_YEAR = re.compile(r"\W*(?:19|20)\d\d(?:\s?[-–/]\s?(?:19|20)?\d\d)?\W*")


@dataclass(frozen=True)
class TableCell:
    """A cell; rows and columns count from 0, and it may cover several of both."""

    row: int
    column: int
    rows: int
    columns: int
    text: str
    bold: bool = False


@dataclass(frozen=True)
class Table:
    """A table within its box.

    :ivar box: Left, lower, right and upper edge.
    """

    box: tuple[float, float, float, float]
    cells: tuple[TableCell, ...]
    taken: frozenset[int] = field(default=frozenset(), repr=False)
    """`order` of the fragments that its cells hold."""

    @property
    def rows(self) -> int:
        """Rows."""
        return max((cell.row + cell.rows for cell in self.cells), default=0)

    @property
    def columns(self) -> int:
        """Columns."""
        return max((cell.column + cell.columns for cell in self.cells), default=0)

    def header_rows(self) -> int:
        """Rows that name the columns: those above columns of figures, else one that is bold or names several."""
        grid = self.grid()
        figures = [column for column in range(1, self.columns) if _of_figures([row[column] for row in grid])]
        if figures:
            return self._above_figures(grid, figures)
        heavy = [all(cell.bold for cell in self.cells if cell.row == row) for row in range(min(len(grid), 2))]
        if len(grid) > 1 and heavy[0] and not heavy[1]:
            return 1
        several = len(grid) > 2 and (self.columns > 2 or len(grid) >= _LONG)
        return int(several and all(grid[0][1:]) and not any(map(is_figure, grid[0])) and len(set(grid[0])) > 1)

    def _above_figures(self, grid: Sequence[Sequence[str]], figures: Sequence[int]) -> int:
        for number, row in enumerate(grid):
            found = [row[column] for column in figures if is_figure(row[column])]
            if found and not all(_YEAR.fullmatch(text) for text in found):
                groups = list(takewhile(lambda above: not any(above[1:]), reversed(grid[1:number])))
                return min(number - len(groups), MOST_HEADER_ROWS)
        return 1 if len(grid) > 1 else 0

    def grid(self) -> list[list[str]]:
        """Texts by row and column: a cell over several rows stands in each, one over several columns in its first."""
        grid = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            for row in range(cell.row, cell.row + cell.rows):
                grid[row][cell.column] = cell.text
        return grid

    def header(self) -> list[str]:
        """Names of the columns, those of several rows from the upper to the lower one."""
        names: list[list[str]] = [[] for _ in range(self.columns)]
        for cell in sorted(self.cells, key=lambda each: (each.row, each.column)):
            if cell.row < self.header_rows():
                for column in range(cell.column, cell.column + cell.columns):
                    if cell.text and cell.text not in names[column]:
                        names[column].append(cell.text)
        return [" ".join(name) for name in names]

    def lines(self, header: Sequence[str] | None = None) -> list[str]:
        """A row a line, after the names of the columns: each cell says which column it belongs to.

        :param header: Names of the columns of a table that has none itself: it goes on from one that has.
        """
        named = self.header_rows()
        names = [in_one_line(name).removesuffix(":") for name in header or self.header()]
        rows = [[("", name) for name in names]] if named else []
        rows += [list(zip(names, map(in_one_line, row), strict=True)) for row in self.grid()[named:]]
        return [line for row in rows for line in row_lines(row)]


def _of_figures(column: Sequence[str]) -> bool:
    """Whether most of what a column holds below its first cell are figures."""
    below = [text for text in column[1:] if text]
    return bool(below) and sum(map(is_figure, below)) >= _SHARE * len(below)


def is_figure(text: str) -> bool:
    """Whether a cell holds a number, with its sign, unit or currency, and no word."""
    return len(text) < 40 and any(c.isdigit() for c in text) and bool(_FIGURES.match(text))


def cell_of(row: int, column: int, rows: int, columns: int, fragments: Sequence[Fragment]) -> TableCell:
    """A cell of what stands in it."""
    bold = bool(fragments) and all(fragment.bold for fragment in fragments)
    return TableCell(row, column, rows, columns, cell_text(fragments), bold)


def cell_text(fragments: Sequence[Fragment]) -> str:
    """Text of a cell: its lines, one after the other."""
    lines = lines_of(fragments)
    text = ""
    for line in by_rows(lines):
        part = " ".join(each.text for each in line)
        text = part if not text else _joined(text, part)
    return text


def by_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines whose heights overlap, together, from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: -each.y):
        if rows and line.y > rows[-1][0].y - 0.5 * min(line.size, rows[-1][0].size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda each: each.x0) for row in rows]


def _joined(text: str, part: str) -> str:
    if text[-1] in "-\u2010\u00ad" and len(text) > 1 and text[-2].isalpha() and part[:1].islower():
        return text[:-1] + part
    return f"{text} {part}"


def mirrored(table: Table) -> Table:
    """A table whose first column stands on the right."""
    count = table.columns
    cells = (replace(cell, column=count - cell.column - cell.columns) for cell in table.cells)
    return replace(table, cells=tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))))
