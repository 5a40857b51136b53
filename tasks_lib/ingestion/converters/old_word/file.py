"""The parts of a `.doc` file (MS-DOC): which bytes are its characters, and what is said of paragraphs and runs.

Positions of characters count from the beginning of the text (CP), those of bytes in the stream `WordDocument` (FC).
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

_WORD_97 = 0xA5EC
_ENCRYPTED, _OTHER_TABLE = 0x0100, 0x0200
_LENGTHS, _PARTS = 0x4C, 0x9A
"""Where the lengths of the stories stand, and the places of the parts in the table stream."""
STORIES = ("body", "footnote", "header", "macro", "comment", "endnote", "box", "header box")
STYLES, FOOTNOTES, HEADERS, RUNS, PARAGRAPHS, PIECES, ENDNOTES = 1, 3, 11, 12, 13, 33, 47
_PAGE = 512
_COMPRESSED = 0x40000000
_HUGE = 0x6646
_TABLE_SHAPE = 0xD608
_OPERAND = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of an operand by the upper three bits of its name; 0 where it tells its length itself."""

Properties = dict[int, bytes]
"""Name of a property (sprm) → operand."""


@dataclass(frozen=True)
class Piece:
    """Characters `start` to `end`, which stand together in the file."""

    start: int
    end: int
    at: int
    width: int
    """Bytes of a character: 1 or 2."""

    def byte_of(self, position: int) -> int:
        """Where a character stands in the file."""
        return self.at + (position - self.start) * self.width


@dataclass
class Ranges:
    """Properties by ranges of bytes, in their order."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def at(self, byte: int) -> Any | None:
        """What is said of a byte; `None` if nothing is."""
        place = bisect_right(self.starts, byte) - 1
        return self.values[place] if place >= 0 and byte < self.ends[place] else None


class WordFile:
    """An open `.doc` file.

    :param file: The compound file, as olefile reads it.
    :raises UnreadableDocumentError: If it is encrypted, or older than Word 97.
    """

    def __init__(self, file: Any) -> None:
        self.main = _stream(file, "WordDocument")
        if len(self.main) < _PARTS or _u16(self.main, 0) != _WORD_97:
            reason = "older than Word 97, or no Word document: save it as .docx"
            raise UnreadableDocumentError(reason)
        flags = _u16(self.main, 0x0A)
        if flags & _ENCRYPTED:
            reason = "encrypted: save it without a password"
            raise UnreadableDocumentError(reason)
        self._table = _stream(file, "1Table" if flags & _OTHER_TABLE else "0Table")
        self._data = _stream(file, "Data")
        self.pieces = self._pieces()
        self._byte_starts = [piece.start for piece in self.pieces]
        self.paragraphs = self._ranges(PARAGRAPHS)
        self.runs = self._ranges(RUNS)

    def stories(self) -> dict[str, tuple[int, int]]:
        """First character of each story, and the one behind its last."""
        spans, start = {}, 0
        for number, name in enumerate(STORIES):
            length = _u32(self.main, _LENGTHS + 4 * number)
            spans[name] = (start, start + length)
            start += length
        return spans

    def characters(self, start: int, end: int) -> Iterator[tuple[str, int]]:
        """Characters of a span, each with its place in the file."""
        first = max(0, bisect_right(self._byte_starts, start) - 1)
        for piece in self.pieces[first:]:
            if piece.start >= end:
                return
            left, right = max(start, piece.start), min(end, piece.end)
            raw = self.main[piece.byte_of(left) : piece.byte_of(right)]
            text = raw.decode(
                "cp1252" if piece.width == 1 else "utf-16-le", "surrogatepass" if piece.width == 2 else "replace"
            )
            place = piece.byte_of(left)
            for sign in text:
                yield sign, place
                place += piece.width * (1 if ord(sign) < 0x10000 else 2)

    def positions(self, part: int) -> list[int]:
        """The positions at which the texts of a part begin, such as footnotes; relative to their story."""
        content = self.part(part)
        return [_u32(content, place) for place in range(0, len(content) - 3, 4)]

    def part(self, number: int) -> bytes:
        """A part of the table stream."""
        place, length = struct.unpack_from("<II", self.main, _PARTS + 8 * number)
        return self._table[place : place + length]

    def _pieces(self) -> list[Piece]:
        content = self.part(PIECES)
        place = 0
        while place < len(content) and content[place] == 1:
            place += 3 + _u16(content, place + 1)
        if place >= len(content) or content[place] != 2:
            reason = "damaged: it does not tell where its text is"
            raise UnreadableDocumentError(reason)
        content = content[place + 5 : place + 5 + _u32(content, place + 1)]
        count = (len(content) - 4) // 12
        pieces = []
        for number in range(count):
            start, end = struct.unpack_from("<II", content, 4 * number)
            at = _u32(content, 4 * (count + 1) + 8 * number + 2)
            packed = bool(at & _COMPRESSED)
            at &= ~_COMPRESSED
            if start < end <= len(self.main):
                pieces.append(Piece(start, end, at // 2 if packed else at, 1 if packed else 2))
        return pieces

    def _ranges(self, part: int) -> Ranges:
        content = self.part(part)
        count = (len(content) - 4) // 8
        found: dict[int, tuple[int, Any]] = {}
        for number in range(max(0, count)):
            page = (_u32(content, 4 * (count + 1) + 4 * number) & 0x3FFFFF) * _PAGE
            if page + _PAGE <= len(self.main):
                found |= self._page(self.main[page : page + _PAGE], of_paragraphs=part == PARAGRAPHS)
        ranges = Ranges()
        for start in sorted(found):
            end, value = found[start]
            ranges.starts.append(start)
            ranges.ends.append(end)
            ranges.values.append(value)
        return ranges

    def _page(self, page: bytes, *, of_paragraphs: bool) -> dict[int, tuple[int, Any]]:
        count = page[-1]
        found = {}
        for number in range(count):
            start, end = struct.unpack_from("<II", page, 4 * number)
            offset = page[4 * (count + 1) + number * (13 if of_paragraphs else 1)] * 2
            found[start] = (end, self._paragraph(page, offset) if of_paragraphs else _run(page, offset))
        return found

    def _paragraph(self, page: bytes, offset: int) -> tuple[int, Properties]:
        """Number of the style and properties."""
        if not offset:
            return 0, {}
        length, begin = 2 * page[offset] - 1, offset + 1
        if page[offset] == 0:
            length, begin = 2 * page[offset + 1], offset + 2
        content = page[begin : begin + length]
        found = properties(content[2:])
        if _HUGE in found:
            place = _u32(found[_HUGE], 0)
            if place + 2 <= len(self._data):
                found = properties(self._data[place + 2 : place + 2 + _u16(self._data, place)])
        return (_u16(content, 0) if len(content) > 1 else 0), found


def _run(page: bytes, offset: int) -> Properties:
    return properties(page[offset + 1 : offset + 1 + page[offset]]) if offset else {}


def properties(content: bytes) -> Properties:
    """The properties of a list of them; what is cut off is left out."""
    found: Properties = {}
    place = 0
    while place + 2 < len(content):
        name = _u16(content, place)
        place += 2
        size = _OPERAND[name >> 13]
        if not size:
            wide = name == _TABLE_SHAPE
            size = (_u16(content, place) - 1 if wide and place + 1 < len(content) else content[place]) & 0xFFFF
            place += 2 if wide else 1
        found[name] = content[place : place + size]
        place += size
    return found


def _stream(file: Any, name: str) -> bytes:
    return bytes(file.openstream(name).read()) if file.exists(name) else b""


def _u16(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "little")


def _u32(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")
