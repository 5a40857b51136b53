"""Documents of every format, an embedder that counts its work, and an index."""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings

TOKEN = re.compile(r"\w+|[^\w\s]")


class CountingEmbedder:
    """Words and punctuation are tokens, a hash is the vector: fast, and the same text has the same vector."""

    dimension = 8
    max_tokens = 254
    in_process = True

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Eight numbers of the text's digest."""
        self.texts.extend(texts)
        return [[byte / 255 + 0.01 for byte in hashlib.sha256(text.encode()).digest()[:8]] for text in texts]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Spans of words and single marks."""
        return [match.span() for match in TOKEN.finditer(text)]


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """Settings with the given keys of the `ingest` section."""

    def make(**ingest: object) -> Settings:
        return Settings(ingest=IngestConfig.model_validate(ingest))

    return make


@pytest.fixture(scope="session")
def docx_file() -> bytes:
    import docx

    document = docx.Document()
    document.core_properties.title = "Pay"
    document.add_heading("Payday", 1)
    document.add_paragraph("Salaries are paid on the 25th.")
    document.add_heading("Bonus", 2)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("grade", "euros", "N1", "100"), strict=True
    ):
        cell.text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def pptx_file() -> bytes:
    from pptx import Presentation

    presentation = Presentation()
    for title, body in (("Welcome", "Bring a pen."), ("Lunch", "Served at noon.")):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    stream = io.BytesIO()
    presentation.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def xlsx_file() -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Rates"
    sheet.append(["country", "rate"])
    sheet.append(["Norway", 12])
    workbook.create_sheet("Cities").append(["Oslo", 4])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def pdf_file() -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_title("Dogs at work")
    pdf.set_font("helvetica", size=12)
    for text in ("Dogs are welcome on Fridays.", "Cats are not."):
        pdf.add_page()
        pdf.multi_cell(0, 8, text)
    return bytes(pdf.output())


@pytest.fixture(scope="session")
def encrypted_pdf(pdf_file: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_file)))
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def zip_bomb() -> bytes:
    """A DOCX of 200 kB that unpacks to 200 MiB."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("word/document.xml", "w") as member,
    ):
        for _ in range(200):
            member.write(bytes(2**20))
    return stream.getvalue()


@pytest.fixture
def index(tmp_path: Path) -> LanceDBIndex:
    """An empty index."""
    return LanceDBIndex(str(tmp_path / "lancedb"), "test", CountingEmbedder.dimension, lock_folder=tmp_path / "locks")
