"""Text of a PDF in the order in which it is read: columns, whole words, what repeats, and what interrupts."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tests.stubs.pdf import LEADING, Pages

SEEDS = st.integers(0, 2**32 - 1)
family = settings(max_examples=25, deadline=None, derandomize=True)


def read(pages: Pages) -> ConvertedDocument:
    return convert("a.pdf", pages.bytes())


def words(source: random.Random, count: int) -> list[str]:
    """Distinct lowercase words of three to nine letters, which no line end could be mistaken for."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 9)))] = None
    return list(found)


def sentence(source: random.Random, count: int) -> list[str]:
    """Words that begin with a capital and end in a full stop."""
    found = words(source, count)
    return [found[0].capitalize(), *found[1:-1], f"{found[-1]}."]


def said(text: str) -> str:
    return " ".join(text.split())


@family
@given(seed=SEEDS, columns=st.integers(1, 3), order=st.sampled_from(["down", "across", "shuffled"]))
def test_columns_are_read_one_after_the_other(seed: int, columns: int, order: str) -> None:
    """In whichever order the file shows their lines."""
    source = random.Random(seed)
    pages = Pages()
    width = 480 / columns - 20
    texts = [sentence(source, source.randint(40, 60)) for _ in range(columns)]
    title = " ".join(words(source, 5)).capitalize()
    placed = [
        (60 + column * (width + 20), 120 + LEADING * number, line, column)
        for column, text in enumerate(texts)
        for number, line in enumerate(pages.wrapped(text, width))
    ]
    if order == "across":
        placed.sort(key=lambda each: (each[1], each[0]))
    elif order == "shuffled":
        source.shuffle(placed)
    pages.line(60, 90, title, size=16)
    for x, y, line, _ in placed:
        pages.line(x, y, line)
    assert said(read(pages).text) == " ".join([title, *(" ".join(text) for text in texts)])


@family
@given(seed=SEEDS, hyphen=st.sampled_from(["-", "\u2010", "\u00ad"]))
def test_words_are_whole_where_a_line_end_broke_them(seed: int, hyphen: str) -> None:
    """A word with a hyphen of its own keeps it, if the document writes it so elsewhere."""
    source = random.Random(seed)
    pages = Pages(unicode=True)
    text = sentence(source, 60)
    compound = f"{text[5]}-{text[6]}"
    lines: list[str] = []
    for start in range(0, len(text), 6):
        line = text[start : start + 6]
        lines.append(" ".join(line))
    broken = [line for line in lines if len(line.split()[-1]) > 5]
    for line in broken[::2]:
        place = lines.index(line)
        cut = len(line) - 3
        following = lines[place + 1 : place + 2]
        if following:
            lines[place : place + 2] = [line[:cut] + hyphen, f"{line[cut:]} {following[0]}"]
    wide = max(pages.width(line) for line in lines)
    pages.lines(60, 80, lines)
    pages.lines(60, 500, [f"The {compound} rule.", f"Nobody knows the {compound[: len(text[5])]}-", f"{text[6]} rule."])
    found = said(read(pages).text)
    assert found.startswith(" ".join(text))
    assert found.endswith(f"The {compound} rule. Nobody knows the {compound} rule.")
    assert wide < 530


@family
@given(seed=SEEDS)
def test_a_sentence_goes_on_in_the_next_column_and_on_the_next_page(seed: int) -> None:
    """Footnotes stand after the sentence that they interrupt; its pages are where they begin."""
    source = random.Random(seed)
    pages = Pages()
    text = sentence(source, 70)
    note = " ".join(sentence(source, 8))
    parts = [pages.wrapped(text[:20], 200), pages.wrapped(text[20:45], 200), pages.wrapped(text[45:], 420)]
    other = sentence(source, 40)
    pages.lines(60, 100, [*pages.wrapped(other, 200), *parts[0]])
    pages.lines(60, 640, [f"1 {note}"], size=7)
    pages.lines(320, 100, parts[1])
    pages.page()
    pages.lines(60, 100, parts[2])
    document = read(pages)
    whole = " ".join(text)
    assert whole in said(document.text)
    assert said(document.text).count(note) == 1
    start = document.text.index(text[45])
    assert (document.page_at(start - 2), document.page_at(start)) == (1, 2)
    assert document.text[document.pages[1] :].startswith(text[45])


NUMBERS = ["{n}", "Page {n} of {all}", "- {n} -", "{roman}", "Handbook 2027 | {n}", "{n} Chapter {chapter}: leave"]


@family
@given(seed=SEEDS, count=st.integers(2, 7), number=st.sampled_from(NUMBERS), top=st.booleans())
def test_headers_footers_and_page_numbers_that_repeat_are_left_out(
    seed: int, count: int, number: str, top: bool
) -> None:
    """Whatever of a page is said once, or differs in a number within, stays."""
    source = random.Random(seed)
    pages = Pages()
    header = " ".join(words(source, 4)).upper()
    bodies = [sentence(source, 30) for _ in range(count)]
    for page, body in enumerate(bodies, start=1):
        if page > 1:
            pages.page()
        shown = number.format(n=page, all=count, roman=["i", "ii", "iii", "iv", "v", "vi", "vii"][page - 1], chapter=3)
        pages.line(60, 40, header, size=8)
        pages.line(280, 40 if top else 810, shown, size=8)
        pages.lines(60, 100, [f"Section {page} tells how berth {page} is booked and", *pages.wrapped(body, 400)])
    document = read(pages)
    wanted = [
        f"Section {page} tells how berth {page} is booked and {' '.join(body)}" for page, body in enumerate(bodies, 1)
    ]
    assert [said(part) for part in document.text.split("\f")] == wanted
    assert len(document.pages) == count


def test_what_stands_at_the_edge_of_one_page_stays() -> None:
    pages = Pages()
    pages.line(60, 40, "Draft of March", size=8)
    pages.lines(60, 100, ["The only page has a header and a number,", "and nobody can tell that they repeat."])
    pages.line(280, 810, "Page 7", size=8)
    assert said(read(pages).text).startswith("Draft of March The only page")
    assert "Page 7" in read(pages).text


@family
@given(seed=SEEDS)
def test_ligatures_become_letters(seed: int) -> None:
    source = random.Random(seed)
    pages = Pages(unicode=True)
    ligatures = {"ff": "\ufb00", "fi": "\ufb01", "fl": "\ufb02", "ffi": "\ufb03", "ffl": "\ufb04"}
    plain = [source.choice(list(ligatures)).join(words(source, 2)) for _ in range(12)]
    shown = [re.sub("ff[il]|f[fil]", lambda match: ligatures[match[0]], word) for word in plain]
    pages.lines(60, 100, pages.wrapped(shown, 300))
    assert said(read(pages).text) == " ".join(plain)


HEBREW = "אבגדהוזחטילמנסעפצקרשת"


@family
@given(seed=SEEDS)
def test_right_to_left_text_is_read_from_the_right(seed: int) -> None:
    """Words of other scripts, numbers and dates in it run as they do."""
    source = random.Random(seed)
    pages = Pages(unicode=True)
    line = ["".join(source.choices(HEBREW, k=source.randint(2, 7))) for _ in range(8)]
    line[2] = str(source.randint(10, 99_999))
    line[5] = source.choice(["python", "Office", "2027/03/19", "7.5%"])
    shown = " ".join(
        word if re.search(r"[\d\w]", word) and not re.search("[א-ת]", word) else word[::-1] for word in line[::-1]
    )
    pages.pdf.set_text_shaping(False)
    written = _as_shown(pages, shown)
    assert said(read(written).text) == " ".join(line)


def _as_shown(pages: Pages, shown: str) -> Pages:
    """A line word by word from the left: the writer would turn it, as it stands here turned already."""
    x = 60.0
    for word in shown.split():
        for character in word:
            x += pages.line(x, 100, character)
        x += 3.2
    return pages


def test_one_column_beside_a_picture_keeps_its_paragraphs() -> None:
    pages = Pages()
    narrow = ["Short lines beside a", "picture go on until", "the sentence ends."]
    wide = "Below the picture the lines are as long as the page allows, and this one is."
    y = pages.lines(60, 100, narrow)
    pages.lines(60, y, [wide])
    assert said(" ".join(narrow)) in said(read(pages).text)
    assert wide in said(read(pages).text)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_is_shown_turned_is_read_upright(turn: int) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    pages = Pages()
    pages.lines(60, 100, ["The table of fees is printed", "across the page."])
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pages.bytes())))
    writer.pages[0].rotate(turn)
    turned = io.BytesIO()
    writer.write(turned)
    assert said(convert("a.pdf", turned.getvalue()).text) == "The table of fees is printed across the page."
