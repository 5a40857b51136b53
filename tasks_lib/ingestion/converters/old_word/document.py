"""Documents of Word 97 to 2003 (.doc): the text with headings, tables and notes, tracked changes as accepted."""

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.old_word.file import ENDNOTES, FOOTNOTES, HEADERS, Properties, WordFile
from tasks_lib.ingestion.converters.rtf.syntax import encoding_of_code_page
from tasks_lib.ingestion.converters.story import Paragraph, Story
from tasks_lib.ingestion.converters.story_rows import RowShape
from tasks_lib.ingestion.converters.writing import TextWriter

_CELL, _PARAGRAPH_ENDS = "\x07", "\r\x07\x0c"
_FIELD, _RESULT, _FIELD_END = "\x13", "\x14", "\x15"
_NOTE = "\x02"
_FIELD_MARKS = re.compile(r'\\\*\s*(?:"[^"]*"|\S+)|\\[a-z]+(?: ?\d+)?|[(),;]')
_SHOWN = {"\x0b": "\n", "\x1e": "-", "\xa0": " "}
_DELETED, _HIDDEN, _SPECIAL = 0x0800, 0x083C, 0x0855
_IN_TABLE, _ROW_END, _DEPTH, _INNER_CELL, _INNER_ROW_END = 0x2416, 0x2417, 0x6649, 0x244B, 0x244C
_LIST, _LIST_LEVEL, _OUTLINE = 0x460B, 0x260A, 0x2640
_ROW_SHAPE = 0xD608
_CELL_BYTES = 20
_MERGED, _MERGED_ABOVE, _STARTS_ABOVE = 0x02, 0x20, 0x40
_HEADING_STYLES = 9
_NOTHING: Properties = {}
_NOT_PAGES = 6
"""Stories before the headers and footers of the first section: lines between text and notes."""


def convert_doc(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text with headings, lists, tables and notes; headers and footers once.

    :param extras: Comments are left out unless they are asked for.
    :raises UnreadableDocumentError: If the file is encrypted, older than Word 97 or damaged.
    """
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as file:
        about = file.get_metadata()
        reader = _Reader(WordFile(file))
        title = _title(about)
    writer = TextWriter()
    reader.write(writer, extras)
    return writer.document("doc", title=title or title_of(writer.headings))


def _title(about: Any) -> str:
    """The title of a file's properties, in the encoding that they name."""
    encoding = encoding_of_code_page((about.codepage or 0) & 0xFFFF, "cp1252")
    return str((about.title or b"").decode(encoding, "replace")).strip("\0 ")


class _Reader:
    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._spans = file.stories()
        self._notes: Iterator[str] = iter(())

    def write(self, writer: TextWriter, extras: Extras) -> None:
        """All that is read, in its order."""
        headers, footers = self._around()
        for text in headers:
            writer.paragraph(text)
        self._notes = iter([*self._texts("footnote", FOOTNOTES), *self._texts("endnote", ENDNOTES)])
        self._story(*self._spans["body"]).write(writer)
        self._story(*self._spans["box"]).write(writer)
        for text in self._notes:  # those whose place in the text is not marked
            writer.note(text)
        if extras.comments:
            for line in self._plain(*self._spans["comment"]).split("\n"):
                writer.paragraph(f"Comment: {line}" if line.strip() else "")
        for text in footers:
            writer.paragraph(text)

    def _around(self) -> tuple[list[str], list[str]]:
        """Texts of headers and of footers, each once."""
        texts = self._texts("header", HEADERS)[_NOT_PAGES:]
        headers = [text for number, text in enumerate(texts) if number % 6 in {0, 1, 4}]
        footers = [text for number, text in enumerate(texts) if number % 6 in {2, 3, 5}]
        return _once(headers), _once(footers)

    def _texts(self, story: str, part: int) -> list[str]:
        start, end = self._spans[story]
        edges = [start + position for position in self._file.positions(part)]
        return [self._plain(left, min(right, end)).strip() for left, right in pairwise(edges) if left < end]

    def _plain(self, start: int, end: int) -> str:
        return self._story(start, end).text().strip()

    def _story(self, start: int, end: int) -> Story:
        story = Story()
        fields: list[str | None] = []
        notes = 0
        for sign, place in self._file.characters(start, end):
            run = self._file.runs.at(place) or _NOTHING
            if sign in _PARAGRAPH_ENDS:
                self._end(story, sign, place)
            elif sign == _FIELD:
                fields.append("")
            elif sign == _RESULT and fields:
                fields[-1] = None
            elif sign == _FIELD_END and fields:
                story.words.append(_drawn(fields.pop() or ""))
            elif _is_on(run, _DELETED) or _is_on(run, _HIDDEN):
                continue
            elif fields and fields[-1] is not None:
                fields[-1] += sign
            elif sign == _NOTE and _is_on(run, _SPECIAL) and (note := next(self._notes, None)) is not None:
                notes += 1
                story.words.append(f"[{notes}]")
                story.behind.append(f"[{notes}] {note}")
            elif sign in _SHOWN or sign >= " " or sign == "\t":
                story.words.append(_SHOWN.get(sign, sign) if sign != "\x1f" else "")
        self._end(story, "\r", -1)
        story.end_table()
        return story

    def _end(self, story: Story, sign: str, place: int) -> None:
        """A paragraph ends, or a cell or row with it."""
        style, found = self._file.paragraphs.at(place) or (0, _NOTHING)
        depth = max(1, _number(found, _DEPTH, 1)) if _is_on(found, _IN_TABLE) else 0
        if _is_on(found, _ROW_END) or _is_on(found, _INNER_ROW_END):
            story.words.clear()
            story.shapes[depth] = _shape(found.get(_ROW_SHAPE, b""))
            story.end_row(depth)
            return
        level = _number(found, _OUTLINE, _HEADING_STYLES) + 1
        level = style if 0 < style <= _HEADING_STYLES else level if level <= _HEADING_STYLES else 0
        label = "" if _number(found, _LIST, 0) and not level else None
        text = "".join(story.words).strip()
        story.end_paragraph(Paragraph(text, level, label, _number(found, _LIST_LEVEL, 0)), depth)
        if depth and (sign == _CELL or _is_on(found, _INNER_CELL)):
            story.end_cell(depth)


def _drawn(field: str) -> str:
    """The text that an `EQ` field without a result draws, such as a word with its reading above."""
    if not field.strip().startswith("EQ "):
        return ""
    return " ".join(_FIELD_MARKS.sub(" ", field.strip().removeprefix("EQ ")).split())


def _shape(content: bytes) -> RowShape:
    """The cells of a row: their right edges, and which are merged."""
    shape = RowShape()
    count = content[0] if content else 0
    edges = [int.from_bytes(content[1 + 2 * n : 3 + 2 * n], "little", signed=True) for n in range(count + 1)]
    for number in range(count):
        begin = 1 + 2 * (count + 1) + _CELL_BYTES * number
        flags = int.from_bytes(content[begin : begin + 2], "little")
        shape.left = bool(flags & _MERGED)
        shape.above = bool(flags & _MERGED_ABOVE) and not flags & _STARTS_ABOVE
        shape.end_cell(edges[number + 1])
    return shape


def _is_on(found: Properties, name: int) -> bool:
    return found.get(name, b"\0")[:1] in {b"\x01", b"\x81"}


def _number(found: Properties, name: int, default: int) -> int:
    value = found.get(name)
    return default if value is None else int.from_bytes(value, "little")


def _once(texts: list[str]) -> list[str]:
    """Each header once, without those that only number pages."""
    return list(dict.fromkeys(text for text in texts if any(map(str.isalpha, text))))
