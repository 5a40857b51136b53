"""White stripes between columns of words that no lines divide, and the runs of rows in which they stand."""

from collections.abc import Sequence
from statistics import median

from tasks_lib.ingestion.converters.pdf.lines import Line
from tasks_lib.ingestion.converters.pdf.page import Fragment

_STRIPE = 0.5
_CROSSED = 0.08
_APART = 2.6

Row = list[Line]
Stripe = tuple[float, float]


def runs(rows: Sequence[Row]) -> list[list[Row]]:
    """Neighbouring rows of which most have several cells; a row of one cell may stand between two of several."""
    found: list[list[Row]] = []
    run: list[Row] = []
    waiting: list[Row] = []
    for before, row in zip([None, *rows], rows, strict=False):
        far = before is not None and before[0].y - row[0].y > _APART * max(size(before), size(row))
        if far or len(waiting) > 2:
            found.append(run)
            run, waiting = [], []
        if len(row) > 1:
            run += [*waiting, row] if run else [row]
            waiting = []
        elif run:
            waiting.append(row)
    return [each for each in [*found, run] if len(each) > 1]


def size(row: Row) -> float:
    """Size of its largest text."""
    return max(line.size for line in row)


def stripes(rows: Sequence[Row]) -> list[Stripe]:
    """White stripes that all but a few of the rows leave free, from left to right."""
    left = min(line.x0 for row in rows for line in row)
    right = max(line.x1 for row in rows for line in row)
    usual = median(size(row) for row in rows)
    allowed = _CROSSED * len(rows) if len(rows) > 5 else 0
    changes: list[tuple[float, int]] = []
    for row in rows:
        for begin, end in _covered(row):
            changes += [(begin, 1), (end, -1)]
    found: list[Stripe] = []
    depth, free = 0, left
    was_free = False
    for x, change in sorted(changes):
        if was_free and depth <= allowed and x - free >= _STRIPE * usual and left < free and x < right:
            if found and free - found[-1][1] < 1:
                found[-1] = (found[-1][0], x)
            else:
                found.append((free, x))
        depth += change
        if depth <= allowed and change < 0 and not (was_free and depth < allowed):
            free, was_free = x, True
        elif depth > allowed:
            was_free = False
    return found


def _covered(row: Row) -> list[Stripe]:
    """What the words of a row cover; words of one cell are joined over their spaces."""
    return [(span[0].x0, max(each.x1 for each in span)) for span in spans(row)]


def spans(row: Row) -> list[list[Fragment]]:
    """Words with no more than a space between them."""
    found: list[list[Fragment]] = []
    end = 0.0
    for fragment in sorted((piece for line in row for piece in line.fragments), key=lambda each: each.x0):
        if found and fragment.x0 - end < _STRIPE * fragment.size:
            found[-1].append(fragment)
        else:
            found.append([fragment])
        end = max(end, fragment.x1) if len(found[-1]) > 1 else fragment.x1
    return found
