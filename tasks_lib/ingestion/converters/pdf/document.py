"""A PDF as one text: paragraphs and tables in reading order, its headings, and where its pages begin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.pdf import recognition
from tasks_lib.ingestion.converters.pdf.blocks import Block, Paragraph, Row, blocks_of, row_of
from tasks_lib.ingestion.converters.pdf.furniture import repeated
from tasks_lib.ingestion.converters.pdf.lines import lines_of
from tasks_lib.ingestion.converters.pdf.opening import open_pdf, properties
from tasks_lib.ingestion.converters.pdf.page import Page
from tasks_lib.ingestion.converters.pdf.reading import pages
from tasks_lib.ingestion.converters.pdf.table import Table
from tasks_lib.ingestion.converters.pdf.tables import regions_of
from tasks_lib.ingestion.converters.pdf.writing import PageBlocks, written_text

_SCAN = 0.1
_STAMP = 40
_WHOLE = 0.8
_SURE = 0.9
_FEW = 5


def convert_pdf(data: bytes) -> ConvertedDocument:
    """Text, headings and pages of a PDF.

    :raises UnreadableDocumentError: If it asks for a password, has too many pages, or shows pictures only.
    """
    reader = open_pdf(data)
    about = properties(reader)
    read: list[PageBlocks] = []
    scans: list[int] = []
    confidence: dict[int, float] = {}
    for page in pages(reader):
        shown = page
        if _is_a_scan(page):
            if recognition.available():
                shown, confidence[page.number] = recognition.recognised_page(data, page)
            else:
                scans.append(page.number)
        read.append(_blocks(shown))
    if scans and not any(page.blocks for page in read):
        raise UnreadableDocumentError(without_text(scans))
    written = written_text(_without_furniture(read), about.bookmarks)
    return ConvertedDocument(
        written.text,
        "pdf",
        title=about.title or title_of(written.headings),
        headings=tuple(written.headings),
        pages=tuple(written.pages),
        modified=about.modified,
        doubt=without_text(scans) if scans else _unsure(confidence),
        meta={"recognition_confidence": round(min(confidence.values()), 3)} if confidence else {},
    )


def _is_a_scan(page: Page) -> bool:
    """Whether a picture is all that a page shows, but for a stamp."""
    few = page.characters < _STAMP and page.pictures > _WHOLE
    return few or (not page.characters and page.pictures > _SCAN)


def _unsure(confidence: Mapping[int, float]) -> str:
    """Which pages were recognised badly."""
    blank = [number for number, value in confidence.items() if not value]
    poor = {number: value for number, value in confidence.items() if 0 < value < _SURE}
    if blank:
        return f"{_named(blank)}: a picture on which no text was recognised"
    if not poor:
        return ""
    number = min(poor, key=lambda each: poor[each])
    return (
        f"{_named(list(poor))} recognised from pictures with little confidence "
        f"({poor[number]:.2f} on page {number}): compare with the scan"
    )


def without_text(scans: Sequence[int]) -> str:
    """Why pages are missing."""
    one = len(scans) == 1
    have, are = ("has", "it is a scan") if one else ("have", "they are scans")
    return f"{_named(scans)} {have} no text layer: {are}; install llmops-flows[ocr]"


def _named(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - _FEW} more" if len(numbers) > _FEW else ""
    return f"page{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers[:_FEW]))}{more}"


def _blocks(page: Page) -> PageBlocks:
    blocks = [block for region in regions_of(page) for block in blocks_of(region)]
    aside = [row_of([line]) for line in lines_of(page.aside)]
    blocks += [Paragraph((row,)) for row in aside if not row.artifact]
    return PageBlocks(blocks, page.height)


def _rows(page: PageBlocks) -> list[Row]:
    return [row for block in page.blocks if isinstance(block, Paragraph) for row in block.rows]


def _without_furniture(read: Sequence[PageBlocks]) -> list[PageBlocks]:
    left_out = repeated([_rows(page) for page in read])
    return [_without(page, rows) if rows else page for page, rows in zip(read, left_out, strict=True)]


def _without(page: PageBlocks, rows: set[Row]) -> PageBlocks:
    blocks: list[Block] = []
    for block in page.blocks:
        if isinstance(block, Table):
            blocks.append(block)
        elif kept := tuple(row for row in block.rows if row not in rows):
            blocks.append(replace(block, rows=kept))
    return replace(page, blocks=blocks)
