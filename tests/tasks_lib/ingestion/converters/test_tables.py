"""A row of a table can be understood by itself, and says nothing that the table does not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.tables import LONGEST_LINE, Merged, Table, header_rows, table_lines

CELLS = st.text(st.characters(categories=["L", "N", "P"], exclude_characters="|\\"), max_size=60).map(str.strip)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([["id", "name", "limit"], ["1", "Depot 1", "3 tonnes"]], 1),
        ([["", "2025", "2026"], ["Sales", "5", "6"]], 1),
        ([["City", "Capital of", "Language"], ["Oslo", "Norway", "Norwegian"]], 1),
        ([["grade", "euros"], ["N1", "100"]], 1),
        ([["Supplier", "Acme"], ["Date", "3 May"], ["Contact", "Ilka"]], 0),
        ([["North", "7.5 %", "2026-03-01"], ["South", "8 %", "2026-04-01"]], 0),
        ([["a", "b", "c"]], 0),
    ],
)
def test_whether_the_first_row_names_the_columns_is_told_from_what_it_holds(rows: list[list[str]], named: int) -> None:
    assert header_rows(rows) == named


def test_equal_cells_are_two_cells_and_a_merged_one_is_one() -> None:
    rows = [
        ["Room", "Projector", "Screen"],
        ["Oslo", "Yes", "Yes"],
        ["Upper floor", Merged("Upper floor"), Merged("Upper floor")],
    ]
    assert table_lines(Table(rows, 1)) == [
        *("| Room | Projector | Screen |", "| Room: Oslo | Projector: Yes | Screen: Yes |", "| Upper floor |")
    ]


def test_a_title_over_all_columns_stands_above_their_names() -> None:
    title = ["Rates", Merged("Rates"), Merged("Rates")]
    rows = [title, ["Region", "Year", "Rate"], ["North", "2026", "1"]]
    assert table_lines(Table(rows)) == [
        "| Rates |",
        "| Region | Year | Rate |",
        "| Region: North | Year: 2026 | Rate: 1 |",
    ]


def test_a_wide_table_that_is_mostly_empty_names_no_empty_cells() -> None:
    names = [f"c{n}" for n in range(20)]
    assert table_lines(Table([names, ["x", *[""] * 18, "y"]], 1))[1] == "| c0: x | c19: y |"


@given(st.integers(2, 12), st.integers(1, 6), st.data())
def test_every_cell_stands_behind_the_name_of_its_column_and_no_line_is_long(
    columns: int, count: int, data: st.DataObject
) -> None:
    rows = [[f"k{n}", *(data.draw(CELLS) for _ in range(columns - 1))] for n in range(count)]
    names = [f"name{n}" for n in range(columns)]
    lines = table_lines(Table([names, *rows], 1))
    for key, *cells in rows:
        own = [line for line in lines if line.startswith(f"| name0: {key} |")]
        said = re.findall(r"(?<=\| )name(\d+):(?: ([^|]*?))? (?=\|)", " ".join(own))
        assert dict(said) == {str(n): " ".join(cell.split()) for n, cell in enumerate([key, *cells])}
        assert all(len(line) <= LONGEST_LINE + 2 * 70 for line in own)
