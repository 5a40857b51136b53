"""Indexes on one real server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from haystack import Document

from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex
from tasks_lib.ingestion.chunk import Chunk

SOURCE = "file:///documents"
MakeChunks = Callable[..., list[Document]]


@pytest.fixture
def index(server: WeaviateConnection, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WeaviateIndex]:
    """An index of the test's own, which does not exist yet."""
    name = f"documents__{request.node.name}__125-0-abcdef12"
    found = WeaviateIndex(server, name, 4, lock_folder=tmp_path)
    found.drop()
    yield found
    found.drop()


def make_chunks(
    document: str, *texts: str, document_hash: str = "h1", source: str = SOURCE, **meta: object
) -> list[Document]:
    """Chunks of one document; the vector of a text points to its first letter."""
    chunks, position = [], 0
    for text in texts:
        chunk = Chunk(
            source, document, text, position, position + len(text), document_hash, title="A title", meta=dict(meta)
        )
        chunks.append(chunk.to_document(vector_of(text)))
        position += len(text)
    return chunks


def vector_of(text: str) -> list[float]:
    """One of four directions."""
    direction = ord(text[0]) % 4
    return [1.0 if number == direction else 0.0 for number in range(4)]


@pytest.fixture
def chunks() -> MakeChunks:
    return make_chunks
