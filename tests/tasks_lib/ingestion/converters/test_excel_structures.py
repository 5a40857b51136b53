"""Workbooks of a known look, drawn at random: formats, dates of both systems, formulas, merged and hidden cells."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.extras import Extras
from tests.stubs.office import saved, strict

KINDS: dict[str, tuple[str, Callable[[int], Any], Callable[[int], str]]] = {
    "text": ("General", lambda n: f"word {n}", lambda n: f"word {n}"),
    "whole": ("0", lambda n: n, str),
    "zip code": ("00000", lambda n: n, lambda n: f"{n:05}"),
    "money": ("#,##0.00", lambda n: n + 0.25, lambda n: f"{n + Decimal('0.25'):,.2f}"),
    "loss": ("#,##0;(#,##0)", lambda n: -n, lambda n: f"({n:,})" if n else "0"),
    "share": ("0.0%", lambda n: n / 1000, lambda n: f"{Decimal(n) / 10:.1f}%"),
    "unit": ('0" kg"', lambda n: n, lambda n: f"{n} kg"),
    "day": ("yyyy-mm-dd", lambda n: DAY + timedelta(n), lambda n: (DAY + timedelta(n)).isoformat()),
    "german day": ("dd.mm.yyyy", lambda n: DAY + timedelta(n), lambda n: f"{DAY + timedelta(n):%d.%m.%Y}"),
    "truth": ("General", lambda n: n % 2 == 0, lambda n: str(n % 2 == 0).upper()),
    "computed": ("0", lambda n: f"=1000000+{n}", lambda n: str(1_000_000 + n)),
    "not computed": ("0", lambda n: f"=2000000+{n}", lambda n: f"=2000000+{n}"),
}
"""Kind of a column → number format, value and appearance of a number."""
DAY = date(2020, 2, 27)
FIRST = 2
"""Row of the sheet below the names."""


@dataclass
class Grid:
    """What a sheet shows: rows of texts below the names of their columns, as they are once all of it is drawn."""

    names: list[str]
    kinds: list[str]
    numbers: list[list[int | None]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First and last row, first and last column, from 0."""
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    old_dates: bool = False

    def text(self, row: int, column: int) -> str:
        for first, last, left, right in self.merged:
            if first <= row <= last and left <= column <= right:
                row, column = first, left
        number = self.numbers[row][column]
        return "" if number is None else KINDS[self.kinds[column]][2](number)

    def lines(self, *, hidden: bool) -> list[str]:
        columns = [each for each in range(len(self.names)) if hidden or each not in self.hidden_columns]
        rows = [each for each in range(len(self.numbers)) if hidden or each not in self.hidden_rows]
        named = [" | ".join(f"{self.names[c]}: {self.text(r, c)}".rstrip() for c in columns) for r in rows]
        return [f"| {' | '.join(self.names[each] for each in columns)} |", *(f"| {line} |" for line in named)]

    def file(self) -> bytes:
        workbook = openpyxl.Workbook()
        if self.old_dates:
            workbook.epoch = CALENDAR_MAC_1904
        sheet: Any = workbook.active
        sheet.append(self.names)
        for row, numbers in enumerate(self.numbers, start=FIRST):
            for column, number in enumerate(numbers):
                code, value, _ = KINDS[self.kinds[column]]
                if number is not None:
                    sheet.cell(row, column + 1, value(number)).number_format = code
        for first, last, left, right in self.merged:
            sheet.merge_cells(
                start_row=first + FIRST, end_row=last + FIRST, start_column=left + 1, end_column=right + 1
            )
        for row in self.hidden_rows:
            sheet.row_dimensions[row + FIRST].hidden = True
        for column in self.hidden_columns:
            sheet.column_dimensions[get_column_letter(column + 1)].hidden = True
        return computed(saved(workbook))


def computed(data: bytes) -> bytes:
    """The file with the values of its formulas `1000000+…`, as a spreadsheet program stores them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(stream, "w") as copy:
        for name in archive.namelist():
            content = re.sub(
                rb"<f>1000000\+(\d+)</f><v ?(?:/>|></v>)",
                lambda found: b"<f>1000000+%b</f><v>%d</v>" % (found[1], 1_000_000 + int(found[1])),
                archive.read(name),
            )
            copy.writestr(name, content)
    return stream.getvalue()


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    count = draw(st.integers(3, 6))
    rows = draw(st.integers(2, 8))
    columns = range(1, count)
    kinds = ["text", *draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=count - 1, max_size=count - 1))]
    number = st.integers(0, 99_999)
    numbers: list[list[int | None]] = [
        [row, *(draw(st.one_of(number, st.none())) for _ in columns)] for row in range(rows)
    ]
    grid = Grid([f"Column {chr(65 + place)}" for place in range(count)], kinds, numbers)
    grid.old_dates = draw(st.booleans())
    for column in draw(st.sets(st.sampled_from(columns), max_size=2)):
        first = draw(st.integers(0, rows - 2))
        last = draw(st.integers(first + 1, rows - 1))
        grid.merged.append((first, last, column, column))
    grid.hidden_rows = draw(st.sets(st.integers(0, rows - 1), max_size=rows - 1))
    grid.hidden_columns = draw(st.sets(st.sampled_from(columns), max_size=count - 3))
    for first, last, column, _ in grid.merged:
        for row in range(first + 1, last + 1):
            grid.numbers[row][column] = None  # a program keeps nothing below a merged cell
    return grid


@given(grids(), st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_workbook_is_read_as_it_looks(grid: Grid, hidden: bool, in_strict: bool) -> None:
    data = strict(grid.file()) if in_strict else grid.file()
    document = convert("a.xlsx", data, Extras(hidden=hidden))
    assert document.text.splitlines()[2:] == grid.lines(hidden=hidden)
    unknown = any(
        number is not None and kind == "not computed"
        for numbers in grid.numbers
        for number, kind in zip(numbers, grid.kinds, strict=True)
    )
    assert ("no stored value" in document.doubt) is unknown
