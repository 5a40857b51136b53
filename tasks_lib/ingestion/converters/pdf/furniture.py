"""Headers, footers and page numbers: what stands at the edge of a page and comes again on others."""

import re
from collections.abc import Sequence

from tasks_lib.ingestion.converters.pdf.blocks import Row

MOST_ROWS = 4
"""Rows at each edge that may be a header or footer."""
_COUNT = r"(?:\d{1,4}|[ivxlc]{1,7})"
_NUMBER = rf"(?:(?:page|seite|página|pagina|p\.|pg\.?|s\.)\s*)?({_COUNT})(?:\s*(?:of|von|de|sur|di|/)\s*\d{{1,4}})?"
_FIRST = re.compile(rf"^\W*{_NUMBER}(?![\w.,]\w)\b", re.IGNORECASE)
_LAST = re.compile(rf"(?<![\w.,])\b{_NUMBER}\W*$", re.IGNORECASE)
_BAND = 8.0
_SAME_PLACE = 3.0
_MOST_WORDS = 25
_FEW_PAGES = 4


class _Edge:
    """What stands at the upper or the lower edge of all pages, from the edge inwards."""

    def __init__(self, pages: Sequence[list[Row]], needed: int) -> None:
        self._pages = pages
        self._needed = needed
        self._many = len(pages) > 1
        self._texts: dict[str, list[float]] = {}
        self._numbers: list[tuple[float, str]] = []
        for rows in pages:
            for key, y in {_key(row): row.y for row in rows}.items():
                self._texts.setdefault(key, []).append(y)
            self._numbers += [(row.y, number) for row in rows if (number := _page_number(row))]

    def left_out(self, rows: Sequence[Row]) -> set[Row]:
        """Rows of a page, as long as they come again at their place or hold the page number at its place."""
        found: set[Row] = set()
        for row in rows:
            if not (row.artifact and self._many) and not self._again(row):
                break
            found.add(row)
        return found

    def _again(self, row: Row) -> bool:
        if len(row.text.split()) > _MOST_WORDS:
            return False
        if sum(abs(y - row.y) < _BAND for y in self._texts[_key(row)]) >= self._needed:
            return True
        there = {number for y, number in self._numbers if abs(y - row.y) < _SAME_PLACE}
        return bool(_page_number(row)) and len(there) > self._needed


def repeated(pages: Sequence[Sequence[Row]]) -> list[set[Row]]:
    """For each page, the rows that are headers, footers or page numbers.

    :param pages: The rows of each page, tables aside.
    """
    needed = 2 if len(pages) <= _FEW_PAGES else 3
    ordered = [sorted(rows, key=lambda row: -row.y) for rows in pages]
    tops, bottoms = [rows[:MOST_ROWS] for rows in ordered], [rows[-MOST_ROWS:][::-1] for rows in ordered]
    upper, lower = _Edge(tops, needed), _Edge(bottoms, needed)
    return [upper.left_out(top) | lower.left_out(bottom) for top, bottom in zip(tops, bottoms, strict=True)]


def _key(row: Row) -> str:
    """Text of a row without the page number at the beginning or end of one of its parts."""
    return " | ".join(_LAST.sub("#", _FIRST.sub("#", " ".join(part.split()), count=1), count=1) for part in row.parts)


def _page_number(row: Row) -> str:
    """The number that a part of a row begins or ends with, if the row has no other."""
    found = next((match for part in row.parts if (match := _FIRST.search(part) or _LAST.search(part))), None)
    rest = row.text.replace(found[0].strip(), "", 1) if found else row.text
    return found[1] if found and not any(character.isdigit() for character in rest) else ""
