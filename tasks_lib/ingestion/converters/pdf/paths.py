"""Painted paths, reduced to the ruling lines that they show."""

from itertools import pairwise

from tasks_lib.ingestion.converters.pdf.page import Rule

Point = tuple[float, float]

THIN = 3.0
"""A filled area of less than this many points is a line."""
MOST_RULES = 20_000
"""A page with more lines is a drawing."""
_STRAIGHT = 1.0
_SHORTEST = 2.0


class Paths:
    """Takes path construction and painting, gives rules."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._subpaths: list[list[Point]] = []
        self._curved = False

    def move(self, point: Point) -> None:
        """Begin a subpath."""
        self._subpaths.append([point])

    def line(self, point: Point) -> None:
        """A straight line to `point`."""
        if self._subpaths:
            self._subpaths[-1].append(point)

    def curve(self, point: Point) -> None:
        """A curve to `point`; what has one is no line."""
        self._curved = True
        self.line(point)

    def close(self) -> None:
        """Back to where the subpath began."""
        if self._subpaths and len(self._subpaths[-1]) > 1:
            self._subpaths[-1].append(self._subpaths[-1][0])

    def paint(self, *, stroke: bool, fill: bool) -> None:
        """End the path, and keep the lines that painting it shows."""
        subpaths, self._subpaths = self._subpaths, []
        curved, self._curved = self._curved, False
        if not (stroke or fill) or len(self.rules) > MOST_RULES:
            return
        for points in subpaths:
            area = self._area(points)
            if area is not None:
                self._keep(area, stroke=stroke)
            elif stroke and not curved:
                for begin, end in pairwise(points):
                    self._segment(begin, end)

    @staticmethod
    def _area(points: list[Point]) -> tuple[float, float, float, float] | None:
        """The box of an upright rectangle."""
        corners = {(round(x, 1), round(y, 1)) for x, y in points}
        xs, ys = sorted({x for x, _ in corners}), sorted({y for _, y in corners})
        four = len(points) in {4, 5} and len(corners) <= 4
        if not four or len(xs) > 2 or len(ys) > 2 or len(corners) < len(xs) * len(ys):
            return None
        return xs[0], ys[0], xs[-1], ys[-1]

    def _keep(self, area: tuple[float, float, float, float], *, stroke: bool) -> None:
        x0, y0, x1, y1 = area
        if y1 - y0 < THIN and x1 - x0 < THIN:
            return
        if y1 - y0 < THIN:
            self._add(Rule.across((y0 + y1) / 2, x0, x1))
        elif x1 - x0 < THIN:
            self._add(Rule.down((x0 + x1) / 2, y0, y1))
        else:
            for y in (y0, y1):
                self._add(Rule.across(y, x0, x1, stroke=stroke))
            for x in (x0, x1):
                self._add(Rule.down(x, y0, y1, stroke=stroke))

    def _segment(self, begin: Point, end: Point) -> None:
        (x0, y0), (x1, y1) = begin, end
        if abs(y1 - y0) < _STRAIGHT and abs(x1 - x0) >= _SHORTEST:
            self._add(Rule.across((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif abs(x1 - x0) < _STRAIGHT and abs(y1 - y0) >= _SHORTEST:
            self._add(Rule.down((x0 + x1) / 2, min(y0, y1), max(y0, y1)))

    def _add(self, rule: Rule) -> None:
        self.rules.append(rule)
