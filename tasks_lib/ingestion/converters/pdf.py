"""What a PDF says about itself, and whether it can be opened."""

import io
from dataclasses import dataclass

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

MAX_PAGES = 10_000


@dataclass(frozen=True)
class PdfProperties:
    """Document information, where the file has it."""

    title: str | None
    modified: str | None


def inspect(data: bytes) -> PdfProperties:
    """Open the file and read its document information.

    :raises UnreadableDocumentError: If it is encrypted, or has too many pages.
    """
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        reason = "encrypted: save it without a password"
        raise UnreadableDocumentError(reason)
    pages = len(reader.pages)
    if pages > MAX_PAGES:
        reason = f"too large: {pages:,} pages, at most {MAX_PAGES:,}"
        raise UnreadableDocumentError(reason)
    return _properties(reader.metadata)


def _properties(metadata: object) -> PdfProperties:
    title = getattr(metadata, "title", None)
    try:
        moment = getattr(metadata, "modification_date", None) or getattr(metadata, "creation_date", None)
    except ValueError:  # pypdf raises on malformed dates
        moment = None
    return PdfProperties(
        " ".join(str(title).split()) or None if title else None, moment.isoformat() if moment else None
    )
