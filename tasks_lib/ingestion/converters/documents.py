"""Between converted documents and Haystack's: what any converter gives becomes one text with its structure."""

from collections.abc import Mapping, Sequence
from typing import Any

from haystack import Document

from tasks_lib.ingestion.converters.converted import ConvertedDocument, Heading
from tasks_lib.ingestion.converters.markdown import headings, title_of
from tasks_lib.ingestion.converters.reading import clean

IDENTITY = ("source", "document", "document_hash")
"""Metadata that tells which document of which source a text comes from."""
STRUCTURE = ("format", "title", "modified", "body", "pages", "headings")
"""Metadata that holds the fields of a :class:`ConvertedDocument` beside its text."""
STRUCTURE_PLACES = {"body", "pages", "headings"}
"""Those among them that are places in the text."""
_BOOKKEEPING = {
    *IDENTITY,
    *STRUCTURE,
    *("content_hash", "start", "end", "heading", "page", "file_path", "page_number"),
    *("source_id", "split_id", "split_idx_start", "split_total"),
}
_BETWEEN = "\n\n"


def to_document(converted: ConvertedDocument, identity: Mapping[str, Any]) -> Document:
    """A Haystack document whose metadata holds structure and identity."""
    structure = {
        "format": converted.format,
        "title": converted.title,
        "modified": converted.modified,
        "body": converted.body,
        "pages": list(converted.pages),
        "headings": [[heading.position, heading.level, heading.text] for heading in converted.headings],
    }
    return Document(content=converted.text, meta={**converted.meta, **structure, **identity})


def from_documents(documents: Sequence[Document], file_format: str = "") -> ConvertedDocument:
    """The text that a converter gave for one file, in one document or in several, such as its pages or sheets.

    Headings come from metadata (see :data:`STRUCTURE`), else the text is read as Markdown unless its `output_format`
    says otherwise.
    """
    texts = [clean(document.content or "") for document in documents]
    text = _BETWEEN.join(texts)
    meta = documents[0].meta if documents else {}
    if "headings" in meta and len(documents) == 1:
        outline = tuple(Heading(*heading) for heading in meta["headings"])
    else:
        outline = headings(text) if meta.get("output_format", "markdown") == "markdown" else ()
    pages = meta.get("pages") if len(documents) == 1 else _page_starts(documents, texts)
    title = meta.get("title")
    return ConvertedDocument(
        text,
        meta.get("format") or file_format,
        title=title if isinstance(title, str) and title else title_of(outline),
        headings=outline,
        pages=tuple(pages or ()),
        body=meta.get("body", 0),
        modified=meta.get("modified"),
        meta=further(meta),
    )


def is_free(key: str) -> bool:
    """Whether a name of metadata is nobody's yet: a document may use it as it likes."""
    return key not in _BOOKKEEPING and not key.startswith("_")


def further(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Single values of metadata that a component of somebody else set, such as an author; they can be filtered by."""
    return {key: value for key, value in meta.items() if is_free(key) and isinstance(value, str | int | float)}


def _page_starts(documents: Sequence[Document], texts: Sequence[str]) -> list[int]:
    """Where each page begins, if every document is the next page; else nothing."""
    if [document.meta.get("page_number") for document in documents] != list(range(1, len(documents) + 1)):
        return []
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text) + len(_BETWEEN))
    return starts
