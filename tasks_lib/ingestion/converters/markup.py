"""Lightweight markup that is read as it is written: reStructuredText and AsciiDoc, with their headings."""

import re
from collections.abc import Iterator

from tasks_lib.ingestion.converters.converted import ConvertedDocument, Heading
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.markdown import title_of

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}")
_ASCIIDOC_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?")
_ASCIIDOC_BLOCK = re.compile(r"(?:-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|/{4,}|\+{4,}|`{3,})")
_ASCIIDOC_DATE = re.compile(r"^:revdate:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_INLINE = re.compile(r"``|[`*]")


def convert_rst(data: bytes) -> ConvertedDocument:
    """reStructuredText; a heading is a line below which, or around which, punctuation stands."""
    decoded = decode(data)
    outline = tuple(_rst_headings(decoded.text))
    title = title_of(outline)
    return ConvertedDocument(decoded.text, "rst", title=title, headings=outline, doubt=decoded.doubt)


def convert_asciidoc(data: bytes) -> ConvertedDocument:
    """AsciiDoc; a heading is a line that begins with equals signs, outside of delimited blocks."""
    decoded = decode(data)
    outline = tuple(_asciidoc_headings(decoded.text))
    date = _ASCIIDOC_DATE.search(decoded.text)
    return ConvertedDocument(
        decoded.text,
        "adoc",
        title=title_of(outline),
        headings=outline,
        modified=date[1] if date else None,
        doubt=decoded.doubt,
    )


def _lines(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match[0].rstrip()) for match in _LINE.finditer(text)]


def _rst_headings(text: str) -> Iterator[Heading]:
    """Levels are those of the adornments in the order in which they first stand."""
    lines = _lines(text)
    levels: dict[tuple[str, bool], int] = {}
    for place, (position, line) in enumerate(lines):
        below = lines[place + 1][1] if place + 1 < len(lines) else ""
        above = lines[place - 1][1] if place else ""
        if not line.strip() or _ADORNMENT.fullmatch(line) or not _adorns(below, line):
            continue
        over = above == below and bool(_ADORNMENT.fullmatch(above))
        if not over and (line[0].isspace() or above.strip()):
            continue  # within a block, or the last line of a paragraph
        kind = (below[0], over)
        level = levels.setdefault(kind, len(levels) + 1)
        start = position + len(line) - len(line.lstrip())
        yield Heading(start, level, _INLINE.sub("", line.strip()))


def _adorns(adornment: str, line: str) -> bool:
    return bool(_ADORNMENT.fullmatch(adornment)) and len(adornment) >= min(len(line.strip()), 60)


def _asciidoc_headings(text: str) -> Iterator[Heading]:
    block = ""
    for position, line in _lines(text):
        if block:
            block = "" if line == block else block
        elif _ASCIIDOC_BLOCK.fullmatch(line):
            block = line
        elif match := _ASCIIDOC_HEADING.fullmatch(line):
            yield Heading(position, len(match[1]), _INLINE.sub("", match[2]))
