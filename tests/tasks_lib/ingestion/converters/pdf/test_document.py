"""What a PDF is as a document: opening, headings, scans."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, FloatObject, IndirectObject, NameObject

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.pdf import recognition
from tests.stubs.pdf import Pages

SEEDS = st.integers(0, 2**32 - 1)
family = settings(max_examples=15, deadline=None, derandomize=True)
TEXT = "The visitor badge costs six euros, and nobody gets it for less."


@family
@given(
    owner=st.text(min_size=1, max_size=12),
    user=st.sampled_from(["", "", "secret"]),
    algorithm=st.sampled_from(["RC4-40", "RC4-128", "AES-128", "AES-256"]),
)
def test_a_file_that_opens_with_an_empty_password_is_read(owner: str, user: str, algorithm: str) -> None:
    pages = Pages()
    pages.line(60, 100, TEXT)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pages.bytes())))
    writer.encrypt(user_password=user, owner_password=owner, algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    if user:
        with pytest.raises(UnreadableDocumentError, match="^encrypted: save it without a password$"):
            convert("a.pdf", file.getvalue())
    else:
        assert convert("a.pdf", file.getvalue()).text == TEXT


@family
@given(seed=SEEDS, cut=st.floats(0, 1))
def test_a_broken_file_has_a_reason_or_is_read(seed: int, cut: float) -> None:
    """Cut off, or with bytes changed: never anything but a reason in one line, or text."""
    source = random.Random(seed)
    pages = Pages()
    pages.lines(60, 100, [TEXT, TEXT])
    pages.grid([50, 100, 200], [100, 120, 140])
    data = bytearray(pages.bytes())
    for _ in range(source.randint(0, 20)):
        data[source.randrange(len(data))] = source.randrange(256)
    said = text_or_reason(bytes(data[: int(len(data) * cut)]) or b"%PDF")
    assert 0 < len(said.strip()) < 300


def text_or_reason(data: bytes) -> str:
    """The text; where it cannot be read, the reason, which must be one line."""
    try:
        return convert("a.pdf", data).text
    except UnreadableDocumentError as error:
        reason = error.message
    assert "\n" not in reason
    return reason


def test_an_empty_document_says_so() -> None:
    with pytest.raises(UnreadableDocumentError, match="^empty: no text could be extracted$"):
        convert("a.pdf", Pages().bytes())


def test_forms_within_forms_are_bounded() -> None:
    """Ten forms that show ten each, eleven deep, would show their text for ever."""
    writer = PdfWriter()
    page = writer.add_blank_page(600, 800)
    font = {"/Type": NameObject("/Font"), "/Subtype": NameObject("/Type1"), "/BaseFont": NameObject("/Helvetica")}

    def stream(content: bytes, resources: dict[str, DictionaryObject]) -> IndirectObject:
        made = DecodedStreamObject()
        made.set_data(content)
        about = {"/Subtype": NameObject("/Form"), "/BBox": ArrayObject([FloatObject(0)] * 4)}
        named = DictionaryObject({NameObject(key): value for key, value in resources.items()})
        made.update({NameObject(key): value for key, value in {**about, "/Resources": named}.items()})
        return writer._add_object(made)

    named = DictionaryObject({NameObject("/F"): DictionaryObject({NameObject(k): v for k, v in font.items()})})
    shown = stream(b"BT /F 10 Tf 10 10 Td (boom) Tj ET", {"/Font": named})
    for _ in range(10):
        shown = stream(b"/X Do " * 10, {"/XObject": DictionaryObject({NameObject("/X"): shown})})
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject("/X"): shown})}
    )
    page[NameObject("/Contents")] = stream(b"/X Do " * 10, {})
    file = io.BytesIO()
    writer.write(file)
    assert convert("a.pdf", file.getvalue()).text == "boom"


def test_headings_are_headings_and_nothing_else_is() -> None:
    pages = Pages()
    pages.line(60, 80, "Handbook of leave", size=20)
    pages.line(60, 120, "1 Days of leave", bold=True)
    y = pages.lines(60, 140, ["Everybody has 27 days of leave, as the law wants it", "and the company too."])
    pages.table(
        [["", "TN", "ELMo"], ["Base", "180", "895"], ["Large", "190", "900"]], [60, 120, 180, 240], y, ruled=True
    )
    pages.line(60, 300, "1.1 Carrying over", bold=True)
    pages.lines(60, 320, ["Five days may be taken until March of the next year,", "TN", "if the manager agrees."])
    document = convert("a.pdf", pages.bytes())
    outline = [(heading.level, heading.text) for heading in document.headings]
    assert outline == [(1, "Handbook of leave"), (2, "1 Days of leave"), (2, "1.1 Carrying over")]
    assert document.title == "Handbook of leave"
    assert all(document.text.startswith(heading.text, heading.position) for heading in document.headings)


def test_bookmarks_are_headings_whatever_they_look_like() -> None:
    pages = Pages()
    pages.lines(60, 80, ["Leave"])
    pages.lines(60, 100, ["Everybody has 27 days of leave, as the law wants it to be."])
    pages.page()
    pages.lines(60, 80, ["2. Carrying over"])
    pages.lines(60, 100, ["Five days may be taken until March of the next year by all."])
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pages.bytes())))
    top = writer.add_outline_item(title="Leave", page_number=0)
    writer.add_outline_item(title="Carrying over", page_number=1, parent=top)
    writer.add_outline_item(title="Nowhere to be found", page_number=1)
    file = io.BytesIO()
    writer.write(file)
    document = convert("a.pdf", file.getvalue())
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Leave"), (2, "2. Carrying over")]


def test_uniform_text_has_its_short_lines_as_headings() -> None:
    pages = Pages()
    pages.lines(
        60,
        80,
        [
            "Pension plan",
            "The plan of the company is managed by a fund and comes in",
            "addition to the state pension.",
            "Joining the plan",
            "Employees join the plan automatically after three months of",
            "employment. No questions.",
        ],
    )
    document = convert("a.pdf", pages.bytes())
    assert [heading.text for heading in document.headings] == ["Pension plan", "Joining the plan"]


def scan(*texts: str) -> bytes:
    """A page of text, and pages that are pictures of text."""
    from PIL import Image, ImageDraw, ImageFont

    from tests.stubs.pdf import dejavu

    pages = Pages()
    pages.line(60, 100, TEXT)
    for text in texts:
        picture = Image.new("L", (1240, 1754), "white")
        ImageDraw.Draw(picture).text((120, 200), text, fill="black", font=ImageFont.truetype(dejavu(), 28))
        pages.page()
        pages.pdf.image(picture, x=0, y=0, w=595)
    return pages.bytes()


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed."""
    monkeypatch.setattr(recognition, "available", lambda: False)


@pytest.mark.usefixtures("without_extra")
def test_scans_are_named_where_they_cannot_be_read() -> None:
    document = convert("a.pdf", scan("The rent is due on the first of May."))
    assert document.text == TEXT
    assert document.doubt == "page 2 has no text layer: it is a scan; install llmops-flows[ocr]"
    more = convert("a.pdf", scan(*["The rent is due."] * 7)).doubt
    assert more == "pages 2, 3, 4, 5, 6 and 2 more have no text layer: they are scans; install llmops-flows[ocr]"


@pytest.mark.usefixtures("without_extra")
def test_a_document_of_scans_fails_with_that_reason() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan("The rent is due."))))
    del writer.pages[0]
    file = io.BytesIO()
    writer.write(file)
    with pytest.raises(UnreadableDocumentError, match="^page 1 has no text layer: it is a scan; install"):
        convert("a.pdf", file.getvalue())


@pytest.mark.skipif(not recognition.available(), reason="the extra llmops-flows[ocr] is not installed")
@pytest.mark.parametrize("turn", [0, 90, 180])
def test_scans_are_read_with_the_extra(turn: int) -> None:
    """Turned pages too; their confidence is kept."""
    text = "The rent of the annexe is 1,870 euros,\ndue on the first of May.\nThe tenant pays for the heating."
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan(text))))
    writer.pages[1].rotate(turn)
    file = io.BytesIO()
    writer.write(file)
    document = convert("a.pdf", file.getvalue())
    assert " ".join(document.text.split()) == f"{TEXT} {' '.join(text.split())}"
    assert document.page_at(document.text.index("1,870")) == 2
    assert document.meta["recognition_confidence"] > 0.9
    assert not document.doubt
