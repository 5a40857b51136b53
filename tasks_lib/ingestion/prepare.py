"""A batch of documents to chunks with vectors; whatever is wrong with a document is recorded, and the rest goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from haystack import Document
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.masking import without_personal_data
from tasks_lib.ingestion.plan import PlannedDocument, max_bytes
from tasks_lib.ingestion.result import FailedDocument
from tasks_lib.ingestion.sources.document_source import DocumentSource

EMBED_TEXTS = 256
"""Texts handed to the embedder at once, sorted by length."""


@dataclass(frozen=True)
class PreparedBatch:
    """Chunks of whole documents, ready to be written, and what went wrong."""

    documents: list[str] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    """One row for each chunk: an eighth of the memory that lists of floats take."""
    failed: list[FailedDocument] = field(default_factory=list)
    embedded: int = 0

    def records(self) -> Iterator[Document]:
        """The chunks as the index takes them."""
        for chunk, vector in zip(self.chunks, self.vectors, strict=True):
            yield chunk.to_document(vector.tolist())


def prepare_batch(
    planned: Sequence[PlannedDocument], source: DocumentSource, index: Index, embedder: Embedder, settings: Settings
) -> PreparedBatch:
    """Read, convert, chunk and embed; texts whose vectors the index holds already are not embedded again."""
    documents: list[str] = []
    chunks: list[Chunk] = []
    failed: list[FailedDocument] = []
    for document in planned:
        try:
            chunks.extend(_chunks(document, source, embedder, settings))
        except UnreadableDocumentError as error:
            failed.append(FailedDocument(path=document.path, reason=error.message))
        except OSError as error:
            failed.append(FailedDocument(path=document.path, reason=f"cannot be read: {error.strerror or error}"))
        else:
            documents.append(document.path)
    vectors, embedded = _vectors(chunks, index, embedder)
    return PreparedBatch(documents, chunks, vectors, failed, embedded)


def _chunks(document: PlannedDocument, source: DocumentSource, embedder: Embedder, settings: Settings) -> list[Chunk]:
    data = source.read(document.path, document.etag)
    converted = convert(document.path, data, max_bytes=max_bytes(settings.ingest))
    del data
    if settings.ingest.mask_pii:
        converted = without_personal_data(converted, settings.guardrails.personal_data)
    chunks = list(
        chunk_document(
            converted,
            settings.chunking,
            embedder,
            source=source.uri,
            document=document.path,
            document_hash=document.document_hash,
        )
    )
    if not chunks:
        reason = "empty: nothing in it can be searched"
        raise UnreadableDocumentError(reason)
    return chunks


def _vectors(chunks: Sequence[Chunk], index: Index, embedder: Embedder) -> tuple[NDArray[np.float32], int]:
    """A vector for each chunk, and how many texts were embedded for that."""
    hashes = [chunk.content_hash for chunk in chunks]
    texts = {digest: chunk.embedding_text for digest, chunk in zip(hashes, chunks, strict=True)}
    known = index.embeddings(list(texts)) if texts and index.exists() else {}
    vectors = {digest: np.asarray(vector, dtype=np.float32) for digest, vector in known.items()}
    unknown = sorted((digest for digest in texts if digest not in vectors), key=lambda digest: len(texts[digest]))
    for first in range(0, len(unknown), EMBED_TEXTS):
        portion = unknown[first : first + EMBED_TEXTS]
        embedded = embedder.embed([texts[digest] for digest in portion])
        vectors.update(zip(portion, np.asarray(embedded, dtype=np.float32), strict=True))
    rows = np.empty((len(chunks), embedder.dimension), dtype=np.float32)
    for row, digest in enumerate(hashes):
        rows[row] = vectors[digest]
    return rows, len(unknown)
