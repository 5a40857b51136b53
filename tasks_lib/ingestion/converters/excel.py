"""Workbooks: what their cells show, sheet by sheet, as tables whose cells know their columns."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.drawings import RELATION, paragraphs, write_part
from tasks_lib.ingestion.converters.excel_layout import layout_of
from tasks_lib.ingestion.converters.excel_tables import MOST_CELLS, Cells, too_large, write_sheet
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.number_formats import shown
from tasks_lib.ingestion.converters.ooxml import parsed, properties, relations, transitional
from tasks_lib.ingestion.converters.writing import TextWriter

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHOWN_FORMULAS = 3
_THREADED = "[Threaded comment]"


def convert_xlsx(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text of a workbook: values in their number formats, merged cells filled, formulas by their stored values.

    :param extras: Hidden sheets, rows and columns, and comments, are left out unless they are asked for. Rows that a
        filter hides are data, and stay.
    :raises UnreadableDocumentError: If the file is encrypted, damaged or a bomb.
    """
    import openpyxl

    check_archive(data)
    data = transitional(data)
    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            reader = _Reader(workbook, archive, extras)
            reader.read()
        return reader.writer.document("xlsx", **properties(workbook.properties), doubt=reader.doubt())
    finally:
        workbook.close()


class _Reader:
    """Writes the sheets of one workbook."""

    def __init__(self, workbook: Any, archive: zipfile.ZipFile, extras: Extras) -> None:
        self.writer = TextWriter()
        self._workbook = workbook
        self._archive = archive
        self._extras = extras
        self._without_value: list[str] = []
        self._cells = 0

    def read(self) -> None:
        """All sheets in their order, each below its name."""
        for name, state, part in _sheets(self._archive):
            if part not in self._archive.namelist() or (state != "visible" and not self._extras.hidden):
                continue
            before = self.writer
            self.writer = TextWriter()
            if name in self._workbook.sheetnames:
                self._sheet(name, part)
            self._drawings(part)
            inside, self.writer = self.writer, before
            if inside.text.strip():
                self.writer.heading(1, name)
                self.writer.prepared(inside.text)

    def doubt(self) -> str:
        """Which formulas have no value."""
        count = len(self._without_value)
        if not count:
            return ""
        named = ", ".join(self._without_value[:_SHOWN_FORMULAS]) + (", …" if count > _SHOWN_FORMULAS else "")
        what = "1 formula has" if count == 1 else f"{count} formulas have"
        return f"{what} no stored value, shown as written ({named}): open and save it in a spreadsheet program"

    def _sheet(self, name: str, part: str) -> None:
        with self._archive.open(part) as content:
            layout = layout_of(content)
        cells = self._shown(self._workbook[name])
        for place, formula in layout.without_value.items():
            self._without_value.append(
                f"{name}!{layout.name_of(place)} ={formula}" if formula else layout.name_of(place)
            )
            cells.setdefault(place[0], {})[place[1]] = f"={formula}"
        layout.fill(cells)
        if not self._extras.hidden:
            layout.hide(cells)
        write_sheet(cells, self.writer)

    def _shown(self, sheet: Any) -> Cells:
        sheet.reset_dimensions()  # what a file tells of its size is often wrong
        cells: Cells = {}
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is None:
                    continue
                text = shown(cell.value, cell.number_format).strip()
                if text:
                    cells.setdefault(cell.row, {})[cell.column] = text
                    self._cells += 1
            if self._cells > MOST_CELLS:
                raise too_large()
        return cells

    def _drawings(self, part: str) -> None:
        """Text boxes, charts, diagrams and, if they are asked for, comments of a sheet."""
        for kind, target in relations(self._archive, part).values():
            if target not in self._archive.namelist():
                continue
            if kind == "drawing":
                self._drawing(target)
            elif kind == "comments" and self._extras.comments:
                self._comments(parsed(self._archive.read(target)))

    def _comments(self, root: Any) -> None:
        authors = [each.text or "" for each in root.iter(f"{_MAIN}author")]
        for comment in root.iter(f"{_MAIN}comment"):
            number = int(comment.get("authorId", "0"))
            author = authors[number] if number < len(authors) else ""
            text = "".join(run.text or "" for run in comment.iter(f"{_MAIN}t"))
            if text.startswith(_THREADED):  # what older programs show in place of a conversation
                author, text = "", text.partition("Comment:")[2]
            by = f" by {author}" if author else ""
            self.writer.paragraph(f"Comment on {comment.get('ref')}{by}: {text.strip()}")

    def _drawing(self, part: str) -> None:
        root = parsed(self._archive.read(part))
        for text in paragraphs(root):
            self.writer.paragraph(text)
        related = relations(self._archive, part)
        for element in root.iter():
            names = (element.get(f"{RELATION}id"), element.get(f"{RELATION}dm"))
            for kind, target in (related[name] for name in names if name in related):
                if kind in {"chart", "diagramData"} and target in self._archive.namelist():
                    write_part(parsed(self._archive.read(target)), self.writer)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    """Name, state (`visible`, `hidden` or `veryHidden`) and part of each sheet, charts on sheets of their own too."""
    package = relations(archive, "")
    main = next((part for kind, part in package.values() if kind == "officeDocument"), "xl/workbook.xml")
    related = relations(archive, main)
    for sheet in parsed(archive.read(main)).iter(f"{_MAIN}sheet"):
        _, part = related.get(sheet.get(f"{RELATION}id", ""), ("", ""))
        yield sheet.get("name", ""), sheet.get("state", "visible"), part
