"""OpenDocument: texts (.odt), workbooks (.ods) and presentations (.odp), of which one part holds all that is shown."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.ooxml import parsed
from tasks_lib.ingestion.converters.tables import Table, filled
from tasks_lib.ingestion.converters.word_lists import BULLET
from tasks_lib.ingestion.converters.writing import TextWriter

_URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TEXT, _TABLE, _DRAW, _PRESENTATION = (
    _URN % name for name in ("office", "text", "table", "drawing", "presentation")
)
_META = _URN % "meta"
_STYLE = _URN % "style"
_DC = "{http://purl.org/dc/elements/1.1/}"
_LEFT_OUT = {f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}table-of-content", f"{_TEXT}sequence-decls"}
_LEFT_OUT |= {f"{_OFFICE}forms", f"{_TEXT}bookmark-start", f"{_TEXT}alphabetical-index", f"{_TEXT}page-number"}
_MOST_REPEATED = 1000
_MOST_CELLS = 1_000_000
_DEEPEST = 100


def convert_opendocument(data: bytes) -> ConvertedDocument:
    """Text with headings, lists, tables and footnotes; tracked changes as accepted; comments are left out.

    :raises UnreadableDocumentError: If the file is encrypted, damaged or a bomb.
    """
    check_archive(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            reason = "encrypted: save it without a password"
            raise UnreadableDocumentError(reason)
        content = parsed(archive.read("content.xml"))
        meta = parsed(archive.read("meta.xml")) if "meta.xml" in names else None
    reader = _Reader()
    body = content.find(f"{_OFFICE}body")
    for part in () if body is None else body:
        reader.blocks(part)
    title, modified = (_about(meta, name) for name in (f"{_DC}title", f"{_DC}date"))
    return reader.writer.document("odf", title=title or title_of(reader.writer.headings), modified=modified)


def _about(meta: Any | None, name: str) -> str | None:
    found = None if meta is None else next(meta.iter(name), None)
    return " ".join((found.text or "").split()) or None if found is not None else None


class _Reader:
    def __init__(self) -> None:
        self.writer = TextWriter()
        self._boxes: list[Any] = []
        self._notes: list[tuple[str, Any]] = []
        self._depth = 0

    def blocks(self, container: Any) -> None:
        """Everything below an element, in its order."""
        self._depth += 1
        for child in container if self._depth < _DEEPEST else ():
            if isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
                self._block(child)
        self._depth -= 1

    def _block(self, element: Any) -> None:
        tag = element.tag
        if tag == f"{_TEXT}h":
            self.writer.heading(int(element.get(f"{_TEXT}outline-level", "1")), self._inline(element))
            self._behind()
        elif tag == f"{_TEXT}p":
            self.writer.paragraph(self._inline(element))
            self._behind()
        elif tag == f"{_TEXT}list":
            self._list(element, 0)
        elif tag == f"{_TABLE}table":
            self._table(element)
        elif tag == f"{_DRAW}page":
            self.writer.page()
            self.blocks(element)
        elif tag == f"{_PRESENTATION}notes":
            notes = self._text_of(element)
            self.writer.paragraph(f"Notes: {notes}" if notes else "")
        else:
            self.blocks(element)

    def _behind(self) -> None:
        """Footnotes and text boxes of the paragraph that was written last."""
        notes, self._notes = self._notes, []
        boxes, self._boxes = self._boxes, []
        for mark, note in notes:
            self.writer.note(f"[{mark}] {self._text_of(note)}")
        for box in boxes:
            self.blocks(box)

    def _inline(self, element: Any) -> str:
        parts = [element.text or ""]
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
                parts.append(self._inside(child))
            parts.append(child.tail or "")
        return "".join(parts)

    def _inside(self, element: Any) -> str:
        tag = element.tag
        if tag == f"{_TEXT}s":
            return " " * min(int(element.get(f"{_TEXT}c", "1")), _MOST_REPEATED)
        if tag in {f"{_TEXT}tab", f"{_TEXT}line-break"}:
            return "\t" if tag.endswith("tab") else "\n"
        if tag == f"{_TEXT}note":
            mark = "".join(element.find(f"{_TEXT}note-citation").itertext())
            self._notes.append((mark, element.find(f"{_TEXT}note-body")))
            return f"[{mark}]"
        if tag == f"{_DRAW}frame":
            self._boxes.append(element)
            return ""
        return self._inline(element)

    def _list(self, element: Any, level: int) -> None:
        for item in element.iterchildren(f"{_TEXT}list-item", f"{_TEXT}list-header"):
            for child in item:
                if child.tag == f"{_TEXT}list":
                    self._list(child, level + 1)
                elif child.tag == f"{_TEXT}p":
                    text = self._inline(child)
                    self.writer.item(f"{'  ' * level}{BULLET} {text}" if text.strip() else "")
                    self._behind()
                else:
                    self._block(child)
        if not level:
            self.writer.end_items()

    def _table(self, element: Any) -> None:
        name = element.get(f"{_TABLE}name", "")
        if element.getparent().tag == f"{_OFFICE}spreadsheet" and element.find(f".//{_TEXT}p") is not None:
            self.writer.heading(1, name)
        rows, heads = _grid(element)
        texts = {cell: self._text_of(cell) for row in rows for cell in row if cell is not None}
        if max(map(len, rows), default=0) == 1:
            for cell in texts:
                self.blocks(cell)
        else:
            self.writer.table(Table(filled(rows, texts), heads or None))

    def _text_of(self, element: Any) -> str:
        outside, self.writer = self.writer, TextWriter()
        try:
            self.blocks(element)
            return " ".join(self.writer.text.replace("|", " ").split())
        finally:
            self.writer = outside


def _grid(table: Any) -> tuple[list[list[Any]], int]:
    """Cells of each row, merged ones in all places that they cover, and how many rows name the columns."""
    rows: list[list[Any]] = []
    spans: dict[tuple[int, int], Any] = {}
    heads = size = 0
    for row in table.iter(f"{_TABLE}table-row"):
        if next(row.iterancestors(f"{_TABLE}table"), None) is not table:
            continue
        repeated = min(int(row.get(f"{_TABLE}number-rows-repeated", "1")), _MOST_REPEATED)
        cells = list(_cells(row, len(rows), spans))
        heads += row.getparent().tag == f"{_TABLE}table-header-rows"
        filled_row = any(cell is not None and len(cell) for cell in cells)
        size += len(cells) * (repeated if filled_row else 1)
        if size > _MOST_CELLS:
            break
        rows += [cells] * (repeated if filled_row else 1)
    return rows, heads


def _cells(row: Any, number: int, spans: dict[tuple[int, int], Any]) -> Iterator[Any]:
    place = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        repeated = min(int(cell.get(f"{_TABLE}number-columns-repeated", "1")), _MOST_REPEATED)
        if cell.tag == f"{_TABLE}table-cell":
            for below in range(min(int(cell.get(f"{_TABLE}number-rows-spanned", "1")), _MOST_REPEATED)):
                for right in range(min(int(cell.get(f"{_TABLE}number-columns-spanned", "1")), _MOST_REPEATED)):
                    if below or right:
                        spans[number + below, place + right] = cell
        for _ in range(repeated):
            yield spans.get((number, place), cell if len(cell) else None)
            place += 1
