"""What a sheet says beside its values: merged cells, hidden rows and columns, formulas without a stored value."""

from dataclasses import dataclass, field
from typing import IO, Any

from tasks_lib.ingestion.converters.tables import Merged

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MOST_FILLED = 1_000_000
_MOST_RANGES = 100_000
_LAST_COLUMN = 16_384
_LAST_ROW = 1_048_576

Range = tuple[int, int, int, int]
"""First and last row, first and last column, counted from 1."""


@dataclass
class Layout:
    """The layout of one sheet."""

    merged: list[Range] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    is_filtered: bool = False
    without_value: dict[tuple[int, int], str] = field(default_factory=dict)
    """Row and column → formula, without its equals sign."""

    def fill(self, cells: dict[int, dict[int, str]]) -> None:
        """Let a merged cell stand in all that it covers of the rows and columns that are used."""
        columns = sorted({column for row in cells.values() for column in row})
        filled = 0
        for first, last, left, right in self.merged:
            text = cells.get(first, {}).get(left, "")
            covered = [column for column in columns if left <= column <= right]
            rows = (
                range(first, last + 1) if last - first < len(cells) else [row for row in cells if first <= row <= last]
            )
            filled += len(rows) * len(covered)
            if not text or filled > MOST_FILLED:
                continue
            for row in rows:
                if row in cells:
                    cells[row].update({column: text if column == left else Merged(text) for column in covered})

    def hide(self, cells: dict[int, dict[int, str]]) -> None:
        """Take out rows and columns that are hidden, but for rows that a filter hides."""
        if not self.is_filtered:
            for row in self.hidden_rows & cells.keys():
                cells[row] = {}  # still there: an empty row would divide a table
        for shown in cells.values():
            for column in [column for column in shown if any(a <= column <= b for a, b in self.hidden_columns)]:
                del shown[column]

    @staticmethod
    def name_of(place: tuple[int, int]) -> str:
        """Such as `B7`."""
        row, column = place
        letters = ""
        while column:
            column, letter = divmod(column - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{row}"


def layout_of(content: IO[bytes]) -> Layout:
    """Read the part of a sheet, without keeping it."""
    from lxml import etree

    layout = Layout()
    names = ("row", "c", "mergeCell", "col", "autoFilter")
    tags = [_MAIN + name for name in names]
    for _, element in etree.iterparse(content, events=("end",), tag=tags, resolve_entities=False, no_network=True):
        _take(element, element.tag.removeprefix(_MAIN), layout)
        if element.tag in {f"{_MAIN}row", f"{_MAIN}mergeCell"}:
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    return layout


def _take(element: Any, name: str, layout: Layout) -> None:
    if name == "c":
        _take_formula(element, layout)
    elif name == "row" and _is_hidden(element) and element.get("r", "").isdigit():
        layout.hidden_rows.add(int(element.get("r")))
    elif name == "mergeCell":
        first, _, last = element.get("ref", "").partition(":")
        start, end = _place(first), _place(last or first)
        if start and end and len(layout.merged) < _MOST_RANGES:
            layout.merged.append((start[0], end[0], start[1], end[1]))
    elif name == "col" and _is_hidden(element):
        layout.hidden_columns.append((int(element.get("min")), int(element.get("max"))))
    elif name == "autoFilter" and len(element):
        layout.is_filtered = True


def _take_formula(cell: Any, layout: Layout) -> None:
    formula, value = cell.find(f"{_MAIN}f"), cell.find(f"{_MAIN}v")
    place = _place(cell.get("r", ""))
    empty_text = cell.get("t") == "str"  # its value is "": that is one
    if formula is not None and (value is None or value.text is None) and place and not empty_text:
        layout.without_value[place] = formula.text or ""


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") in {"1", "true"}


def _place(name: str) -> tuple[int, int] | None:
    """Row and column of a name such as `B7`."""
    letters = name.rstrip("0123456789")
    digits = name[len(letters) :]
    if not digits or not letters.isalpha() or not letters.isascii() or len(letters) > 3:
        return None
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return (int(digits), column) if column <= _LAST_COLUMN and int(digits) <= _LAST_ROW else None
