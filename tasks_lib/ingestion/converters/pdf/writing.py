"""Blocks of pages to one text, with its headings, and where its pages begin."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from tasks_lib.ingestion.converters.converted import Heading
from tasks_lib.ingestion.converters.pdf.blocks import Block, Paragraph, Row
from tasks_lib.ingestion.converters.pdf.headings import Outline, Sizes
from tasks_lib.ingestion.converters.pdf.joining import Words
from tasks_lib.ingestion.converters.pdf.opening import Bookmark
from tasks_lib.ingestion.converters.pdf.table import Table
from tasks_lib.ingestion.converters.reading import extracted

_NOTE = re.compile(r"(?:\[?\d{1,3}[\])]?|[*†‡§]+)\s*\S")
_NOTE_SIZE = 0.93
_NOTE_HEIGHT = 0.5
_ENDED = re.compile(r"[.!?:;。\uff01\uff1f؟][\"'”’»)\]]*$")
_LEADER = re.compile(r"\s*(?:[.·…]\s?){5,}\s*")
_HYPHENS = ("-", "\u2010", "\u00ad")


@dataclass(frozen=True)
class PageBlocks:
    """What a page holds, in reading order.

    :ivar height: In points.
    """

    blocks: list[Block]
    height: float


@dataclass
class WrittenText:
    """A text; headings and pages are places in it."""

    text: str = ""
    headings: list[Heading] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)


@dataclass
class _Piece:
    """A block, or paragraphs that are one: a sentence goes on in the next column or on the next page."""

    page: int
    block: Block
    rows: list[tuple[int, Row]] = field(default_factory=list)
    header: list[str] | None = None


def written_text(read: Sequence[PageBlocks], bookmarks: Sequence[Bookmark]) -> WrittenText:
    """The text of a document: pages apart by form feeds, unless a sentence goes on."""
    rows = [row for page in read for block in page.blocks if isinstance(block, Paragraph) for row in block.rows]
    sizes, words = Sizes(rows), Words(row.text for row in rows)
    pieces = _pieces(read, sizes)
    outline = Outline(sizes, bookmarks, [piece.block for piece in pieces if isinstance(piece.block, Paragraph)])
    written = WrittenText()
    parts: list[str] = []
    length = 0
    for piece, following in zip_longest(pieces, pieces[1:]):
        text, begins = _text_of(piece, words)
        gap = _gap(piece, len(written.pages)) if parts else ""
        length += len(gap)
        _begin_pages(written, piece.page, length)
        level = outline.level(piece.block, piece.page, text, following.block if following else None)
        if level:
            written.headings.append(Heading(length, level, " ".join(text.split())))
        for page, place in begins:
            _begin_pages(written, page, length + place)
        parts += [gap, text]
        length += len(text)
    _begin_pages(written, len(read) - 1, length)
    written.text = "".join(parts)
    return written


def _begin_pages(written: WrittenText, page: int, place: int) -> None:
    """Pages up to `page` begin at `place`, those without text too."""
    while len(written.pages) <= page:
        written.pages.append(place if written.pages else 0)


def _gap(piece: _Piece, begun: int) -> str:
    if piece.page >= begun:
        return "\f"
    close = isinstance(piece.block, Paragraph) and not piece.block.apart
    return "\n" if close else "\n\n"


def _pieces(read: Sequence[PageBlocks], sizes: Sizes) -> list[_Piece]:
    pieces: list[_Piece] = []
    for number, page in enumerate(read):
        for block in _with_notes_aside(page, read[number + 1] if number + 1 < len(read) else None, sizes):
            last = pieces[-1] if pieces else None
            if isinstance(block, Table):
                pieces.append(_Piece(number, block, header=_header_above(block, last, number)))
            elif last is not None and last.rows and _continues(last.rows[-1][1], block.rows[0]):
                last.rows += [(number, row) for row in block.rows]
            else:
                pieces.append(_Piece(number, block, [(number, row) for row in block.rows]))
    return pieces


def _header_above(table: Table, last: _Piece | None, page: int) -> list[str] | None:
    """The header of the table that this one goes on from, on the page before."""
    if last is None or not isinstance(last.block, Table) or last.page != page - 1:
        return None
    return (
        last.header or last.block.header() if last.block.columns == table.columns and not table.header_rows() else None
    )


def _with_notes_aside(page: PageBlocks, following: PageBlocks | None, sizes: Sizes) -> list[Block]:
    """The blocks of a page, footnotes moved out of the sentences that they stand in."""
    blocks: list[Block] = []
    notes: list[Block] = []
    last: Block | None = None
    begun = 0
    opening = next((b for b in following.blocks if not _is_note(b, following, sizes)), None) if following else None
    for block in page.blocks:
        if _is_note(block, page, sizes):
            notes.append(block)
            continue
        if not _one_sentence(last, block):
            blocks += notes
            notes = []
            begun = len(blocks)
        blocks.append(block)
        last = block
    if last is not None and notes and _one_sentence(last, opening):
        return [*blocks[:begun], *notes, *blocks[begun:]]
    return [*blocks, *notes]


def _one_sentence(block: Block | None, following: Block | None) -> bool:
    if not isinstance(block, Paragraph) or not isinstance(following, Paragraph):
        return False
    return _continues(block.rows[-1], following.rows[0])


def _is_note(block: Block, page: PageBlocks, sizes: Sizes) -> bool:
    if isinstance(block, Table) or block.size > _NOTE_SIZE * sizes.body:
        return False
    return block.rows[0].y < _NOTE_HEIGHT * page.height and bool(_NOTE.match(block.rows[0].text))


def _continues(last: Row, first: Row) -> bool:
    """Whether a sentence goes on from the last row of a paragraph to the first one of the next."""
    if abs(last.size - first.size) > 0.05 * last.size or last.bold != first.bold:
        return False
    broken = last.text.endswith(_HYPHENS) and first.text[0].isalpha()
    return broken or (first.text[0].islower() and not _ENDED.search(last.text))


def _text_of(piece: _Piece, words: Words) -> tuple[str, list[tuple[int, int]]]:
    """Text of a piece, and where further pages begin in it."""
    if isinstance(piece.block, Table):
        return extracted("\n".join(piece.block.lines(piece.header))), []
    text, page = "", piece.page
    begins: list[tuple[int, int]] = []
    for number, row in piece.rows:
        part = _LEADER.sub(" … ", extracted(row.text))
        text = words.join(text, part)
        if number != page:
            begins.append((number, len(text) - len(part.lstrip())))
            page = number
    return text, begins
