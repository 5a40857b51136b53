"""Between the documents of the index and the sources that an answer cites."""

from haystack import Document

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.text.languages import language_code


def source_of(document: Document) -> Source:
    """A retrieved document as it is cited."""
    meta = document.meta
    return Source(
        document=meta["document"],
        start=meta["start"],
        end=meta["end"],
        score=document.score or 0.0,
        content=document.content or "",
        source=meta.get("source") or "",
        title=meta.get("title"),
        heading=meta.get("heading"),
        page=meta.get("page"),
        language=language_code(meta.get("language")),
        also_in=meta.get("also_in") or [],
    )
