"""Opening a PDF, and what it says about itself."""

import io
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

MAX_PAGES = 10_000
MOST_BOOKMARKS = 5_000
_DEEPEST = 8


@dataclass(frozen=True)
class Bookmark:
    """An entry of the outline; `level` counts from 1, `page` from 0."""

    level: int
    title: str
    page: int


@dataclass(frozen=True)
class PdfProperties:
    """Document information, where the file has it."""

    title: str | None
    modified: str | None
    bookmarks: tuple[Bookmark, ...] = ()


def open_pdf(data: bytes) -> Any:
    """A pypdf reader of a file that opens without a password, or with an empty one.

    :raises UnreadableDocumentError: If it asks for a password, or has too many pages.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every flaw that it mends
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        reason = "encrypted: save it without a password"
        raise UnreadableDocumentError(reason)
    pages = len(reader.pages)
    if pages > MAX_PAGES:
        reason = f"too large: {pages:,} pages, at most {MAX_PAGES:,}"
        raise UnreadableDocumentError(reason)
    return reader


def properties(reader: Any) -> PdfProperties:
    """Title, date and bookmarks; each is left out where it is malformed."""
    metadata = reader.metadata
    title = getattr(metadata, "title", None)
    try:
        moment = getattr(metadata, "modification_date", None) or getattr(metadata, "creation_date", None)
    except ValueError:  # pypdf raises on malformed dates
        moment = None
    return PdfProperties(
        " ".join(str(title).split()) or None if title else None,
        moment.isoformat() if moment else None,
        _bookmarks(reader),
    )


def _bookmarks(reader: Any) -> tuple[Bookmark, ...]:
    try:
        found = list(_flat(reader, reader.outline, 1))
    except Exception:  # noqa: BLE001  (an outline is a comfort: whatever is wrong with it costs no text)
        return ()
    return tuple(found[:MOST_BOOKMARKS])


def _flat(reader: Any, entries: Any, level: int) -> Iterator[Bookmark]:
    for entry in entries:
        if isinstance(entry, Mapping):
            page = reader.get_destination_page_number(entry)
            title = " ".join(str(entry.get("/Title") or "").split())
            if page is not None and title:
                yield Bookmark(level, title, int(page))
        elif isinstance(entry, list) and level < _DEEPEST:
            yield from _flat(reader, entry, level + 1)
