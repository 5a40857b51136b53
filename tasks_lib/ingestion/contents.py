"""What of a text is no content: binary data, and tables of contents, whose lines only repeat the headings.

A table of contents is found for any question about a heading, in place of what stands below it.
"""

import re
from collections.abc import Iterator

_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]{200,}")
_LINK = re.compile(r"\s*(?:(?:[-*+]|\d{1,4}\.)\s+)?\[[^\[\]]{1,200}\]\(#[^()\s]{1,200}\)\s*")
_PAGE = re.compile(r"\s*(?:\d{1,4}|[ivxlc]{1,6})\s*")
_LEADERS = ("....", ". . . .", "……")
_FEWEST_LINES = 3
_LONGEST_LINE = 500


def passed_over(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Spans from `start` on that are no content. Tables of contents are content where there is nothing else.

    A table of contents is three lines or more that are links to places of the same page, or end in a page number
    behind dots.
    """
    binary = [match.span() for match in _DATA_URI.finditer(text, start)]
    listed = [span for span in _contents(text, start) if not any(a < span[1] and span[0] < b for a, b in binary)]
    spans = sorted([*binary, *listed])
    yield from spans if _holds_more(text, start, spans) else binary


def _contents(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Spans of tables of contents."""
    begin, end, lines = start, start, 0
    place = start
    for line in text[start:].splitlines(keepends=True):
        if is_entry(line):
            begin, lines = (begin if lines else place), lines + 1
            end = place + len(line)
        elif line.strip():
            if lines >= _FEWEST_LINES:
                yield begin, end
            lines = 0
        place += len(line)
    if lines >= _FEWEST_LINES:
        yield begin, end


def is_entry(line: str) -> bool:
    """Whether a line is one of a table of contents."""
    if len(line) > _LONGEST_LINE:
        return False
    if _LINK.fullmatch(line):
        return True
    behind = max((line.rfind(leader) + len(leader) for leader in _LEADERS if leader in line), default=0)
    return bool(behind and _PAGE.fullmatch(line, behind)) and any(map(str.isalpha, line[:behind]))


def _holds_more(text: str, start: int, spans: list[tuple[int, int]]) -> bool:
    for left, right in [*spans, (len(text), len(text))]:
        if any(map(str.isalnum, text[start:left])):
            return True
        start = right
    return False
