"""Chunks as ingestion makes them, and an empty index."""

from collections.abc import Callable
from pathlib import Path

import pytest
from haystack import Document

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.ingestion.chunk import Chunk

DIMENSION = 4
SOURCE = "file:///docs"

MakeChunks = Callable[..., list[Document]]
MakeIndex = Callable[..., LanceDBIndex]


@pytest.fixture
def chunks() -> MakeChunks:
    """`chunks(document, *texts, hash="h1", source=SOURCE)`: one chunk a text, each with a vector of its own."""

    def make(document: str, *texts: str, document_hash: str = "h1", source: str = SOURCE) -> list[Document]:
        made = []
        start = 0
        for number, text in enumerate(texts):
            chunk = Chunk(
                source, document, text, start, start + len(text), document_hash, title=document, page=number + 1
            )
            embedding = [0.0] * DIMENSION
            embedding[number % DIMENSION] = 1.0
            made.append(chunk.to_document(embedding))
            start += len(text)
        return made

    return make


@pytest.fixture
def open_index(tmp_path: Path) -> MakeIndex:
    """`open_index(name="docs", version=None)`: an index below the test's folder."""

    def make(name: str = "docs", version: str | None = None) -> LanceDBIndex:
        return LanceDBIndex(
            str(tmp_path / "database"), name, DIMENSION, version=version, lock_folder=tmp_path / "locks"
        )

    return make


@pytest.fixture
def index(open_index: MakeIndex) -> LanceDBIndex:
    return open_index()
