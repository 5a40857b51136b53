"""Ruling lines to grids: where they stand, and which places of a grid are one cell."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tasks_lib.ingestion.converters.pdf.page import Rule

SNAP = 3.0
"""Lines nearer than this many points are one; a line that ends this near another one meets it."""
MOST_PLACES = 40_000
"""A finer grid is a drawing."""
_COVERED = 0.6
_EDGE = 6.0


@dataclass(frozen=True)
class Grid:
    """Places of the lines of a table, ascending, and which rules lie on each."""

    xs: list[float]
    ys: list[float]
    verticals: list[list[Rule]]
    horizontals: list[list[Rule]]


def grids_of(rules: Iterable[Rule]) -> list[Grid]:
    """A grid for each group of rules that meet each other, if they make at least two columns."""
    grids = (_grid(component) for component in _components(_merged(rules)))
    return [grid for grid in grids if grid is not None]


def _merged(rules: Iterable[Rule]) -> list[Rule]:
    """Rules on one line that touch become one."""
    merged: list[Rule] = []
    for rule in sorted(rules, key=lambda each: (each.horizontal, round(each.at / SNAP), each.low)):
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.horizontal == rule.horizontal
            and abs(last.at - rule.at) < SNAP
            and rule.low <= last.high + SNAP
        ):
            merged[-1] = replace(last, high=max(last.high, rule.high), stroke=last.stroke or rule.stroke)
        else:
            merged.append(rule)
    return merged


def _components(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that meet each other, directly or over others."""
    horizontals = [rule for rule in rules if rule.horizontal]
    verticals = sorted((rule for rule in rules if not rule.horizontal), key=lambda rule: rule.at)
    places = [rule.at for rule in verticals]
    parent = {id(rule): id(rule) for rule in rules}

    def root(key: int) -> int:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for across in horizontals:
        for place in range(bisect_right(places, across.low - SNAP), len(verticals)):
            down = verticals[place]
            if down.at > across.high + SNAP:
                break
            if down.low - SNAP <= across.at <= down.high + SNAP:
                parent[root(id(across))] = root(id(down))
    groups: dict[int, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(root(id(rule)), []).append(rule)
    return [group for group in groups.values() if len(group) > 3]


def _grid(rules: Sequence[Rule]) -> Grid | None:
    across, down = ([rule for rule in rules if rule.horizontal is flag] for flag in (True, False))
    if len(across) < 2 or len(down) < 1:
        return None
    xs, verticals = _places(down)
    ys, horizontals = _places(across)
    left, right = min(rule.low for rule in across), max(rule.high for rule in across)
    if left < xs[0] - _EDGE:
        xs, verticals = [left, *xs], [[Rule.down(left, ys[0], ys[-1])], *verticals]
    if right > xs[-1] + _EDGE:
        xs, verticals = [*xs, right], [*verticals, [Rule.down(right, ys[0], ys[-1])]]
    if len(xs) < 3 or len(ys) < 2 or len(xs) * len(ys) > MOST_PLACES:
        return None
    return Grid(xs, ys, verticals, horizontals)


def _places(rules: Sequence[Rule]) -> tuple[list[float], list[list[Rule]]]:
    """Places of parallel rules, those nearer than `SNAP` as one, and the rules of each."""
    places: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda each: each.at):
        if places and rule.at - places[-1][-1].at < SNAP:
            places[-1].append(rule)
        else:
            places.append([rule])
    return [sum(rule.at for rule in group) / len(group) for group in places], places


def stands(rules: Sequence[Rule], y: float) -> bool:
    """Whether one of these vertical rules passes the height `y`."""
    return any(rule.low - 1 <= y <= rule.high + 1 for rule in rules)


def areas_of(grid: Grid) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Cells, each with its places in the grid, by the first of them: places without a line between them are one."""
    rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
    owner = {(row, column): (row, column) for row in range(rows) for column in range(columns)}

    def root(place: tuple[int, int]) -> tuple[int, int]:
        while owner[place] != place:
            owner[place] = owner[owner[place]]
            place = owner[place]
        return place

    for row, column in list(owner):
        low, high = grid.ys[rows - row - 1], grid.ys[rows - row]
        if column + 1 < columns and not _covered(grid.verticals[column + 1], low, high):
            owner[root((row, column + 1))] = root((row, column))
        if row + 1 < rows and not _covered(grid.horizontals[rows - row - 1], grid.xs[column], grid.xs[column + 1]):
            owner[root((row + 1, column))] = root((row, column))
    areas: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place in owner:
        areas.setdefault(root(place), []).append(place)
    return areas


def _covered(rules: Sequence[Rule], low: float, high: float) -> bool:
    length = sum(max(0.0, min(rule.high, high) - max(rule.low, low)) for rule in rules)
    return length > _COVERED * (high - low)
