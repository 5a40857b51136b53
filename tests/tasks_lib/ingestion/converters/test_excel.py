"""A workbook is read as its sheets show it: formats of numbers and dates, merged cells, and what is hidden."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.number_formats import shown
from tests.stubs.office import saved, strict

MARCH = datetime.fromisoformat("2026-03-01")


def workbook_of(*rows: list[Any], change: Callable[[Any], object] = lambda sheet: None) -> bytes:
    """A workbook whose only sheet `S` has these rows."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "S"
    for row in rows:
        sheet.append(row)
    change(sheet)
    return saved(workbook)


def lines_of(data: bytes, extras: Extras = NOTHING_MORE) -> list[str]:
    return convert("a.xlsx", data, extras).text.splitlines()[2:]


def test_numbers_and_dates_are_read_as_their_formats_show_them() -> None:
    def formats(sheet: Any) -> None:
        sheet["B2"].number_format = "0.0%"
        sheet["C2"].number_format = "yyyy-mm-dd"

    data = workbook_of(["Region", "Rate", "From"], ["North", 0.075, MARCH], change=formats)
    assert lines_of(data)[1:] == ["| Region: North | Rate: 7.5% | From: 2026-03-01 |"]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, '#,##0.00 "€"', "1,234.50 €"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (-1234.5, "#,##0.00_);(#,##0.00)", "(1,234.50)"),
        (0, '_-* #,##0.00 _€_-;-* #,##0.00 _€_-;_-* "-"?? _€_-;_-@_-', "-"),
        (12, "000", "012"),
        (123456789, "000-00-0000", "123-45-6789"),
        (1.5, "# ?/?", "1 1/2"),
        (12345, "0.00E+00", "1.23E+04"),
        (1234567, '#,##0.0,,"M"', "1.2M"),
        (1500, '[>=1000]#,##0,"k";0', "2k"),
        (0.1 + 0.2, "General", "0.3"),
        (-0.001, "0.00", "0.00"),
        (9.995, "0.00", "10.00"),
        (MARCH.replace(hour=14, minute=5), "dd mmm yyyy h:mm AM/PM", "01 Mar 2026 2:05 PM"),
        (MARCH, "[$-407]dddd, d. mmmm yyyy;@", "Sunday, 1. March 2026"),
        (MARCH, "mm-dd-yy", "2026-03-01"),
        (date(2026, 3, 1), "General", "2026-03-01"),
        (timedelta(hours=26, minutes=30), "[h]:mm", "26:30"),
        (time(9, 5), "hh:mm:ss", "09:05:00"),
        (True, "General", "TRUE"),
    ],
)
def test_a_value_is_written_as_its_format_says(value: Any, code: str, text: str) -> None:
    assert shown(value, code) == text


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 4), st.booleans(), st.booleans())
def test_a_number_that_is_shown_is_the_number_rounded(value: Any, places: int, grouped: bool, percent: bool) -> None:
    code = ("#,##0" if grouped else "0") + ("." + "0" * places if places else "") + ("%" if percent else "")
    read = shown(float(value), code)
    assert (read.endswith("%"), "," in read) == (percent, grouped and abs(value) * (100 if percent else 1) >= 999.5)
    plain = float(read.replace(",", "").removesuffix("%")) / (100 if percent else 1)
    assert abs(plain - float(value)) <= 0.5000001 * 10 ** -(places + (2 if percent else 0)) + 1e-6


@given(
    st.datetimes(MARCH.replace(year=1901), MARCH.replace(year=2200)),
    st.sampled_from(["yyyy-mm-dd hh:mm:ss", "d/m/yyyy h:mm"]),
)
def test_a_moment_can_be_read_back_from_what_is_shown(moment: datetime, code: str) -> None:
    moment = moment.replace(microsecond=0)
    numbers = list(map(int, re.findall(r"\d+", shown(moment, code))))
    if code.startswith("y"):
        assert numbers == [*moment.timetuple()[:6]]
    else:
        assert numbers == [moment.day, moment.month, moment.year, moment.hour, moment.minute]


def test_merged_cells_stand_in_every_row_that_they_cover() -> None:
    rows = [["Region", "Year", "Rate"], ["West", 2025, 1], [None, 2026, 2]]
    data = workbook_of(*rows, change=lambda sheet: sheet.merge_cells("A2:A3"))
    assert lines_of(data)[1:] == ["| Region: West | Year: 2025 | Rate: 1 |", "| Region: West | Year: 2026 | Rate: 2 |"]


def test_a_cell_that_is_merged_over_the_whole_sheet_is_no_bomb() -> None:
    data = workbook_of(["Title"], ["a", 1], ["b", 2])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(stream, "w") as copy:
        for member in archive.infolist():
            merge = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
            copy.writestr(member, archive.read(member).replace(b"</sheetData>", merge))
    assert "Title" in convert("a.xlsx", stream.getvalue()).text


def test_a_text_that_many_cells_show_is_no_bomb() -> None:
    rows = [["ab " * 10_000 if not row else None, row] for row in range(4000)]
    data = workbook_of(*rows, change=lambda sheet: sheet.merge_cells("A1:A4000"))
    with pytest.raises(UnreadableDocumentError, match="too large: more than 100 million characters"):
        convert("a.xlsx", data)


def test_hidden_sheets_rows_and_columns_are_left_out_unless_asked_for() -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["C"].hidden = True
        other = sheet.parent.create_sheet("Hidden")
        other.append(["secret sheet"])
        other.sheet_state = "hidden"

    data = workbook_of(
        ["Region", "Rate", "Margin"], ["North", 1, "mX"], ["Draft", 2, "mY"], ["South", 3, "mZ"], change=hide
    )
    assert lines_of(data)[1:] == ["| Region: North | Rate: 1 |", "| Region: South | Rate: 3 |"]
    everything = "\n".join(lines_of(data, Extras(hidden=True)))
    assert all(word in everything for word in ("Draft", "mX", "secret sheet"))


def test_rows_that_a_filter_hides_are_data() -> None:
    def narrow(sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:B3"
        sheet.auto_filter.add_filter_column(0, ["North"])
        sheet.row_dimensions[3].hidden = True

    assert "South" in lines_of(workbook_of(["Region", "Rate"], ["North", 1], ["South", 2], change=narrow))[-1]


def test_a_formula_without_a_stored_value_is_named_and_shown_as_it_is() -> None:
    document = convert("a.xlsx", workbook_of(["Item", "Price", "Gross"], ["Pallet", 100, "=B2*1.2"]))
    assert "| Item: Pallet | Price: 100 | Gross: =B2*1.2 |" in document.text
    assert document.doubt.startswith("1 formula has no stored value, shown as written (S!C2 =B2*1.2)")


def test_an_empty_row_divides_tables_and_what_names_no_columns_goes_on_with_the_names() -> None:
    rows = [["Rates of 2026"], ["Region", "Rate"], ["North", 1], [], ["South", 2], [], ["City", "Beds"], ["Oslo", 4]]
    assert lines_of(workbook_of(*rows)) == [
        *("Rates of 2026", "", "| Region | Rate |", "| Region: North | Rate: 1 |", ""),
        *("| Region | Rate |", "| Region: South | Rate: 2 |", "", "| City | Beds |", "| City: Oslo | Beds: 4 |"),
    ]


def test_charts_are_read_with_titles_and_series() -> None:
    from openpyxl.chart import BarChart, Reference

    def draw(sheet: Any) -> None:
        chart = BarChart()
        chart.title = "Ducks by year"
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2), titles_from_data=True)
        sheet.add_chart(chart, "E2")

    assert "Ducks by year" in convert("a.xlsx", workbook_of(["Year", "Ducks"], [2025, 7], change=draw)).text


def test_ten_thousand_columns_and_cells_at_the_last_corner_are_read() -> None:
    wide = [[f"c{n}" for n in range(10_000)], list(range(10_000))]
    text = convert("a.xlsx", workbook_of(*wide)).text
    assert "c9999: 9999 |" in text
    corner = workbook_of(["a"], change=lambda sheet: sheet.cell(1_048_576, 16_384, "far"))
    assert "far" in convert("a.xlsx", corner).text


def test_strict_workbooks_are_read(xlsx_file: bytes) -> None:
    assert convert("a.xlsx", strict(xlsx_file)).text == convert("a.xlsx", xlsx_file).text


def test_a_password_is_named_in_one_line() -> None:
    with pytest.raises(UnreadableDocumentError, match="encrypted") as caught:
        convert("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "\n" not in caught.value.message


NAMES = st.lists(st.from_regex(r"[A-Z][a-z]{2,6}", fullmatch=True), min_size=3, max_size=6, unique=True)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_cell_is_read_once_below_its_column_and_beside_its_row(data: st.DataObject) -> None:
    names = data.draw(NAMES)
    count = data.draw(st.integers(1, 8))
    empty = data.draw(st.sets(st.tuples(st.integers(0, count - 1), st.integers(1, len(names) - 1))))
    rows: list[list[Any]] = [
        [f"k{row}", *(row * 100 + column for column in range(1, len(names)))] for row in range(count)
    ]
    for row, column in empty:
        rows[row][column] = None
    hidden = data.draw(st.booleans())

    def change(sheet: Any) -> None:
        sheet.parent.create_sheet("Other").append(["unseen"])
        if hidden:
            sheet.parent["Other"].sheet_state = "veryHidden"

    document = convert("a.xlsx", workbook_of(names, *rows, change=change))
    lines = document.text.split("\n\nOther")[0].splitlines()[2:]
    assert ("unseen" in document.text) is not hidden
    assert lines[0] == f"| {' | '.join(names)} |"
    for row, line in zip(rows, lines[1:], strict=True):
        cells = [f"{name}: {cell}" if cell is not None else f"{name}:" for name, cell in zip(names, row, strict=True)]
        assert line == f"| {' | '.join(cells)} |"
