"""Workbooks of Excel 97 and before (.xls), by xlrd: what their cells show, as of the new ones."""

import io
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.excel_layout import Layout
from tasks_lib.ingestion.converters.excel_tables import MOST_CELLS, Cells, too_large, write_sheet
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.number_formats import shown
from tasks_lib.ingestion.converters.writing import TextWriter

_FILTER = "_xlnm._FilterDatabase"
_FILTER_SIGN = "\x0d"
_WHOLE = 1e15


def convert_xls(data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text of a workbook: values in their number formats, merged cells filled, formulas by their stored values.

    :param extras: Hidden sheets, rows and columns, and comments, are left out unless they are asked for.
    :raises UnreadableDocumentError: If the file is encrypted or damaged.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            reason = "encrypted: save it without a password"
            raise UnreadableDocumentError(reason) from error
        raise
    reader = _Reader(book, extras)
    for sheet in book.sheets():
        if extras.hidden or sheet.visibility == 0:
            reader.sheet(sheet)
    return reader.writer.document("xls")


class _Reader:
    def __init__(self, book: Any, extras: Extras) -> None:
        self.writer = TextWriter()
        self._book = book
        self._extras = extras
        self._cells = 0

    def sheet(self, sheet: Any) -> None:
        """A sheet below its name."""
        cells: Cells = {}
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                text = self._shown(sheet.cell(row, column)).strip()
                if text:
                    cells.setdefault(row + 1, {})[column + 1] = text
                    self._cells += 1
            if self._cells > MOST_CELLS:
                raise too_large()
        layout = self._layout(sheet)
        layout.fill(cells)
        if not self._extras.hidden:
            layout.hide(cells)
        inside = TextWriter()
        write_sheet(cells, inside)
        if self._extras.comments:
            for (row, column), note in sorted(sheet.cell_note_map.items()):
                by = f" by {note.author}" if note.author else ""
                inside.paragraph(f"Comment on {Layout.name_of((row + 1, column + 1))}{by}: {note.text.strip()}")
        if inside.text.strip():
            self.writer.heading(1, sheet.name)
            self.writer.prepared(inside.text)

    def _layout(self, sheet: Any) -> Layout:
        filters = (name for name in self._book.name_obj_list if name.scope == sheet.number)
        return Layout(
            # xlrd counts from 0, and names the row and column behind the last
            merged=[(top + 1, bottom, left + 1, right) for top, bottom, left, right in sheet.merged_cells],
            hidden_rows={row + 1 for row, about in sheet.rowinfo_map.items() if about.hidden},
            hidden_columns=[(column + 1, column + 1) for column, about in sheet.colinfo_map.items() if about.hidden],
            is_filtered=any(name.name in {_FILTER, _FILTER_SIGN} for name in filters),
        )

    def _shown(self, cell: Any) -> str:
        import xlrd

        if cell.ctype == xlrd.XL_CELL_TEXT:
            return str(cell.value)
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return shown(bool(cell.value), "General")
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, ""))
        if cell.ctype not in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}:
            return ""
        code = self._book.format_map[self._book.xf_list[cell.xf_index].format_key].format_str
        moment = self._moment(cell.value, code) if cell.ctype == xlrd.XL_CELL_DATE else None
        return shown(_number(cell.value) if moment is None else moment, code)

    def _moment(self, number: float, code: str) -> Any:
        from openpyxl.styles.numbers import is_timedelta_format
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

        epoch = MAC_EPOCH if self._book.datemode else WINDOWS_EPOCH
        try:
            return from_excel(number, epoch, timedelta=is_timedelta_format(code))
        except (OverflowError, ValueError):
            return None


def _number(value: float) -> float:
    return int(value) if abs(value) < _WHOLE and value == int(value) else value
