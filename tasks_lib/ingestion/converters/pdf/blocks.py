"""Regions of a page to blocks: paragraphs of rows, and tables."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tasks_lib.ingestion.converters.pdf.layout import Element
from tasks_lib.ingestion.converters.pdf.lines import Line
from tasks_lib.ingestion.converters.pdf.table import Table, by_rows

_ITEM = re.compile(r"(?:[•▪◦‣●■□▶❖✓➢☐☑☒–—*\ufffd]|[-o](?=\s)|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)](?=\s)|\[\d{1,3}\])")
_SENTENCE_END = re.compile(r"[.!?:;。\uff01\uff1f؟][\"'”’»)\]]*$")
_LEADER = re.compile(r"(?:[.·…_]\s?){4,}\s*\S{0,8}$")
_LEADING = 1.3
_MOST_LEADING = 2.4
_SAME_SIZE = 0.08
_INDENT = 0.9
_ROOM = 1.2


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is read; lengths in points."""

    text: str
    y: float
    x0: float
    x1: float
    size: float
    bold: bool
    artifact: bool = False
    parts: tuple[str, ...] = ()
    """Its texts between wide gaps."""


@dataclass(frozen=True)
class Paragraph:
    """Rows that belong together.

    :ivar item: Whether it is an item of a list.
    :ivar apart: Whether white space stands above it.
    """

    rows: tuple[Row, ...]
    item: bool = False
    apart: bool = True

    @property
    def size(self) -> float:
        """Size of its first row."""
        return self.rows[0].size


Block = Paragraph | Table


def blocks_of(region: Sequence[Element]) -> list[Block]:
    """Blocks of one region, from the top."""
    blocks: list[Block] = []
    rows: list[Row] = []
    for element in [*_across(region), None]:
        if isinstance(element, Row):
            rows.append(element)
            continue
        blocks += _paragraphs(rows)
        rows = []
        if element is not None:
            blocks.append(element)
    return blocks


def row_of(lines: Sequence[Line]) -> Row:
    """What stands on one height, read from the left, or from the right where the script does."""
    main = max(lines, key=lambda line: line.x1 - line.x0)
    fragments = [fragment for line in lines for fragment in line.fragments]
    merged = Line(tuple(sorted(fragments, key=lambda each: each.x0)))
    artifact = all(fragment.artifact for fragment in fragments)
    bold = all(line.bold for line in lines)
    parts = tuple(line.text for line in lines)
    return Row(merged.text, main.y, merged.x0, merged.x1, merged.size, bold, artifact, parts)


def _across(region: Sequence[Element]) -> list[Row | Table]:
    found: list[Row | Table] = []
    lines: list[Line] = []
    for element in region:
        if isinstance(element, Line):
            lines.append(element)
            continue
        found += [row_of(row) for row in by_rows(lines)]
        lines = []
        found.append(element)
    return [*found, *(row_of(row) for row in by_rows(lines))]


def _paragraphs(rows: Sequence[Row]) -> list[Paragraph]:
    paragraphs: list[Paragraph] = []
    for stretch in _stretches(rows):
        right = max(row.x1 for row in stretch)
        parts = [[stretch[0]]]
        for above, row in pairwise(stretch):
            if _goes_on(above, row, parts[-1], right):
                parts[-1].append(row)
            else:
                parts.append([row])
        for place, part in enumerate(parts):
            paragraphs.append(Paragraph(tuple(part), bool(_ITEM.match(part[0].text)), place == 0))
    return paragraphs


def _stretches(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of one size with the usual distance between them."""
    if not rows:
        return []
    gaps = [upper.y - lower.y for upper, lower in pairwise(rows) if _alike(upper, lower) and upper.y > lower.y]
    near = [gap for gap in gaps if gap < _MOST_LEADING * median(row.size for row in rows)]
    leading = median(near) if near else 0.0
    stretches = [[rows[0]]]
    for above, row in pairwise(rows):
        limit = min(max(_LEADING * leading, row.size), _MOST_LEADING * row.size) if leading else 1.6 * row.size
        weight = above.bold == row.bold or (len(stretches[-1]) > 1 and not row.bold)
        if 0 < above.y - row.y <= limit and _alike(above, row) and weight:
            stretches[-1].append(row)
        else:
            stretches.append([row])
    return stretches


def _alike(above: Row, row: Row) -> bool:
    return abs(above.size - row.size) <= _SAME_SIZE * above.size


def _goes_on(above: Row, row: Row, paragraph: Sequence[Row], right: float) -> bool:
    """Whether `row` belongs to the paragraph that ends in `above`, in a stretch that reaches to `right`."""
    if _ITEM.match(row.text) or _LEADER.search(above.text):
        return False
    first = paragraph[0]
    item = len(paragraph) == 1 and bool(_ITEM.match(first.text))
    body = min(each.x0 for each in paragraph[1:]) if len(paragraph) > 1 else first.x0
    ended = bool(_SENTENCE_END.search(above.text))
    if row.x0 > body + _INDENT * row.size and not item and (ended or len(paragraph) > 1):
        return False
    return row.text[0].islower() or not _had_room(above, row, right)


def _had_room(above: Row, row: Row, right: float) -> bool:
    """Whether the first word of `row` would have stood in the row above: then the line was ended on purpose."""
    word = len(row.text.split(maxsplit=1)[0]) + 1
    wide = (row.x1 - row.x0) / max(len(row.text), 1) * word
    return right - above.x1 > _ROOM * wide + row.size and row.x0 < above.x1
