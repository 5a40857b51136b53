"""Tables without ruling lines: rows whose cells stand below each other, with white stripes between the columns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tasks_lib.ingestion.converters.pdf.lines import Line
from tasks_lib.ingestion.converters.pdf.page import Fragment
from tasks_lib.ingestion.converters.pdf.stripes import Row, Stripe, runs, size, spans, stripes
from tasks_lib.ingestion.converters.pdf.table import Table, TableCell, by_rows, cell_of, cell_text, is_figure

FEWEST_ROWS = 3
MOST_COLUMNS = 60
_NARROW = 0.2
_TOUCH = 1.0
_PROSE_WORDS = 6
_FIGURES = 0.5
_SPARSE = 0.15
_GOING_ON = 0.5
_CLOSER = 0.85
_EQUAL = 0.8
_SCALE = 4
"""More figures than this in equal steps are an axis."""


def unruled_tables(lines: Sequence[Line]) -> list[Table]:
    """Tables among the lines of one region."""
    rows = by_rows(lines)
    tables = []
    for run in runs(rows):
        table = _table(run)
        if table is not None:
            tables.append(table)
    return tables


def _table(rows: list[Row]) -> Table | None:
    several = [row for row in rows if len(row) > 1]
    white = stripes(several)
    if not white or len(white) >= MOST_COLUMNS or len(several) < 2:
        return None
    made = _Grid(rows, white)
    return made.table() if made.convincing() else None


@dataclass
class _Piece:
    """What stands in one row between two stripes, or over several columns."""

    column: int
    columns: int
    fragments: list[Fragment]

    @property
    def text(self) -> str:
        return cell_text(self.fragments)


class _Grid:
    """Rows cut at the stripes."""

    def __init__(self, rows: Sequence[Row], white: Sequence[Stripe]) -> None:
        self.stripes = white
        self.lines = rows
        self.columns = len(white) + 1
        edges = [float("-inf"), *(edge for stripe in white for edge in stripe), float("inf")]
        self._cores = list(zip(edges[::2], edges[1::2], strict=True))
        self.rows = [self._pieces(row) for row in rows]
        self.texts = [{piece.column: piece.text for piece in row if piece.columns == 1} for row in self.rows]

    def _pieces(self, row: Row) -> list[_Piece]:
        pieces: list[_Piece] = []
        for span in spans(row):
            for part in self._cut(span):
                first, last = self._columns(part[0].x0, max(each.x1 for each in part))
                if pieces and pieces[-1].column + pieces[-1].columns > first:
                    pieces[-1].fragments += part
                    pieces[-1].columns = max(pieces[-1].columns, last - pieces[-1].column + 1)
                else:
                    pieces.append(_Piece(first, last - first + 1, list(part)))
        return pieces

    def _cut(self, span: list[Fragment]) -> list[list[Fragment]]:
        """Figures of two columns whose gap is narrow come apart at the stripe."""
        parts = [[span[0]]]
        for before, fragment in pairwise(span):
            at = any(begin < fragment.x0 + 1 and end > before.x1 - 1 for begin, end in self.stripes)
            if at and is_figure(fragment.text) and fragment.x0 - before.x1 > _NARROW * fragment.size:
                parts.append([fragment])
            else:
                parts[-1].append(fragment)
        return parts

    def _columns(self, x0: float, x1: float) -> tuple[int, int]:
        """First and last column over which something stands from `x0` to `x1`."""
        over = [number for number, (left, right) in enumerate(self._cores) if min(x1, right) - max(x0, left) > _TOUCH]
        if not over:
            middle = (x0 + x1) / 2
            over = [min(range(self.columns), key=lambda each: abs(sum(self._cores[each]) / 2 - middle))]
        return over[0], over[-1]

    def convincing(self) -> bool:
        """Whether it is a table: figures below each other, or several columns of short texts."""
        full = [texts for texts in self.texts if len(texts) > 1]
        cells = [text for texts in full for text in texts.values()]
        if len(full) < 2 or not cells:
            return False
        if sum(len(text.split()) for text in cells) > _PROSE_WORDS * len(cells):
            return False
        figures = [
            column
            for column in range(self.columns)
            if sum(is_figure(texts.get(column, "")) for texts in full)
            >= max(2, _FIGURES * sum(column in texts for texts in full), _SPARSE * len(full))
        ]
        if figures:
            scales = [_is_scale([texts[column] for texts in full if column in texts]) for column in figures]
            return not all(scales) and (self.columns > 2 or len(full) >= FEWEST_ROWS)
        if sum(text[:1].islower() for text in cells) > _GOING_ON * len(cells):
            return False
        filled = len(cells) / (len(full) * self.columns)
        return self.columns > 2 and len(full) >= FEWEST_ROWS and filled > 0.6

    def table(self) -> Table:
        """The cells, with the rows of wrapped cells joined."""
        groups = self._groups()
        cells = []
        for number, group in enumerate(groups):
            cells += self._cells(number, group)
        fragments = [piece for row in self.lines for line in row for piece in line.fragments]
        box = (
            min(each.x0 for each in fragments),
            min(each.bottom for each in fragments),
            max(each.x1 for each in fragments),
            max(each.top for each in fragments),
        )
        return Table(box, tuple(cells), frozenset(each.order for each in fragments))

    def _cells(self, number: int, group: Sequence[int]) -> list[TableCell]:
        merged: list[_Piece] = []
        for row in group:
            for piece in self.rows[row]:
                home = next((each for each in merged if _overlap(each, piece)), None)
                if home is None:
                    merged.append(_Piece(piece.column, piece.columns, list(piece.fragments)))
                else:
                    end = max(home.column + home.columns, piece.column + piece.columns)
                    home.column = min(home.column, piece.column)
                    home.columns = end - home.column
                    home.fragments += piece.fragments
        return [cell_of(number, piece.column, 1, piece.columns, piece.fragments) for piece in merged]

    def _groups(self) -> list[list[int]]:
        """Numbers of the rows that are lines of one row of the table."""
        gaps = [upper[0].y - lower[0].y for upper, lower in pairwise(self.lines)]
        filled = [self._figures(row) for row in range(len(self.rows))]
        between = [gap for gap, (one, other) in zip(gaps, pairwise(filled), strict=True) if one and other]
        usual = median(between) if between else median(gaps)
        groups = [[0]]
        for row in range(1, len(self.rows)):
            if self._goes_on(row, gaps, usual, filled):
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups

    def _goes_on(self, row: int, gaps: Sequence[float], usual: float, filled: Sequence[bool]) -> bool:
        """Whether a row is the next line of the one above."""
        gap = gaps[row - 1]
        if filled[row] and filled[row - 1]:
            return gap < 0.6 * usual
        if any(piece.columns > 1 for each in (row, row - 1) for piece in self.rows[each]):
            return False
        head = not any(filled[: row + 1])
        if head:
            return gap < 1.35 * max(size(self.lines[row]), 1)
        if filled[row]:
            return not filled[row - 1] and gap < _CLOSER * usual and self._label(row - 1)
        return gap < _CLOSER * usual or self._continues(row)

    def _label(self, row: int) -> bool:
        return all(piece.column == 0 for piece in self.rows[row])

    def _continues(self, row: int) -> bool:
        return all(piece.text[:1].islower() for piece in self.rows[row])

    def _figures(self, row: int) -> bool:
        return any(is_figure(text) for column, text in self.texts[row].items() if column)


def _overlap(one: _Piece, other: _Piece) -> bool:
    return one.column < other.column + other.columns and other.column < one.column + one.columns


def _is_scale(texts: Sequence[str]) -> bool:
    """Whether a column is the axis of a diagram: figures in equal steps."""
    values = []
    for text in texts:
        try:
            values.append(float(text.replace(",", "").rstrip("%")))
        except ValueError:
            continue
    steps = Counter(round(later - before, 6) for before, later in pairwise(values))
    step, times = steps.most_common(1)[0] if steps else (0.0, 0)
    return len(values) > _SCALE and step != 0 and times >= _EQUAL * steps.total()
