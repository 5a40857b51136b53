"""A slide is read whole: boxes apart, groups, tables, charts and notes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tests.stubs.office import saved, strict

AREA = (Inches(1), Inches(1), Inches(4), Inches(2))


@pytest.fixture
def deck() -> Any:
    return Presentation()


def slide_of(deck: Any, title: str = "") -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = title
    return slide


def box(shapes: Any, text: str) -> Any:
    shape = shapes.add_textbox(*AREA)
    shape.text_frame.text = text
    return shape


def grid(slide: Any, *rows: tuple[str, ...]) -> Any:
    table = slide.shapes.add_table(len(rows), len(rows[0]), *AREA).table
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(number, column).text = text
    return table


def text_of(deck: Any, extras: Extras = NOTHING_MORE) -> str:
    return convert("a.pptx", saved(deck), extras).text


def test_boxes_stand_apart_and_groups_are_opened(deck: Any) -> None:
    slide = slide_of(deck, "Fees")
    box(slide.shapes, "With footnote")
    group = slide.shapes.add_group_shape()
    box(group.shapes.add_group_shape().shapes, "Deep in a group")
    assert text_of(deck) == "Fees\n\nWith footnote\n\nDeep in a group"


def test_a_deck_that_is_only_a_table_is_read(deck: Any) -> None:
    grid(slide_of(deck), ("Service", "Fee"), ("Towing", "145 euros"))
    assert text_of(deck) == "| Service | Fee |\n| Service: Towing | Fee: 145 euros |"


def test_merged_cells_are_filled(deck: Any) -> None:
    table = grid(slide_of(deck), ("Region", "Year"), ("West", "2025"), ("", "2026"))
    table.cell(1, 0).merge(table.cell(2, 0))
    assert text_of(deck).endswith("| Region: West | Year: 2026 |")


def test_notes_are_read_behind_their_slide(deck: Any) -> None:
    slide_of(deck, "One").notes_slide.notes_text_frame.text = "The fee rises in July."
    slide_of(deck, "Two")
    document = convert("a.pptx", saved(deck))
    assert document.text == "One\n\nNotes: The fee rises in July.\fTwo"
    assert document.page_at(document.text.index("July")) == 1


def test_charts_are_read_with_title_series_and_values(deck: Any) -> None:
    data = CategoryChartData(number_format="0%")
    data.categories = ["2025", "2026"]
    data.add_series("Ducks", (0.25, 0.5))
    chart = slide_of(deck, "Survey").shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *AREA, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Ducks by year"
    assert text_of(deck).splitlines()[2:] == [
        "Ducks by year",
        "",
        "| | Ducks |",
        "| 2025 | Ducks: 25% |",
        "| 2026 | Ducks: 50% |",
    ]


def test_numbered_paragraphs_have_their_numbers(deck: Any) -> None:
    from lxml import etree

    frame = box(slide_of(deck).shapes, "Stop\nLock\nLeave").text_frame
    for paragraph in frame.paragraphs:
        settings_of = paragraph._p.get_or_add_pPr()
        etree.SubElement(
            settings_of, "{http://schemas.openxmlformats.org/drawingml/2006/main}buAutoNum", type="alphaLcParenR"
        )
    assert text_of(deck) == "a) Stop\nb) Lock\nc) Leave"


def test_hidden_slides_are_empty_pages_unless_asked_for(deck: Any) -> None:
    slide_of(deck, "Draft")._element.set("show", "0")
    slide_of(deck, "Final")
    assert text_of(deck) == "\fFinal"
    assert text_of(deck, Extras(hidden=True)) == "Draft\fFinal"


def test_strict_presentations_are_read(pptx_file: bytes) -> None:
    assert convert("a.pptx", strict(pptx_file)) == convert("a.pptx", pptx_file)


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_word_of_every_slide_is_read_once_in_its_order(data: st.DataObject) -> None:
    deck, words = Presentation(), []

    def word() -> str:
        words.append(f"w{len(words)}x")
        return words[-1]

    def fill(slide: Any, shapes: Any, depth: int) -> None:
        for kind in data.draw(st.lists(st.sampled_from(["box", "group", "table"]), max_size=3)):
            if kind == "box":
                box(shapes, f"{word()}\n{word()}")
            elif kind == "table" and not depth:
                grid(slide, (word(), word(), word()))
            elif kind == "group" and depth < 3:
                fill(slide, shapes.add_group_shape().shapes, depth + 1)

    for _ in range(data.draw(st.integers(1, 3))):
        slide = slide_of(deck, word())
        fill(slide, slide.shapes, 0)
        if data.draw(st.booleans()):
            slide.notes_slide.notes_text_frame.text = word()
    document = convert("a.pptx", saved(deck))
    assert [part for part in document.text.replace("|", " ").split() if part.startswith("w")] == words
    assert len(document.pages) == len(deck.slides)
