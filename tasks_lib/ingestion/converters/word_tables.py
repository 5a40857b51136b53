"""The grid of a table in Word: merged cells over all that they cover, deleted rows left out."""

from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from tasks_lib.ingestion.converters.ooxml import is_on
from tasks_lib.ingestion.converters.word_inline import unwrapped
from tasks_lib.ingestion.converters.word_styles import find

MOST_COLUMNS = 20_000


@dataclass(frozen=True)
class Grid:
    """Cells of each row: the element of the cell that covers the place, or `None`."""

    rows: list[list[Any]]
    header_rows: int
    """Rows that the document repeats on every page."""

    def cells(self) -> list[Any]:
        """Every cell once, row by row."""
        return list(dict.fromkeys(cell for row in self.rows for cell in row if cell is not None))

    @property
    def columns(self) -> int:
        """Of the widest row."""
        return max((len(row) for row in self.rows), default=0)


def grid_of(table: Any) -> Grid:
    """The grid of a `w:tbl`."""
    rows: list[list[Any]] = []
    repeated = 0
    for row in unwrapped(table):
        if row.tag != qn("w:tr") or find(row, "w:trPr/w:del") is not None:
            continue
        above = rows[-1] if rows else []
        rows.append(_row(row, above))
        mark = find(row, "w:trPr/w:tblHeader")
        if mark is not None and is_on(mark.get(qn("w:val"))) and repeated == len(rows) - 1:
            repeated = len(rows)
    return Grid(rows, repeated)


def _row(row: Any, above: list[Any]) -> list[Any]:
    cells: list[Any] = [None] * _number(row, "w:trPr/w:gridBefore")
    for cell in unwrapped(row):
        if cell.tag != qn("w:tc") or find(cell, "w:tcPr/w:cellDel") is not None:
            continue
        merged = find(cell, "w:tcPr/w:vMerge")
        place = len(cells)
        goes_on = merged is not None and merged.get(qn("w:val"), "continue") == "continue" and place < len(above)
        span = max(1, _number(cell, "w:tcPr/w:gridSpan"))
        cells += [above[place] if goes_on else cell] * min(span, MOST_COLUMNS - place)
    return cells


def _number(element: Any, path: str) -> int:
    found = find(element, path)
    value = "" if found is None else found.get(qn("w:val"), "")
    return min(int(value), MOST_COLUMNS) if value.isdigit() else 0
