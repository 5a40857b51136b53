"""Fragments to lines: what stands on one baseline without a wide gap, as it is read."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from tasks_lib.ingestion.converters.pdf.page import Fragment
from tasks_lib.ingestion.converters.pdf.pen import WORD_GAP

WIDE_GAP = 1.1
"""A gap of more than this share of the size separates lines of two columns, or two cells."""
_SAME_BASELINE = 0.2
_SMALL = 0.85
_NEAR = 0.6
_RAISED = 0.15
_TWICE = 0.2
_LATEST = 50
_BULLET = re.compile(r"[•▪◦‣●■□▶–*o-]$|\d{1,3}[.)]$|\(?[a-z]\)$")
_UNIT = re.compile(r"(?:^|[\d\s/·(])(?:[kcdm]?m|ft|yd|in)$")
_LETTER = r"[^\W\d_\u0590-\u08ff\ufb1d-\ufefc]"
_OTHER = rf"(?:{_LETTER}|(?<={_LETTER})\d|\d(?={_LETTER}))"
_LEFT_TO_RIGHT = re.compile(rf"{_OTHER}+(?:[\s.,'’&/_-]+{_OTHER}+)*|[%€$£]?\d+(?:[.,:/\u066b\u066c-]\d+)*[%€$£]?")


@dataclass(frozen=True)
class Line:
    """Fragments on one baseline, from left to right, none far from the next."""

    fragments: tuple[Fragment, ...]

    @cached_property
    def x0(self) -> float:
        """Left edge."""
        return min(fragment.x0 for fragment in self.fragments)

    @cached_property
    def x1(self) -> float:
        """Right edge."""
        return max(fragment.x1 for fragment in self.fragments)

    @cached_property
    def size(self) -> float:
        """Size of most of its characters."""
        sizes: dict[float, int] = {}
        for fragment in self.fragments:
            size = round(fragment.size, 1)
            sizes[size] = sizes.get(size, 0) + len(fragment.text)
        return max(sizes, key=lambda size: (sizes[size], size))

    @cached_property
    def y(self) -> float:
        """Baseline."""
        return median(fragment.y for fragment in self.fragments if fragment.size >= self.size * _SMALL)

    @property
    def top(self) -> float:
        """Upper edge of its main text."""
        return self.y + 0.75 * self.size

    @property
    def bottom(self) -> float:
        """Lower edge of its main text."""
        return self.y - 0.2 * self.size

    @cached_property
    def bold(self) -> bool:
        """Whether nearly all of it is bold."""
        heavy = sum(len(fragment.text) for fragment in self.fragments if fragment.bold)
        return heavy > 0.9 * sum(len(fragment.text) for fragment in self.fragments)

    @property
    def order(self) -> int:
        """Place in the file."""
        return min(fragment.order for fragment in self.fragments)

    @cached_property
    def text(self) -> str:
        """As it is read."""
        return text_of(self.fragments)


def lines_of(fragments: Iterable[Fragment]) -> list[Line]:
    """Lines from top to bottom, those of one baseline from left to right."""
    lines = []
    for row in _attached(_rows(fragments)):
        lines += split(row)
    return sorted(lines, key=lambda line: (-line.y, line.x0))


def split(row: Sequence[Fragment]) -> list[Line]:
    """The lines of one baseline."""
    parts: list[list[Fragment]] = []
    end = 0.0
    for fragment in sorted(row, key=lambda each: each.x0):
        gap = fragment.x0 - end
        bullet = bool(parts) and len(parts[-1]) == 1 and bool(_BULLET.match(parts[-1][0].text))
        if parts and gap <= (3 if bullet else 1) * WIDE_GAP * max(fragment.size, parts[-1][-1].size):
            parts[-1].append(fragment)
        else:
            parts.append([fragment])
        end = max(end, fragment.x1) if len(parts[-1]) > 1 else fragment.x1
    return [Line(tuple(part)) for part in parts]


def _rows(fragments: Iterable[Fragment]) -> list[list[Fragment]]:
    """Fragments by baseline, from top to bottom."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(_once(fragments), key=lambda each: (-each.y, each.x0)):
        row = rows[-1] if rows else None
        if row is not None and row[0].y - fragment.y <= _SAME_BASELINE * min(fragment.size, row[0].size):
            row.append(fragment)
        else:
            rows.append([fragment])
    return rows


def _once(fragments: Iterable[Fragment]) -> Iterable[Fragment]:
    """Each word once, where a file shows it again at its place to make it look bold or shaded."""
    seen: dict[str, list[Fragment]] = {}
    for fragment in fragments:
        same = seen.setdefault(fragment.text, [])
        near = _TWICE * fragment.size
        if not any(abs(each.x0 - fragment.x0) < near and abs(each.y - fragment.y) < near for each in same[-_LATEST:]):
            yield fragment
        same.append(fragment)


def _attached(rows: list[list[Fragment]]) -> list[list[Fragment]]:
    """Raised and lowered characters go to the row beside whose text they stand."""
    sizes = [max(fragment.size for fragment in row) for row in rows]
    for place, row in enumerate(rows):
        for fragment in list(row):
            near = [other for other in range(max(0, place - 3), min(len(rows), place + 4)) if other != place]
            others = [rows[other] for other in near if fragment.size < _SMALL * sizes[other]]
            home = next((other for other in others if _beside(fragment, other)), None)
            if home is not None and not _beside(fragment, [each for each in row if each is not fragment], same=True):
                row.remove(fragment)
                home.append(fragment)
    return [row for row in rows if row]


def _beside(fragment: Fragment, row: Sequence[Fragment], *, same: bool = False) -> bool:
    """Whether larger text (`same`: any) of `row` stands directly beside the fragment and overlaps its height."""
    for other in row:
        larger = same or fragment.size < _SMALL * other.size
        overlap = min(fragment.top, other.top) - max(fragment.bottom, other.bottom)
        if not larger or overlap < 0.3 * (fragment.top - fragment.bottom):
            continue
        reach = _NEAR * other.size
        if -reach < fragment.x0 - other.x1 < reach or -reach < other.x0 - fragment.x1 < reach:
            return True
    return False


def text_of(fragments: Sequence[Fragment]) -> str:
    """Fragments of one line, as they are read; a raised mark stands apart from the word that it follows."""
    ordered = sorted(fragments, key=lambda each: each.x0)
    if right_to_left(ordered):
        return _mirrored(ordered)
    parts: list[str] = []
    before: Fragment | None = None
    for fragment in ordered:
        if before is not None and _space_between(before, fragment):
            parts.append(" ")
        parts.append(fragment.text)
        before = fragment
    return "".join(parts).strip()


def _space_between(before: Fragment, fragment: Fragment) -> bool:
    size = max(before.size, fragment.size)
    if fragment.x0 - before.x1 > WORD_GAP * size:
        return True
    if _shown_apart(before, fragment):
        return True
    smaller = fragment.size < _SMALL * before.size
    raised = smaller and fragment.y - before.y > _RAISED * size
    return raised and fragment.text[0].isalnum() and not _UNIT.search(before.text)


def right_to_left(fragments: Iterable[Fragment]) -> bool:
    """Whether most letters belong to a script that runs to the left."""
    counts = [0, 0]
    for fragment in fragments:
        for character in fragment.text:
            kind = unicodedata.bidirectional(character)
            counts[0] += kind in {"R", "AL"}
            counts[1] += kind == "L"
    return counts[0] > counts[1]


def _mirrored(fragments: Sequence[Fragment]) -> str:
    """A line of a script that runs to the left, as it is read: words of other scripts and numbers run right."""
    characters: list[str] = []
    before: Fragment | None = None
    for fragment in reversed(fragments):
        if before is not None and _space_leftwards(before, fragment):
            characters.append(" ")
        places = sorted(range(len(fragment.text)), key=lambda place: (-fragment.edges[place], place))
        characters += [fragment.text[place] for place in places]
        before = fragment
    return _LEFT_TO_RIGHT.sub(lambda match: match[0][::-1], "".join(characters)).strip()


def _space_leftwards(before: Fragment, fragment: Fragment) -> bool:
    if before.x0 - fragment.x1 > WORD_GAP * fragment.size or _shown_apart(before, fragment):
        return True
    return {_is_leftwards(before.text), _is_leftwards(fragment.text)} == {True, False}


def _is_leftwards(text: str) -> bool | None:
    """Whether letters run to the left; `None` without letters."""
    kinds = {unicodedata.bidirectional(character) for character in text}
    if kinds & {"R", "AL"}:
        return True
    return False if "L" in kinds else None


def _shown_apart(one: Fragment, other: Fragment) -> bool:
    """Whether the file shows a space between two neighbours, in whichever order it shows them."""
    return (one.order == other.order + 1 and one.spaced) or (other.order == one.order + 1 and other.spaced)
