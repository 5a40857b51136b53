"""Characters as they are shown, gathered into fragments: what stands together without a space."""

import math

from tasks_lib.ingestion.converters.pdf.page import Fragment

WORD_GAP = 0.16
"""A gap of this share of the size is a space that the file left out."""
_OVERLAP = 0.5
_SAME = 0.1
_NEAR = 0.3
_SLANT = 0.03
_QUARTER = 90


class Pen:
    """Gathers characters.

    :ivar fragments: By direction of writing (0, 90, 180 or 270 degrees), each in coordinates in which it runs right.
    """

    def __init__(self) -> None:
        self.fragments: dict[int, list[Fragment]] = {0: [], 90: [], 180: [], 270: []}
        self._y = self._size = self._end = 0.0
        self._angle = 0
        self._bold = self._artifact = False
        self._blank = (math.inf, math.inf, math.inf)
        self._open: Fragment | None = None
        self._order = 0

    def begin(self, y: float, size: float, angle: int, *, bold: bool, artifact: bool) -> None:
        """A string is shown on the baseline `y`; it may go on where the last one ended."""
        if (
            angle != self._angle
            or abs(y - self._y) > _SAME * size
            or abs(size - self._size) > _SAME * size
            or artifact != self._artifact
        ):
            self._open = None
        self._y, self._size, self._angle, self._bold, self._artifact = y, size, angle, bold, artifact

    def glyph(self, text: str, edges: tuple[float, float], after: float) -> None:
        """One character from edge to edge; the next one is due at `after`."""
        gap, self._end = edges[0] - self._end, after
        if not text.strip():
            if text:
                self._open = None
                self._blank = (*edges, self._y)
            return
        x0, x1 = min(edges), max(edges)
        places = [x0] * len(text) + [x1]
        if self._open is not None and -_OVERLAP * self._size < gap < WORD_GAP * self._size:
            self._open.edges[-1:] = places
            self._open.text += text
            return
        self._order += 1
        spaced = self._after_blank(x0, x1)
        self._open = Fragment(text, places, self._y, self._size, self._bold, self._order, spaced, self._artifact)
        self.fragments[self._angle].append(self._open)

    def _after_blank(self, x0: float, x1: float) -> bool:
        """Whether the last space that was shown touches the character, on one side or the other."""
        left, right, y = self._blank
        near = _NEAR * self._size
        return abs(y - self._y) < near and (abs(right - x0) < near or abs(left - x1) < near)


def angle_of(a: float, b: float) -> int | None:
    """Direction of writing along (a, b), counter-clockwise: 0, 90, 180 or 270 degrees; `None` for slanted text."""
    length = math.hypot(a, b)
    if not length:
        return None
    if abs(b) < _SLANT * length:
        return 0 if a > 0 else 2 * _QUARTER
    if abs(a) < _SLANT * length:
        return _QUARTER if b > 0 else 3 * _QUARTER
    return None


def upright(x: float, y: float, angle: int) -> tuple[float, float]:
    """A point in coordinates in which text of that angle runs to the right."""
    if angle == _QUARTER:
        return y, -x
    if angle == 2 * _QUARTER:
        return -x, -y
    return (-y, x) if angle == 3 * _QUARTER else (x, y)
