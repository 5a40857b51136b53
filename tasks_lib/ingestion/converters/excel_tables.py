"""The tables of a sheet, of new and old workbooks alike."""

from collections.abc import Iterator

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.tables import Merged, Table, header_rows
from tasks_lib.ingestion.converters.writing import TextWriter

MOST_CELLS = 2_000_000

Cells = dict[int, dict[int, str]]
"""Row → column → what the cell shows; both count from 1, and empty cells are not in it."""


def too_large() -> UnreadableDocumentError:
    """The error for a workbook of more than :data:`MOST_CELLS`."""
    return UnreadableDocumentError(f"too large: more than {MOST_CELLS:,} cells; save it as CSV, or divide it")


def write_sheet(cells: Cells, writer: TextWriter) -> None:
    """Tables of a sheet: an empty row divides them, and one that does not name its columns goes on with the names."""
    header: dict[int, str] = {}
    for block in _blocks(cells):
        columns = sorted({column for row in block for column in row})
        rows = [[row.get(column, "") for column in columns] for row in block]
        titles = next((place for place, row in enumerate(rows) if sum(map(_stands, row)) > 1), len(rows))
        for row in rows[:titles]:
            writer.item("".join(filter(_stands, row)))
        rows = rows[titles:]
        if not rows:
            continue
        named = header_rows(rows)
        if named:
            header = dict(zip(columns, rows[0], strict=True))
        elif header and header.keys() >= set(columns):
            rows.insert(0, [header[column] for column in columns])
            named = 1
        writer.table(Table(rows, named))


def _stands(cell: str) -> bool:
    """Whether a cell has a text of its own."""
    return bool(cell) and not isinstance(cell, Merged)


def _blocks(cells: Cells) -> Iterator[list[dict[int, str]]]:
    block: list[dict[int, str]] = []
    last = 0
    for number in sorted(cells):
        if block and number > last + 1:
            yield block
            block = []
        if cells[number]:
            block.append(cells[number])
        last = number
    if block:
        yield block
