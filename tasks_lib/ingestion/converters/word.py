"""Word documents: what a person reads in them, in reading order, with tracked changes as accepted."""

import io
from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.drawings import parts_of, write_part
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.ooxml import is_on, parsed, properties, transitional
from tasks_lib.ingestion.converters.tables import Table, filled
from tasks_lib.ingestion.converters.word_inline import Inline, Runs, chosen_content, unwrapped
from tasks_lib.ingestion.converters.word_lists import BULLET, Numbering, numeral
from tasks_lib.ingestion.converters.word_styles import Styles, find, is_struck
from tasks_lib.ingestion.converters.word_tables import Grid, grid_of
from tasks_lib.ingestion.converters.writing import TextWriter

_DEEPEST = 40
"""Tables and text boxes within each other; what lies deeper is left out."""
_FEW_WORDS = 2
"""Words beside a page number in a line that says nothing else, such as `Page 3 of 7`."""


def convert_docx(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text of a Word document, Strict ones included.

    :param extras: Comments are left out unless they are asked for.
    :raises UnreadableDocumentError: If the file is encrypted, damaged or a bomb.
    """
    import docx

    check_archive(data)
    document = docx.Document(io.BytesIO(transitional(data)))
    reader = _Reader(document, extras)
    reader.read()
    about = properties(document.core_properties)
    title = about["title"] or title_of(reader.writer.headings)
    return reader.writer.document("docx", title=title, modified=about["modified"], doubt=reader.doubt)


class _Reader:
    """Walks the parts of one document, and writes them."""

    def __init__(self, document: Any, extras: Extras) -> None:
        self.writer = TextWriter()
        self.doubt = ""
        self._document = document
        self._part = document.part
        self._styles = Styles(document.styles.element)
        self._numbering = Numbering(_related(self._part, "numbering"))
        self._runs = Runs(self._note, self._styles.hidden)
        self._notes = {kind: _notes(self._part, kind) for kind in ("footnote", "endnote")}
        self._notes["comment"] = _notes(self._part, "comment") if extras.comments else {}
        self._numbers = dict.fromkeys(self._notes, 0)
        self._joined: Inline | None = None

    def read(self) -> None:
        """Headers, the body with its notes, and footers, each once."""
        for text in self._around("header"):
            self.writer.paragraph(text)
        self._blocks(self._document.element.body)
        for text in self._around("footer"):
            self.writer.paragraph(text)

    def _blocks(self, container: Any, depth: int = 0) -> None:
        if depth > _DEEPEST:
            self.doubt = f"holds tables or text boxes more than {_DEEPEST} levels deep, which are left out"
            return
        last = None
        for child in unwrapped(container):
            if child.tag == qn("w:p"):
                last = child
                self._paragraph(child, depth)
            elif child.tag == qn("w:tbl"):
                self._table(grid_of(child), child, depth)
            elif child.tag == qn("w:altChunk"):
                self.doubt = "holds another document (w:altChunk), which is left out: open and save it in Word"
        if self._joined:
            inline, self._joined = self._joined, None
            self._write(last, inline, depth)

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        inline = self._runs.read(paragraph)
        if self._joined:
            inline, self._joined = self._joined.followed_by(inline), None
        if is_struck(paragraph):
            # the end of this paragraph is deleted: once that is accepted, the next one goes on in its line
            self._joined = inline
        else:
            self._write(paragraph, inline, depth)

    def _write(self, paragraph: Any, inline: Inline, depth: int) -> None:
        if inline.text.strip():
            self._write_text(paragraph, inline.text)
        for label, note in inline.notes:
            self.writer.note(f"[{label}] {self._text_of(note, depth)}")
        for drawing in inline.drawings:
            self._drawing(drawing, depth)

    def _write_text(self, paragraph: Any, text: str) -> None:
        level = self._styles.heading_level(paragraph)
        mark, indent = self._list_mark(paragraph)
        if level:
            self.writer.heading(level, f"{mark} {text}" if mark != BULLET else text)
        elif mark:
            self.writer.item(f"{'  ' * indent}{mark} {text.strip()}")
        else:
            self.writer.paragraph(text)

    def _list_mark(self, paragraph: Any) -> tuple[str, int]:
        number, index, style = self._styles.numbering(paragraph)
        if not number:
            return "", 0
        index = self._numbering.level_of(number, style) if index is None else index
        return self._numbering.mark(number, index), index

    def _note(self, kind: str, identifier: str) -> tuple[str, Any] | None:
        content = self._notes[kind].get(identifier)
        if content is None:
            return None
        self._numbers[kind] += 1
        if kind == "comment":
            return f"Comment by {content.get(qn('w:author')) or 'somebody'}:", content
        return numeral(self._numbers[kind], "lowerRoman" if kind == "endnote" else "decimal"), content

    def _text_of(self, container: Any, depth: int) -> str:
        """Text of a cell or a note, in one line."""
        outside, self.writer = self.writer, TextWriter()
        try:
            self._blocks(container, depth + 1)
            return " ".join(self.writer.text.split())
        finally:
            self.writer = outside

    def _table(self, grid: Grid, table: Any, depth: int) -> None:
        cells = grid.cells()
        if depth:
            self._nested_table(grid, depth)
        elif grid.columns == 1 or any(map(self._is_layout, cells)):
            for cell in cells:
                self._blocks(cell, depth)
        else:
            texts = {cell: self._text_of(cell, depth) for cell in cells}
            self.writer.table(Table(filled(grid.rows, texts), self._header_rows(grid, table)))

    def _nested_table(self, grid: Grid, depth: int) -> None:
        """A table within a cell is a part of the cell's text."""
        rows = (
            ", ".join(filter(None, (self._text_of(cell, depth) for cell in dict.fromkeys(row)))) for row in grid.rows
        )
        self.writer.paragraph("; ".join(filter(None, rows)))

    def _is_layout(self, cell: Any) -> bool:
        """Whether a cell holds sections: the table only places them on the page."""
        if cell is None:
            return False
        found = [child for child in unwrapped(cell) if child.tag == qn("w:p") and self._styles.heading_level(child)]
        return bool(found) and len(list(unwrapped(cell))) > len(found) + 1

    def _header_rows(self, grid: Grid, table: Any) -> int | None:
        if grid.header_rows or len(grid.rows) < 2:
            return min(grid.header_rows, len(grid.rows) - 1)
        look, style = find(table, "w:tblPr/w:tblLook"), find(table, "w:tblPr/w:tblStyle")
        name = None if style is None else style.get(qn("w:val"))
        if look is not None and _shows_first_row(look) and self._styles.names_columns(name):
            return 1
        first, second = (_all_bold(row) for row in grid.rows[:2])
        return 1 if first and not second else None

    def _drawing(self, drawing: Any, depth: int) -> None:
        for box in _outermost(drawing, qn("w:txbxContent")):
            self._blocks(box, depth + 1 if depth else 0)
        for root in parts_of(drawing, self._part):
            write_part(root, self.writer)

    def _around(self, kind: str) -> list[str]:
        """Texts of headers or footers: those that are printed, each once, without those that only count pages."""
        part_of_settings = _related(self._part, "settings")
        even = part_of_settings is not None and _is_set(part_of_settings, "w:evenAndOddHeaders")
        texts: dict[str, None] = {}
        for section in self._document.element.body.iter(qn("w:sectPr")):
            shown = {"default", *(["first"] if _is_set(section, "w:titlePg") else []), *(["even"] if even else [])}
            for reference in section.iterchildren(qn(f"w:{kind}Reference")):
                name = reference.get(qn("r:id"))
                if reference.get(qn("w:type"), "default") in shown and name in self._part.related_parts:
                    part = self._part.related_parts[name]
                    texts.update(
                        dict.fromkeys(self._lines(part.element if hasattr(part, "element") else parsed(part.blob)))
                    )
        return list(texts)

    def _lines(self, root: Any) -> Iterator[str]:
        for paragraph in root.iter(qn("w:p")):
            inline = self._runs.read(paragraph)
            words = "".join(sign if sign.isalpha() else " " for sign in inline.text).split()
            if words and not (inline.page_numbers and len(words) <= _FEW_WORDS):
                yield inline.text.strip()


def _related(part: Any, kind: str) -> Any | None:
    """Root of a part that the document refers to by a relationship of this kind."""
    relations = (each for each in part.rels.values() if each.reltype.endswith(f"/{kind}") and not each.is_external)
    related = next(relations, None)
    return None if related is None else parsed(related.target_part.blob)


def _notes(part: Any, kind: str) -> dict[str, Any]:
    """Notes by their id, without the lines that separate them from the text."""
    root = _related(part, f"{kind}s")
    notes = () if root is None else root.iterchildren(qn(f"w:{kind}"))
    return {note.get(qn("w:id"), ""): note for note in notes if note.get(qn("w:type"), "normal") == "normal"}


def _outermost(element: Any, tag: str) -> Iterator[Any]:
    for child in chosen_content(element):
        if child.tag == tag:
            yield child
        else:
            yield from _outermost(child, tag)


def _is_set(element: Any, name: str) -> bool:
    mark = find(element, name)
    return mark is not None and is_on(mark.get(qn("w:val")))


def _shows_first_row(look: Any) -> bool:
    value = look.get(qn("w:firstRow"))
    if value is not None:
        return is_on(value)
    number = look.get(qn("w:val"), "0")
    return bool(int(number, 16) & 0x20)


def _all_bold(row: list[Any]) -> bool:
    runs = [run for cell in row if cell is not None for run in cell.iter(qn("w:r")) if find(run, "w:t") is not None]
    return bool(runs) and all(_is_set(run, "w:rPr/w:b") for run in runs)
