"""A chunk: what the index stores and what retrieval returns, as a Haystack document with known metadata."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from haystack import Document

from tasks_lib.assistant.contract.index import chunk_id


@dataclass(frozen=True)
class Chunk:
    """Characters `start` to `end` of the converted text of one document."""

    source: str
    document: str
    content: str
    start: int
    end: int
    document_hash: str
    title: str | None = None
    heading: str | None = None
    page: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Stable over runs: the same text at the same place of the same document has the same id."""
        return chunk_id(self.source, self.document, self.start, self.end, self.content)

    @property
    def embedding_text(self) -> str:
        """What is embedded: the passage below its title and headings."""
        return _below(self.content, self.title, self.heading)

    @property
    def content_hash(self) -> str:
        """Hash of what is embedded: chunks that share it share the vector."""
        return hashlib.sha256(self.embedding_text.encode()).hexdigest()

    def to_document(self, embedding: list[float] | None = None) -> Document:
        """The chunk as a Haystack document; the metadata keys are the filterable ones."""
        meta = {
            **self.meta,
            "source": self.source,
            "document": self.document,
            "document_hash": self.document_hash,
            "content_hash": self.content_hash,
            "start": self.start,
            "end": self.end,
            "title": self.title,
            "heading": self.heading,
            "page": self.page,
        }
        return Document(id=self.id, content=self.content, embedding=embedding, meta=meta)


def embedding_text(document: Document) -> str:
    """What is embedded of a chunk in its Haystack form."""
    return _below(document.content or "", document.meta.get("title"), document.meta.get("heading"))


def content_hash(document: Document) -> str:
    """Hash of what is embedded of a chunk in its Haystack form."""
    return hashlib.sha256(embedding_text(document).encode()).hexdigest()


def _below(content: str, title: str | None, heading: str | None) -> str:
    context = " > ".join(part for part in (title, heading) if part)
    return f"{context}\n{content}" if context else content
