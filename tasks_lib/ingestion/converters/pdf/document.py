"""A PDF as one text: paragraphs and tables in reading order, its headings, and where its pages begin."""

from collections.abc import Sequence
from dataclasses import replace

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.markdown import title_of
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


def convert_pdf(data: bytes) -> ConvertedDocument:
    """Text, headings and pages of a PDF.

    :raises UnreadableDocumentError: If it asks for a password, has too many pages, or shows pictures only.
    """
    reader = open_pdf(data)
    about = properties(reader)
    read = [_blocks(page) for page in pages(reader)]
    scans = [number for number, page in enumerate(read, start=1) if page.scanned]
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
        doubt=without_text(scans) if scans else "",
    )


def without_text(scans: Sequence[int]) -> str:
    """Why pages are missing."""
    named = ", ".join(map(str, scans[:5])) + (f" and {len(scans) - 5} more" if len(scans) > 5 else "")
    one = len(scans) == 1
    have, are = ("has", "it is a scan") if one else ("have", "they are scans")
    return f"page{'' if one else 's'} {named} {have} no text layer: {are}; install llmops-flows[ocr]"


def _blocks(page: Page) -> PageBlocks:
    blocks = [block for region in regions_of(page) for block in blocks_of(region)]
    aside = [row_of([line]) for line in lines_of(page.aside)]
    blocks += [Paragraph((row,)) for row in aside if not row.artifact]
    few = page.characters < _STAMP and page.pictures > _WHOLE
    return PageBlocks(blocks, page.height, few or (not page.characters and page.pictures > _SCAN))


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
