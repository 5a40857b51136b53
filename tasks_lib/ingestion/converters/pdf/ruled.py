"""Tables with ruling lines: the lines make a grid, and a missing line makes one cell of two."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tasks_lib.ingestion.converters.pdf.grid import SNAP, Grid, areas_of, grids_of, stands
from tasks_lib.ingestion.converters.pdf.lines import Line, lines_of
from tasks_lib.ingestion.converters.pdf.page import Fragment, Page, Rule
from tasks_lib.ingestion.converters.pdf.table import Table, by_rows, cell_of, is_figure

_LONG = 8.0
_CUT = 1.5
_FREE = 0.9
_GROUPS = 0.5


def ruled_tables(page: Page) -> list[Table]:
    """Tables that lines divide into at least two columns; where there are no lines, edges of filled areas divide."""
    rules = [rule for rule in page.rules if rule.high - rule.low >= _LONG]
    tables = _tables((rule for rule in rules if rule.stroke), page.fragments)
    taken = frozenset().union(*(table.taken for table in tables))
    shaded = [rule for rule in rules if not any(_on(rule, table.box) for table in tables)]
    if any(not rule.stroke for rule in shaded):
        tables += _tables(shaded, [each for each in page.fragments if each.order not in taken])
    return tables


def _tables(rules: Iterable[Rule], fragments: Sequence[Fragment]) -> list[Table]:
    tables = (_table(grid, fragments) for grid in grids_of(rules))
    return [table for table in tables if table is not None]


def _on(rule: Rule, box: tuple[float, float, float, float]) -> bool:
    """Whether a rule lies on a table, its border included."""
    (low, high), (start, end) = (
        ((box[1], box[3]), (box[0], box[2])) if rule.horizontal else ((box[0], box[2]), (box[1], box[3]))
    )
    return low - SNAP < rule.at < high + SNAP and rule.low < end + SNAP and start - SNAP < rule.high


def _table(grid: Grid, fragments: Sequence[Fragment]) -> Table | None:
    box = (grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1])
    inside = [each for each in fragments if box[1] < each.y + 0.3 * each.size < box[3] and _within(each, box)]
    pieces = [piece for each in inside for piece in cut(each, grid)]
    grid = _with_columns_of_words(_with_rows_of_figures(grid, pieces), pieces)
    cells = _cells(areas_of(grid), _held(grid, pieces))
    if not _like_a_table(cells):
        return None
    made = (cell_of(each.row, each.column, each.rows, each.columns, each.fragments) for each in cells)
    return Table(box, tuple(made), frozenset(each.order for each in inside))


def _held(grid: Grid, pieces: Iterable[Fragment]) -> dict[tuple[int, int], list[Fragment]]:
    """What stands at each place of the grid, rows counted from the top."""
    held: dict[tuple[int, int], list[Fragment]] = {}
    for piece in pieces:
        column = bisect_right(grid.xs, (piece.x0 + piece.x1) / 2) - 1
        row = len(grid.ys) - 1 - bisect_right(grid.ys, piece.y + 0.3 * piece.size)
        held.setdefault((max(0, min(row, len(grid.ys) - 2)), max(0, min(column, len(grid.xs) - 2))), []).append(piece)
    return held


def _with_rows_of_figures(grid: Grid, pieces: Sequence[Fragment]) -> Grid:
    """Where only groups of rows are ruled, a line between the rows of figures of a group."""
    ys, horizontals = list(grid.ys), list(grid.horizontals)
    bands: dict[int, dict[int, list[list[Line]]]] = {}
    for (row, column), held in _held(grid, pieces).items():
        bands.setdefault(row, {})[column] = by_rows(lines_of(held))
    between = {row: _between_rows(list(cells.values())) for row, cells in bands.items()}
    if sum(map(bool, between.values())) < _GROUPS * (len(bands) - 1):
        return grid  # most rows are ruled: what has several lines is a cell of several lines
    for row, cells in bands.items():
        for at in between[row]:
            place = bisect_right(ys, at)
            several = [column for column, lines in cells.items() if len(lines) > 1]
            rules = [Rule.across(at, grid.xs[column], grid.xs[column + 1], stroke=False) for column in several]
            ys.insert(place, at)
            horizontals.insert(place, rules)
    return Grid(grid.xs, ys, grid.verticals, horizontals)


def _with_columns_of_words(grid: Grid, pieces: Sequence[Fragment]) -> Grid:
    """Where only the header shows the lines between columns, they go on in the rows that leave them free."""
    held = by_rows(lines_of(pieces))
    verticals = [list(rules) for rules in grid.verticals]
    for place, x in enumerate(grid.xs[1:-1], start=1):
        bare = [row for row in held if not stands(verticals[place], row[0].y + 0.3 * row[0].size)]
        free = [row for row in bare if not any(line.x0 < x < line.x1 for line in row)]
        apart = [row for row in free if row[0].x1 <= x <= row[-1].x0]
        if len(bare) > len(held) / 2 and len(free) > _FREE * len(bare) and len(apart) > len(bare) / 2:
            for row in free:
                band = bisect_right(grid.ys, row[0].y + 0.3 * row[0].size)
                if 0 < band < len(grid.ys):
                    verticals[place].append(Rule.down(x, grid.ys[band - 1], grid.ys[band], stroke=False))
    return Grid(grid.xs, grid.ys, verticals, grid.horizontals)


def _between_rows(cells: Sequence[Sequence[Sequence[Line]]]) -> list[float]:
    """Heights between the rows that a column of figures shows in one band of cells."""
    if len(cells) < 2:
        return []
    columns = [[" ".join(line.text for line in row) for row in rows] for rows in cells]
    for rows, texts in zip(cells, columns, strict=True):
        aligned = [other for other in cells if _aligned(rows, other)]
        if len(rows) < 2 or len(aligned) < 2:
            continue
        if all(is_figure(text) for text in texts) or (len(rows) > 2 and not any(map(_goes_on, texts))):
            return [(upper[0].bottom + lower[0].top) / 2 for upper, lower in pairwise(rows)]
    return []


def _aligned(rows: Sequence[Sequence[Line]], other: Sequence[Sequence[Line]]) -> bool:
    """Whether both have their rows on the same baselines."""
    near = 0.3 * rows[0][0].size
    return len(rows) == len(other) and all(
        abs(mine[0].y - theirs[0].y) < near for mine, theirs in zip(rows, other, strict=True)
    )


def _goes_on(text: str) -> bool:
    """Whether a line reads like a part of a longer text."""
    return text[:1].islower() or text.endswith(("-", ",")) or len(text.split()) > 4


def _within(fragment: Fragment, box: tuple[float, float, float, float]) -> bool:
    return box[0] - 1 < (fragment.x0 + fragment.x1) / 2 < box[2] + 1


def cut(fragment: Fragment, grid: Grid) -> list[Fragment]:
    """The parts of a fragment between the lines that it crosses: numbers of neighbouring cells are not one number."""
    crossed = [
        place
        for place, x in enumerate(grid.xs)
        if fragment.x0 + _CUT < x < fragment.x1 - _CUT and stands(grid.verticals[place], fragment.y)
    ]
    parts = []
    rest = fragment
    for place in crossed:
        at = next((i for i, edge in enumerate(rest.edges[:-1]) if edge >= grid.xs[place] - _CUT), 0)
        if at:
            parts.append(replace(rest, text=rest.text[:at], edges=rest.edges[: at + 1]))
            rest = replace(rest, text=rest.text[at:], edges=rest.edges[at:])
    return [*parts, rest]


@dataclass(frozen=True)
class _Held:
    """A cell and what stands in it."""

    row: int
    column: int
    rows: int
    columns: int
    fragments: list[Fragment]


def _cells(
    areas: dict[tuple[int, int], list[tuple[int, int]]], held: dict[tuple[int, int], list[Fragment]]
) -> list[_Held]:
    cells = []
    for places in areas.values():
        top, left = min(row for row, _ in places), min(column for _, column in places)
        bottom, right = max(row for row, _ in places), max(column for _, column in places)
        content = [piece for place in places for piece in held.get(place, [])]
        cells.append(_Held(top, left, bottom - top + 1, right - left + 1, content))
    return _without_gaps(cells)


def _without_gaps(cells: list[_Held]) -> list[_Held]:
    """Rows and columns in which nothing begins and nothing stands are spacing, as between double lines."""
    filled = [cell for cell in cells if cell.fragments]
    rows = sorted({cell.row for cell in filled})
    columns = sorted({cell.column for cell in filled})

    def span(start: int, count: int, kept: list[int]) -> int:
        return max(1, sum(start <= place < start + count for place in kept))

    return [
        _Held(
            rows.index(cell.row),
            columns.index(cell.column),
            span(cell.row, cell.rows, rows),
            span(cell.column, cell.columns, columns),
            cell.fragments,
        )
        for cell in filled
    ]


def _like_a_table(cells: Sequence[_Held]) -> bool:
    filled_columns, filled_rows = {cell.column for cell in cells}, {cell.row for cell in cells}
    if len(filled_columns) < 2 or len(cells) < 3:
        return False
    lines = max((len(by_rows(lines_of(cell.fragments))) for cell in cells), default=0)
    return len(filled_rows) > 1 or lines > 1
