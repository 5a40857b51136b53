"""Tables as text: a row a line, in which every cell says which column it belongs to.

A row reads ``| region: North | rate: 7.5% | until: |``. So each line can be understood wherever a text is cut, and a
citation of it is a citation of the row.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_LINE = 400
"""Characters; a longer row is written in several lines, each beginning with the row's first cell."""
LONGEST_NAME = 80
"""Characters of a column's name, and of the cell that each line of a long row begins with."""
SPARSE_COLUMNS = 12
"""In wider tables that are mostly empty, empty cells are not written."""
_LONG_TABLE = 8
"""Rows from which the first one of two plain columns is taken to name them: a form has fewer."""
_VALUE = re.compile(r"[-+–−(<>~≈±]*\s*(?:[A-Z]{3}\s|[€$£¥])?\s*[-+–−]?\d[\d.,:/\s'’%-]*(?:\s?[^\W\d_]{1,8})?[€$£¥%)]*")
_YEAR = re.compile(r"(?:1[89]|20|21)\d\d(?:[/–-]\d{2,4})?")

Row = Sequence[str]


class Merged(str):
    """What stands in a cell that its left neighbour is merged over: the same text."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """Rows of cells; a merged cell fills all that it covers, `""` is an empty one."""

    rows: Sequence[Row]
    header_rows: int | None = None
    """How many rows name the columns, where the format tells; else it is told from their content."""


def filled(grid: Sequence[Sequence[Any]], texts: Mapping[Any, str]) -> list[list[str]]:
    """Rows of text from rows of elements, of which a merged one stands in all places that it covers.

    :param texts: Text of each element; a place without one is empty.
    """
    rows = []
    for elements in grid:
        before = [None, *elements[:-1]]
        cells = ((element, texts.get(element, ""), left) for element, left in zip(elements, before, strict=True))
        rows.append(
            [Merged(text) if element is left and element is not None else text for element, text, left in cells]
        )
    return rows


def table_lines(table: Table) -> list[str]:
    """Lines of a table: the names of the columns as they stand, and then each row with them."""
    rows = _without_empty(table.rows)
    if not rows:
        return []
    titles = next((place for place, row in enumerate(rows) if len(_once(row)) > 1), 0) if len(rows[0]) > 1 else 0
    told = None if table.header_rows is None else table.header_rows - titles
    lines = [line for row in rows[:titles] for line in row_lines([("", cell) for cell in _once(row)])]
    rows = rows[titles:]
    named = min(header_rows(rows) if told is None else max(told, 0), len(rows))
    lines += [line for row in rows[:named] for line in row_lines([("", cell) for cell in _once(row)])]
    names = column_names(rows[:named], len(rows[0]))
    cells = [cell for row in rows[named:] for cell in row]
    sparse = len(names) > SPARSE_COLUMNS and sum(map(bool, cells)) * 2 < len(cells)
    for row in rows[named:]:
        lines += _named_lines(row, names, sparse=sparse)
    return lines


def named_line(cells: Sequence[tuple[str, str]]) -> str:
    """A record in one line, or in several if it is long: values behind their names."""
    told = [(in_one_line(name)[:LONGEST_NAME], in_one_line(value)) for name, value in cells]
    return "\n".join(row_lines(told)) if told else ""


def column_names(header: Sequence[Row], columns: int) -> list[str]:
    """What each column is called by the rows of a header, the upper ones first; empty where it has no name."""
    names = []
    for column in range(columns):
        parts = list(dict.fromkeys(row[column] for row in header if row[column]))
        names.append(" ".join(parts)[:LONGEST_NAME].strip().removesuffix(":"))
    return names


def header_rows(rows: Sequence[Row]) -> int:
    """How many of the first rows name the columns, told from what the cells hold: none or one."""
    first, rest = rows[0], rows[1:]
    if not rest or not could_name(first):
        return 0
    if any(_of_values(column) for column in zip(*rows, strict=True)):
        return 1
    return int(not first[0].endswith(":") and (len(first) > 2 or len(rows) >= _LONG_TABLE))


def could_name(row: Row) -> bool:
    """Whether cells read like names of columns: short ones, no two alike, no values, and at most one empty."""
    named = [cell for cell in row if cell]
    return len(named) >= max(2, len(row) - 1) and len(set(named)) == len(named) and all(map(_like_a_name, named))


def _of_values(column: Sequence[str]) -> bool:
    """Whether a column holds values below a name that is none."""
    below = [cell for cell in column[1:] if cell]
    return bool(below) and not _is_value(column[0]) and all(map(_is_value, below))


def _is_value(cell: str) -> bool:
    return bool(_VALUE.fullmatch(cell))


def _like_a_name(cell: str) -> bool:
    return len(cell) <= LONGEST_NAME and (bool(_YEAR.fullmatch(cell)) or not _is_value(cell))


def _without_empty(rows: Sequence[Row]) -> list[list[str]]:
    """Rows of the same length with something in them, in one line a cell, without columns that are empty throughout."""
    width = max(map(len, rows), default=0)
    told = [[in_one_line(cell) for cell in row] + [""] * (width - len(row)) for row in rows if any(row)]
    told = [row for row in told if any(row)]
    kept = [column for column in range(width) if any(row[column] for row in told)]
    return [[row[column] for column in kept] for row in told]


def in_one_line(text: str) -> str:
    """A cell without line breaks, and without the sign that ends one."""
    line = " ".join(text.split()).replace("|", "\\|")
    return Merged(line) if isinstance(text, Merged) else line


def _once(row: Row) -> list[str]:
    """Cells of a header; one that is merged over its neighbours stands once."""
    return [cell for cell in row if not isinstance(cell, Merged)]


def _named_lines(row: Row, names: Sequence[str], *, sparse: bool) -> Iterator[str]:
    if len(row) > 1 and all(isinstance(cell, Merged) for cell in row[1:]):
        yield f"| {row[0]} |"
        return
    yield from row_lines([(name, cell) for name, cell in zip(names, row, strict=True) if cell or not sparse])


def row_lines(cells: Sequence[tuple[str, str]]) -> Iterator[str]:
    """One line of a row's cells, each after its name; several, if it is long, that begin with the first."""
    written = [" ".join(filter(None, (f"{name}:" if name else "", cell))) for name, cell in cells]
    label = next((text for (_, cell), text in zip(cells, written, strict=True) if cell), "")
    line = [written[0]]
    for text in written[1:]:
        if len(line) > 1 and sum(map(len, line)) + 3 * len(line) + len(text) > LONGEST_LINE:
            yield _joined(line)
            line = [label] if len(label) <= LONGEST_NAME else []
        line.append(text)
    yield _joined(line)


def _joined(cells: Sequence[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"
