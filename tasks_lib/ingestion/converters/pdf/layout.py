"""Reading order: a page cut into regions that are read one after the other, columns from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tasks_lib.ingestion.converters.pdf.lines import Line
from tasks_lib.ingestion.converters.pdf.table import Table, by_rows, is_figure

Element = Line | Table

DEEPEST = 6
_STEP = 2.0
_LEVELS = (0.0, 0.06, 0.15, 0.3, 0.5)
_NARROWEST = 0.7
_FEWEST_WORDS = 2.5
_MORE_WORDS = 3.2
"""Where a side has two lines only, or cells beside each other."""
_FEWEST_CJK = 8
_SEVERAL = 1.7
_FIGURES = 0.4
_SHARED = 0.4
_ALIGNED = 0.7


@dataclass(frozen=True)
class Box:
    """An element with its place: left, lower, right and upper edge."""

    element: Element
    x0: float
    bottom: float
    x1: float
    top: float


def regions(elements: Sequence[Element], *, leftwards: bool = False) -> list[list[Element]]:
    """Regions in reading order; within each, what stands on one height is read across.

    :param leftwards: The right column is read first.
    """
    boxes = [boxed(element) for element in elements]
    return [[box.element for box in part] for part in _cut(boxes, 0, leftwards=leftwards)]


def boxed(element: Element) -> Box:
    """An element with its place."""
    if isinstance(element, Table):
        return Box(element, *element.box)
    return Box(element, element.x0, element.bottom, element.x1, element.top)


def _cut(boxes: list[Box], depth: int, *, leftwards: bool) -> list[list[Box]]:
    gutter = _gutter(boxes) if depth < DEEPEST and len(boxes) > 3 else None
    if gutter is None:
        return [boxes] if boxes else []
    parts: list[list[Box]] = []
    plain: list[Box] = []
    for across, left, right in _bands(boxes, gutter):
        plain += across
        if columns(left, right):
            parts += _cut(plain, depth + 1, leftwards=leftwards)
            plain = []
            for side in (right, left) if leftwards else (left, right):
                parts += _cut(side, depth + 1, leftwards=leftwards)
        else:
            plain += [*left, *right]
    return [*parts, *_cut(plain, depth + 1, leftwards=leftwards)]


def _gutter(boxes: Sequence[Box]) -> float | None:
    """Middle of the white stripe on whose sides the most columns stand; `None` without one."""
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    count = int((right - left) / _STEP) + 1
    cover = [0.0] * (count + 1)
    for box in boxes:
        begin, end = int((box.x0 - left) / _STEP), int((box.x1 - left) / _STEP)
        cover[begin] += box.top - box.bottom
        cover[min(end + 1, count)] -= box.top - box.bottom
    height, heights = 0.0, []
    for change in cover[:count]:
        height += change
        heights.append(height)
    size = median(box.element.size if isinstance(box.element, Line) else 10.0 for box in boxes)
    places = {
        (begin + end) / 2
        for share in _LEVELS
        for begin, end in _stripes(heights, share * max(heights) + 0.1)
        if (end - begin) * _STEP >= _NARROWEST * size
    }
    best, most = None, 0.0
    for place in sorted(places):
        middle = left + place * _STEP
        gain = sum(min(_height(one), _height(other)) for _, one, other in _bands(boxes, middle) if columns(one, other))
        if gain > most:
            best, most = middle, gain
    return best


def _stripes(heights: Sequence[float], limit: float) -> list[tuple[int, int]]:
    stripes, begin = [], None
    for place, height in enumerate([*heights, limit + 1]):
        if height <= limit and begin is None:
            begin = place
        elif height > limit and begin is not None:
            stripes.append((begin, place))
            begin = None
    return stripes


def _bands(boxes: Sequence[Box], gutter: float) -> list[tuple[list[Box], list[Box], list[Box]]]:
    """From the top: what crosses the gutter, then what stands to its left and right until the next that crosses."""
    bands: list[tuple[list[Box], list[Box], list[Box]]] = [([], [], [])]
    for box in sorted(boxes, key=lambda each: (-(each.top + each.bottom) / 2, each.x0)):
        if box.x0 < gutter - 1 and box.x1 > gutter + 1:
            if bands[-1][1] or bands[-1][2]:
                bands.append(([], [], []))
            bands[-1][0].append(box)
        else:
            bands[-1][1 if box.x1 <= gutter + 1 else 2].append(box)
    return bands


def _height(boxes: Sequence[Box]) -> float:
    return sum(box.top - box.bottom for box in boxes)


def columns(left: Sequence[Box], right: Sequence[Box]) -> bool:
    """Whether two sides are texts of their own, not the cells of rows."""
    if not left or not right:
        return False
    shared = min(max(b.top for b in left), max(b.top for b in right)) - max(
        min(b.bottom for b in left), min(b.bottom for b in right)
    )
    height = min(max(b.top for b in side) - min(b.bottom for b in side) for side in (left, right))
    if shared < _SHARED * height:
        return False
    return all(map(_flows, (left, right))) or (
        len(left) + len(right) > 4 and not _in_rows(left, right) and any(map(_flows, (left, right)))
    )


def _flows(side: Sequence[Box]) -> bool:
    """Whether a side reads like running text: several lines of several words, few of them figures."""
    lines = [box.element for box in side if isinstance(box.element, Line)]
    if len(lines) < len(side):
        return True
    if len(lines) < 2 or sum(is_figure(line.text) for line in lines) > _FIGURES * len(lines):
        return False
    rows = by_rows(lines)
    if len(rows) < 2:
        return False
    texts = [line.text for line in lines]
    words = sum(len(text.split()) for text in texts) / len(texts)
    wide = sum(ord(c) > 0x2E80 for text in texts for c in text) / len(texts)
    several = len(rows) == 2 or len(lines) > _SEVERAL * len(rows)
    wanted = _MORE_WORDS if several else _FEWEST_WORDS
    return words >= wanted or wide >= _FEWEST_CJK


def _in_rows(left: Sequence[Box], right: Sequence[Box]) -> bool:
    """Whether most lines of the shorter side stand on baselines of the other."""
    few, many = sorted((left, right), key=len)
    heights = [(box.bottom + box.top) / 2 for box in many]
    near = sum(any(abs((box.bottom + box.top) / 2 - height) < 2 for height in heights) for box in few)
    return len(few) < 3 or near >= _ALIGNED * len(few)
