"""Tables that are read from the right: each cell knows its column, the first of which stands on the right."""

import io
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tests.stubs.pdf import Pages

ROWS = [["עיר", "ימים", "מחיר"], ["תל אביב", "2", "140"], ["חיפה", "3", "95"], ["אילת", "4", "210"]]
LINES = [
    "| עיר | ימים | מחיר |",
    *(f"| עיר: {city} | ימים: {days} | מחיר: {price} |" for city, days, price in ROWS[1:]),
]


def word() -> bytes:
    import docx
    from docx.oxml import OxmlElement

    document = docx.Document()
    table = document.add_table(rows=len(ROWS), cols=len(ROWS[0]))
    table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
    for cells, row in zip(ROWS, table.rows, strict=True):
        for text, cell in zip(cells, row.cells, strict=True):
            cell.text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.sheet_view.rightToLeft = True
    for row in ROWS:
        sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def page() -> bytes:
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)
    return f'<html dir="rtl"><body><table>{rows}</table></body></html>'.encode()


def turned(text: str) -> str:
    """Text as it is drawn from the left: numbers run as they do elsewhere."""
    return text if text.isdigit() else text[::-1]


@pytest.mark.parametrize(("suffix", "write"), [("docx", word), ("xlsx", workbook), ("html", page)])
def test_a_table_from_the_right_reads_in_its_own_order(suffix: str, write: Callable[[], bytes]) -> None:
    assert convert(f"a.{suffix}", write()).text.splitlines()[-len(LINES) :] == LINES


@given(seed=st.integers(0, 2**32 - 1), ruled=st.booleans())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_a_table_of_a_pdf_from_the_right_knows_its_columns(seed: int, *, ruled: bool) -> None:
    source = random.Random(seed)
    body = [[city, str(source.randint(1, 99)), str(source.randint(100, 999))] for city, _, _ in ROWS[1:]]
    pages = Pages(unicode=True)
    pages.pdf.set_text_shaping(False)
    drawn = [[turned(cell) for cell in reversed(row)] for row in [ROWS[0], *body]]
    pages.table(drawn, [50.0, 150.0, 250.0, 400.0], 110, ruled=ruled)
    text = convert("a.pdf", pages.bytes()).text
    for city, days, price in body:
        (line,) = (line for line in text.splitlines() if city in line)
        assert {f"עיר: {city}", f"ימים: {days}", f"מחיר: {price}"} == set(line.strip("| ").split(" | "))
