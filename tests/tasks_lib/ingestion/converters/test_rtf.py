"""RTF: alphabets, tables, lists and notes as they are shown; what is not shown is not read."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.extras import Extras

FONTS = (
    r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}{\f3\fcharset238 Arial CE;}}"
)
ENCODINGS = {1: "cp1251", 2: "cp932", 3: "cp1250"}


def rtf(body: str, *, before: str = FONTS) -> bytes:
    return b"{\\rtf1\\ansi\\ansicpg1252\\deff0" + before.encode("ascii") + body.encode("ascii") + b"}"


def text_of(body: str, **about: str) -> str:
    return convert("a.rtf", rtf(body, **about)).text


def row(*cells: str) -> str:
    edges = "".join(rf"\cellx{1000 * (number + 1)}" for number in range(len(cells)))
    return rf"\trowd{edges}" + "".join(rf"\pard\intbl {cell}\cell" for cell in cells) + r"\row "


def escaped(text: str, font: int | None = None) -> str:
    """Text as RTF writes it: in the encoding of a font, or by the numbers of its characters."""
    if font is not None:
        return rf"{{\f{font} " + "".join(rf"\'{byte:02x}" for byte in text.encode(ENCODINGS[font])) + "}"
    units = text.encode("utf-16-le")
    numbers = (int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2))
    return "".join(rf"\u{number}?" for number in numbers)


@pytest.mark.parametrize(("font", "text"), [(1, "Отпуск"), (2, "有給休暇は二十日"), (3, "Přesčas")])
def test_each_font_has_an_alphabet_of_its_own(font: int, text: str) -> None:
    assert text_of(f"a {escaped(text, font)} b") == f"a {text} b"


def test_characters_by_number_take_the_place_of_their_substitutes() -> None:
    assert text_of(r"{\uc2 27 \u8364 EUR}{\uc0\u252 ber} " + escaped("𐌲")) == "27 €Rüber 𐌲"


def test_headings_are_those_of_styles_and_outline_levels() -> None:
    styles = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s7\outlinelevel1 Mine;}}"
    body = r"\pard\s1 Leave\par\pard 27 days.\par\pard\s7 Sick\par\pard\outlinelevel2 Notes\par x"
    document = convert("a.rtf", rtf(body, before=FONTS + styles + r"{\info{\title Rules}}"))
    assert document.title == "Rules"
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Leave"), (2, "Sick"), (3, "Notes")]


def test_rows_of_a_table_name_their_columns_and_merged_cells_are_filled() -> None:
    merged = r"\trowd\clvmgf\cellx1000\cellx2000\cellx3000\intbl West\cell 2025\cell 1\cell\row"
    merged += r"\trowd\clvmrg\cellx1000\cellx2000\cellx3000\intbl\cell 2026\cell\cell\row "
    wide = r"\trowd\cellx2000\cellx3000\intbl all\cell 9\cell\row "
    lines = text_of(row("Region", "Year", "Rate") + merged + wide + r"\pard end").splitlines()
    assert lines == [
        *("| Region | Year | Rate |", "| Region: West | Year: 2025 | Rate: 1 |"),
        *("| Region: West | Year: 2026 | Rate: |", "| Region: all | Year: all | Rate: 9 |", "", "end"),
    ]


def test_lists_notes_headers_and_boxes_are_read() -> None:
    items = r"\pard{\listtext\'b7\tab}One\par{\listtext 2.\tab}\ilvl1 Two\par"
    note = r"\pard Rule 1{\footnote \pard Except gifts}.\par"
    around = r"{\header Handbook}{\headerf Handbook}{\footer Page {\field{\*\fldinst PAGE}{\fldrslt 1}}}"
    box = r"{\shp{\*\shpinst{\sp{\sn shape}{\sv 1}}{\shptxt In a box.\par}}{\shprslt old}}\par"
    assert text_of(around + items + note + box).splitlines() == [
        *("Handbook", "", "- One", "  2. Two", "", "Rule 1[1].", "[1] Except gifts", "", "In a box.", "", "Page 1"),
    ]


def test_what_is_not_shown_is_not_read() -> None:
    body = (
        r"a{\v hidden}{\deleted gone}{\revised  new}{\*\unknown x}{\pict 0102}{\field{\*\fldinst REF x}{\fldrslt  b}}"
    )
    assert text_of(body + r"{\*\annotation why}") == "a new b"
    assert "Comment: why" in convert("a.rtf", rtf(body + r"{\*\annotation why}"), Extras(comments=True)).text


@pytest.mark.parametrize("data", [b"no rtf", b"{\\rtf1 }", b"{\\rtf1{\\pict 00}"])
def test_a_file_without_text_is_one_line(data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        convert("a.rtf", data)
    assert "\n" not in caught.value.message


def test_depth_is_no_bomb() -> None:
    assert convert("a.rtf", b"{\\rtf1 a" + b"{" * 100_000 + b"b").text == "ab"
    nested = "".join(rf"\pard\intbl\itap{depth} t{depth}\nestcell" for depth in range(2, 3000))
    assert "t2999" in text_of(nested + r"\pard\intbl x\cell\row")


WORD = st.text(st.sampled_from("abcäßñłğжЩ語ア한ไ"), min_size=1, max_size=8)
BLOCK = st.one_of(
    st.tuples(st.just("paragraph"), st.lists(WORD, min_size=1, max_size=4)),
    st.tuples(st.just("item"), st.lists(WORD, min_size=1, max_size=3)),
    st.tuples(st.just("table"), st.lists(st.lists(WORD, min_size=2, max_size=2), min_size=1, max_size=3)),
    st.tuples(st.just("note"), st.lists(WORD, min_size=1, max_size=2)),
)


def written(kind: str, content: list[str] | list[list[str]]) -> str:
    if kind == "table":
        return "".join(row(*map(escaped, cells)) for cells in content) + r"\pard "
    said = " ".join(map(escaped, map(str, content)))
    if kind == "note":
        return rf"\pard x{{\footnote\pard {said}}}\par "
    return rf"\pard{{\listtext 1.\tab}}{said}\par " if kind == "item" else rf"\pard {said}\par "


def words_of(content: list[str] | list[list[str]]) -> list[str]:
    return [word for each in content for word in ([each] if isinstance(each, str) else each)]


@given(st.lists(BLOCK, min_size=1, max_size=6))
@settings(deadline=None)
def test_every_word_that_is_shown_is_in_the_text(blocks: list[tuple[str, list[str]]]) -> None:
    text = text_of("".join(written(kind, content) for kind, content in blocks))
    said = text.replace("|", " ").replace(":", " ").split()
    for word in (word for _, content in blocks for word in words_of(content)):
        assert word in said


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_whatever_the_bytes_nothing_else_is_raised(data: bytes) -> None:
    with suppress(UnreadableDocumentError):
        assert convert("a.rtf", b"{\\rtf1 " + data).text
