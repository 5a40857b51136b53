"""Tables of a PDF: a row a line, whose cells know their columns."""

import random
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.pdf.table import Table, TableCell
from tests.stubs.pdf import LEADING, Pages

SEEDS = st.integers(0, 2**32 - 1)
family = settings(max_examples=25, deadline=None, derandomize=True)


def figure(source: random.Random) -> str:
    """A number as tables print them."""
    kinds = ["{:,}", "{:.1f}", "{:.2f} %", "-{:,}", "({:,})", "£{:,}"]
    kind = source.choice(kinds)
    return kind.format(source.random() * 100 if "." in kind else source.randint(2, 99_999))


def name(source: random.Random) -> str:
    return "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 8))).capitalize()


def rows_of(source: random.Random, rows: int, columns: int, *, empty: bool = True) -> list[list[str]]:
    """A header, and rows of a label and figures, some of them empty; the first and the last row are full."""
    header = list(dict.fromkeys(name(source) for _ in range(columns * 3)))[:columns]
    body = []
    for number in range(rows):
        full = not empty or number in {0, rows - 1}
        cells = [figure(source) if full or source.random() < 0.8 else "" for _ in range(columns - 1)]
        body.append([f"{name(source)} {name(source).lower()}", *cells])
    return [header, *body]


def lines_of(rows: list[list[str]]) -> list[str]:
    """Lines as they stand in the text."""
    header, *body = rows
    named = [[f"{column}: {cell}".strip() for column, cell in zip(header, row, strict=True)] for row in body]
    return ["| " + " | ".join(cells) + " |" for cells in [header, *named]]


def text_lines(pages: Pages) -> list[str]:
    return convert("a.pdf", pages.bytes()).text.replace("\f", "\n").split("\n")


def edges(source: random.Random, columns: int) -> list[float]:
    widths = [120.0, *(float(source.randint(60, 90)) for _ in range(columns - 1))]
    return list(accumulate(widths, initial=50.0))


@family
@given(seed=SEEDS, rows=st.integers(3, 30), columns=st.integers(3, 6), ruled=st.booleans(), right=st.booleans())
def test_each_cell_of_a_table_knows_its_column(seed: int, rows: int, columns: int, ruled: bool, right: bool) -> None:
    """With and without ruling lines; empty cells stay empty; text above and below is no part of it."""
    source = random.Random(seed)
    pages = Pages()
    table = rows_of(source, rows, columns)
    pages.lines(50, 80, ["The rates of this year are printed below, and nobody knows for how long they will hold."])
    end = pages.table(table, edges(source, columns), 110, ruled=ruled, right=right)
    pages.lines(
        50, end + 40, ["After the table the text goes on, in a line that is as long as the one above the table."]
    )
    found = text_lines(pages)
    assert [line for line in found if line.startswith("|")] == lines_of(table)
    assert found[0].startswith("The rates")
    assert found[-1].startswith("After the table")


@family
@given(seed=SEEDS, rows=st.integers(2, 6))
def test_rows_of_figures_are_apart_where_only_their_groups_are_ruled(seed: int, rows: int) -> None:
    source = random.Random(seed)
    pages = Pages()
    table = rows_of(source, rows * 3, 4, empty=False)
    xs = edges(source, 4)
    bands = [100.0, 120.0]
    for number, text in enumerate(table[0]):
        pages.line(xs[number] + 4, 113, text)
    y = 120.0
    for start in range(1, len(table), rows):
        for row in table[start : start + rows]:
            for number, text in enumerate(row):
                pages.line(xs[number] + 4, y + 11, text)
            y += LEADING
        y += 4
        bands.append(y)
    pages.grid(xs, bands)
    assert [line for line in text_lines(pages) if line.startswith("|")] == lines_of(table)


@family
@given(seed=SEEDS)
def test_numbers_of_neighbouring_cells_are_not_one_number(seed: int) -> None:
    """Cells that are filled to their lines."""
    source = random.Random(seed)
    pages = Pages()
    header = ["State", "Permit", "Handgun", "Other"]
    values = [[str(source.randint(10_000, 99_999)) for _ in range(3)] for _ in range(6)]
    width = pages.width("99999") + 1.2
    xs = [50.0, 130.0, 130.0 + width * 1.6, 130.0 + width * 2.6, 130.0 + width * 3.6]
    ys = [100.0 + 16 * number for number in range(8)]
    pages.grid(xs, ys)
    for text, x in zip(header, xs, strict=False):
        pages.line(x + 1, 111, text, size=6)
    for number, row in enumerate(values):
        pages.line(54, ys[number + 1] + 11, f"State {number}")
        for text, edge in zip(row, xs[2:], strict=True):
            pages.line(edge - 0.4 - pages.width(text), ys[number + 1] + 11, text)
    wanted = [
        [f"State: State {number}", *map(": ".join, zip(header[1:], row, strict=True))]
        for number, row in enumerate(values)
    ]
    assert text_lines(pages)[1:] == ["| " + " | ".join(row) + " |" for row in wanted]


def test_a_merged_cell_fills_its_rows_and_a_spanning_header_names_its_columns() -> None:
    pages = Pages()
    xs, ys = [50.0, 150.0, 250.0, 350.0], [100.0 + 20 * number for number in range(5)]
    for y in (ys[0], ys[2], ys[4]):
        pages.pdf.line(xs[0], y, xs[-1], y)
    pages.pdf.line(xs[1], ys[1], xs[-1], ys[1])
    pages.pdf.line(xs[1], ys[3], xs[-1], ys[3])
    for x in (xs[0], xs[1], xs[3]):
        pages.pdf.line(x, ys[0], x, ys[-1])
    pages.pdf.line(xs[2], ys[1], xs[2], ys[-1])
    for x, y, text in (
        (60, 124, "Region"),
        (200, 113, "Share of sales in"),
        (160, 133, "April"),
        (260, 133, "May"),
        (60, 164, "West"),
        (160, 153, "7 %"),
        (260, 153, "8 %"),
        (160, 173, "9 %"),
    ):
        pages.line(x, y, text)
    assert text_lines(pages)[1:] == [
        "| Region: West | Share of sales in April: 7 % | Share of sales in May: 8 % |",
        "| Region: West | Share of sales in April: 9 % | Share of sales in May: |",
    ]


def test_a_table_that_goes_on_overleaf_keeps_its_columns() -> None:
    source = random.Random(7)
    pages = Pages()
    table = rows_of(source, 60, 4, empty=False)
    xs = edges(source, 4)
    pages.table(table[:31], xs, 80, ruled=True)
    pages.page()
    pages.table(table[31:], xs, 80, ruled=True)
    assert [line for line in text_lines(pages) if line] == lines_of(table)


@pytest.mark.parametrize("ruled", [True, False])
def test_every_chunk_of_a_long_table_tells_its_columns(embedder: Embedder, ruled: bool) -> None:
    """A citation is a citation of the row."""
    source = random.Random(3)
    pages = Pages()
    table = rows_of(source, 200, 4)
    xs = edges(source, 4)
    for start in range(1, 201, 40):
        if start > 1:
            pages.page()
        pages.table([table[0], *table[start : start + 40]], xs, 60, ruled=ruled)
    document = convert("a.pdf", pages.bytes())
    chunks = list(
        chunk_document(document, ChunkingConfig(tokens=64), embedder, source="s", document="a", document_hash="h")
    )
    rows = lines_of(table)[1:]
    assert all(any(row in chunk.content for chunk in chunks) for row in rows)
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.content
        assert (chunk.content[0], chunk.content[-1]) == ("|", "|")


def test_the_axes_of_a_diagram_are_no_table() -> None:
    pages = Pages()
    for number, value in enumerate(range(450, -1, -50)):
        pages.line(60, 100 + 14 * number, str(value))
        pages.line(320, 100 + 14 * number, str(value))
        if number in {1, 2}:
            pages.line(150, 100 + 14 * number, "Portugal against Germany")
            pages.line(400, 100 + 14 * number, "Spain against Germany")
    assert not any(line.startswith("|") for line in text_lines(pages))


def test_a_form_has_no_header() -> None:
    pages = Pages()
    rows = [["Name of the tenant", "Kell Harbour Cooperative"], ["Place", "Kell"], ["Monthly rent", "1,870 euros"]]
    pages.table(rows, [50, 200, 400], 100, ruled=True)
    assert text_lines(pages) == [f"| {label} | {value} |" for label, value in rows]


def test_values_of_form_fields_stand_at_their_fields(form_pdf: bytes) -> None:
    text = convert("a.pdf", form_pdf).text
    assert text.split() == ["Tenant:", "Kell", "Harbour", "Rent:", "1,870", "euros", "Paid:", "☒"]


@pytest.fixture
def form_pdf() -> bytes:
    """A form with two texts and a ticked box."""
    import io

    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

    pages = Pages()
    for y, label in ((100, "Tenant:"), (130, "Rent:"), (160, "Paid:")):
        pages.line(60, y, label)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pages.bytes())))
    fields: list[dict[str, Any]] = [
        {"/FT": NameObject("/Tx"), "/V": TextStringObject("Kell Harbour")},
        {"/FT": NameObject("/Tx"), "/V": TextStringObject("1,870 euros")},
        {"/FT": NameObject("/Btn"), "/AS": NameObject("/Yes")},
    ]
    widgets = ArrayObject()
    for number, about in enumerate(fields):
        lower = 842 - 100 - 30 * number - 3
        rectangle = ArrayObject(FloatObject(value) for value in (110, lower, 300, lower + 13))
        widget = {"/Type": NameObject("/Annot"), "/Subtype": NameObject("/Widget"), "/Rect": rectangle, **about}
        widgets.append(writer._add_object(DictionaryObject({NameObject(k): v for k, v in widget.items()})))
    writer.pages[0][NameObject("/Annots")] = widgets
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(("times", "lines"), [(1, 1), (30, 1), (90, 2)])
def test_each_line_of_a_long_row_begins_with_its_first_cell(times: int, lines: int) -> None:
    rows = (["Grade", "Duties", "Pay"], ["G2", "lift " * times, "52,000 | gross"])
    cells = [
        TableCell(row, column, 1, 1, text, bold=row == 0)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]
    top, *written = Table((0, 0, 1, 1), tuple(cells)).lines()
    assert top == "| Grade | Duties | Pay |"
    assert len(written) == lines
    assert all(line.startswith("| Grade: G2 |") for line in written)
    assert written[-1].endswith("| Pay: 52,000 \\| gross |")
