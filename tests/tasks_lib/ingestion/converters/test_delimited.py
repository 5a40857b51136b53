"""A CSV is read by the delimiter that it has, and its values stay as they are written."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.delimited import DELIMITERS, delimiter_of


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Name;Betrag;Ort\nMüller;1.234,50;Köln\n", "| Name: Müller | Betrag: 1.234,50 | Ort: Köln |"),
        ("id,name,limit\n1,Depot 1,\n", "| id: 1 | name: Depot 1 | limit: |"),
        ("a\tb\n1,5\t2,5\n", "| a: 1,5 | b: 2,5 |"),
        ('sep=;\n"x;y";z\n"1;2";3\n', "| x;y: 1;2 | z: 3 |"),
        ('name,note,year\nAda,"Two\nlines, one cell",2026\n', "| name: Ada | note: Two lines, one cell | year: 2026 |"),
        ("Rates of 2026\n\nregion,rate,year\nNorth,1,2026\n", "| region: North | rate: 1 | year: 2026 |"),
    ],
)
def test_cells_stand_behind_the_names_of_their_columns(text: str, last: str) -> None:
    assert convert("a.csv", text.encode()).text.splitlines()[-1] == last


def test_tables_by_tabs_are_read_too() -> None:
    assert convert("t.tsv", b"a\tb\n1\t2\n").text == "| a | b |\n| a: 1 | b: 2 |"


def test_ten_thousand_columns_are_read() -> None:
    names = ",".join(f"c{n}" for n in range(10_000))
    values = ",".join(str(n) for n in range(10_000))
    assert "| c9999: 9999 |" in convert("a.csv", f"{names}\n{values}\n".encode()).text


WORDS = st.text("abcdefgh .'%0123456789" + DELIMITERS, min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.data(), st.sampled_from(DELIMITERS), st.integers(2, 5))
@settings(deadline=None)
def test_every_cell_comes_back_whatever_divides_the_columns(data: st.DataObject, delimiter: str, columns: int) -> None:
    rows = data.draw(st.lists(st.lists(WORDS, min_size=columns, max_size=columns), min_size=3, max_size=6))
    names = [f"name {n}" for n in range(columns)]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *rows])
    assert delimiter_of(stream.getvalue()) == delimiter
    text = convert("a.csv", stream.getvalue().encode()).text.replace("\\|", "|")
    for cell in (cell for row in rows for cell in row):
        assert " ".join(cell.split()) in text
