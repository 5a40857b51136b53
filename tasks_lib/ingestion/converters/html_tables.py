"""The grid of a table in HTML: cells over all the rows and columns that they span."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_GROUPS = ("thead", "tbody", "tfoot")
_CELLS = ("td", "th")
_PARTS = frozenset({*_GROUPS, *_CELLS, "tr", "caption", "col", "colgroup"})
_MOST_COLUMNS_SPANNED = 1000
_MOST_COLUMNS = 20_000
_MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class HtmlGrid:
    """Cells of each row: the element that covers the place, or `None`."""

    rows: list[list[Any]]
    header_rows: int | None
    """Rows of `<thead>`, or first rows that only have `<th>`; `None` where the table does not tell."""

    def cells(self) -> list[Any]:
        """Every cell once, row by row."""
        return list(dict.fromkeys(cell for row in self.rows for cell in row if cell is not None))

    @property
    def columns(self) -> int:
        """Of the widest row."""
        return max((len(row) for row in self.rows), default=0)


def grid_of(table: Any) -> HtmlGrid:
    """The grid of a `<table>`, without those of tables within it."""
    elements = list(_rows(table))
    rows: list[list[Any]] = []
    open_spans: dict[int, tuple[Any, int]] = {}
    size = 0
    for number, element in enumerate(elements):
        row = _row(element, open_spans, len(elements) - number)
        size += len(row)
        if size > _MOST_CELLS:
            break
        rows.append(row)
    return HtmlGrid(rows, _header_rows(elements, len(rows)))


def outside_of_cells(table: Any) -> list[Any]:
    """Elements and texts of a `<table>` that are in none of its cells: a browser shows them before it.

    Elements that stand around rows or cells, such as a form, are taken out of the tree: their rows are the table's.
    """
    around: dict[Any, None] = {}
    for part in table.iter("tr", *_CELLS):
        chain: list[Any] = []
        for outer in part.iterancestors():
            if outer is table:
                around |= dict.fromkeys(chain)
            if outer.tag in {"table", *_CELLS}:
                break
            if outer.tag not in _PARTS:
                chain.append(outer)
    for element in around:
        element.drop_tag()
    return list(_outside(table))


def _outside(element: Any) -> Iterator[Any]:
    in_row = element.tag == "tr"
    yield element.text or ""
    for child in element:
        if child.tag in _GROUPS or child.tag == "tr":
            yield from _outside(child)
        elif child.tag not in _PARTS or (child.tag in _CELLS and not in_row):
            yield child
        yield child.tail or ""


def _rows(table: Any) -> Iterator[Any]:
    for part in ("thead", "tbody", "tr", "tfoot"):
        for child in table.iterchildren(part):
            if part == "tr":
                yield child
            else:
                yield from child.iterchildren("tr")


def _row(element: Any, open_spans: dict[int, tuple[Any, int]], left: int) -> list[Any]:
    row: list[Any] = []
    cells = [child for child in element if child.tag in {"td", "th"}]
    while cells or any(place >= len(row) for place in open_spans):
        place = len(row)
        if place >= _MOST_COLUMNS:
            break
        if place in open_spans:
            cell, more = open_spans.pop(place)
            row.append(cell)
            if more > 1:
                open_spans[place] = (cell, more - 1)
            if not cells and not any(other >= len(row) for other in open_spans if other != place):
                break
        elif cells:
            _place(cells.pop(0), row, open_spans, left)
        else:
            row.append(None)
    return row


def _place(cell: Any, row: list[Any], open_spans: dict[int, tuple[Any, int]], left: int) -> None:
    columns = min(_span(cell, "colspan"), _MOST_COLUMNS_SPANNED, _MOST_COLUMNS - len(row))
    rows = _span(cell, "rowspan")
    for _ in range(columns):
        if rows > 1 or rows == 0:
            open_spans[len(row)] = (cell, (left if rows == 0 else min(rows, left)) - 1)
        row.append(cell)


def _span(cell: Any, name: str) -> int:
    """As the standard reads it: a row span of 0 reaches to the end, anything that is no number is 1."""
    text = (cell.get(name) or "1").strip()
    if not text.isdigit() or not text.isascii():
        return 1
    return int(text[:6]) if name == "rowspan" else max(1, int(text[:6]))


def _header_rows(elements: list[Any], count: int) -> int | None:
    heads = [element.getparent().tag == "thead" for element in elements]
    named = heads.index(False) if False in heads else len(heads)
    if not named:
        only = [
            all(child.tag == "th" for child in element if child.tag in {"td", "th"}) and len(element)
            for element in elements
        ]
        named = next((place for place, is_head in enumerate(only) if not is_head), len(only))
    return min(named, count - 1) or None if count else None
