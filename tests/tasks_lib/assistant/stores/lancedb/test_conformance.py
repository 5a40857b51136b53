"""Haystack's own suite for document stores, synchronous and asynchronous."""

from pathlib import Path

import pytest
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.testing.document_store import (
    CountDocumentsByFilterTest,
    CountUniqueMetadataByFilterTest,
    DocumentStoreBaseExtendedTests,
    GetMetadataFieldMinMaxTest,
    GetMetadataFieldsInfoTest,
    GetMetadataFieldUniqueValuesTest,
)
from haystack.testing.document_store_async import (
    CountDocumentsAsyncTest,
    CountDocumentsByFilterAsyncTest,
    CountUniqueMetadataByFilterAsyncTest,
    DeleteAllAsyncTest,
    DeleteByFilterAsyncTest,
    DeleteDocumentsAsyncTest,
    FilterDocumentsAsyncTest,
    GetMetadataFieldMinMaxAsyncTest,
    GetMetadataFieldsInfoAsyncTest,
    GetMetadataFieldUniqueValuesAsyncTest,
    UpdateByFilterAsyncTest,
    WriteDocumentsAsyncTest,
)

from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore


@pytest.fixture
def document_store(tmp_path: Path) -> LanceDBDocumentStore:
    return LanceDBDocumentStore(str(tmp_path / "database"))


def assert_same(received: list[Document], expected: list[Document]) -> None:
    """Equal in any order; embeddings come back as 32-bit floats."""
    received, expected = (sorted(documents, key=lambda document: document.id) for documents in (received, expected))
    assert len(received) == len(expected)
    for one, other in zip(received, expected, strict=True):
        assert (one.id, one.content, one.meta, one.blob) == (other.id, other.content, other.meta, other.blob)
        assert (one.embedding or []) == pytest.approx(other.embedding or [], rel=1e-6)


class TestLanceDBDocumentStore(
    DocumentStoreBaseExtendedTests,
    CountDocumentsByFilterTest,
    CountUniqueMetadataByFilterTest,
    GetMetadataFieldsInfoTest,
    GetMetadataFieldMinMaxTest,
    GetMetadataFieldUniqueValuesTest,
):
    """Every mixin of the suite."""

    @pytest.fixture
    def document_store(self, tmp_path: Path) -> LanceDBDocumentStore:
        return LanceDBDocumentStore(str(tmp_path / "database"))

    @staticmethod
    def assert_documents_are_equal(received: list[Document], expected: list[Document]) -> None:
        assert_same(received, expected)

    def test_write_documents(self, document_store: LanceDBDocumentStore) -> None:
        document = Document(content="test doc")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([document])
        assert_same(document_store.filter_documents(), [document])


@pytest.mark.usefixtures("document_store")
class TestLanceDBDocumentStoreAsync(
    CountDocumentsAsyncTest,
    CountDocumentsByFilterAsyncTest,
    CountUniqueMetadataByFilterAsyncTest,
    DeleteAllAsyncTest,
    DeleteByFilterAsyncTest,
    DeleteDocumentsAsyncTest,
    FilterDocumentsAsyncTest,
    GetMetadataFieldMinMaxAsyncTest,
    GetMetadataFieldsInfoAsyncTest,
    GetMetadataFieldUniqueValuesAsyncTest,
    UpdateByFilterAsyncTest,
    WriteDocumentsAsyncTest,
):
    """Every mixin of the asynchronous suite."""

    @staticmethod
    def assert_documents_are_equal(received: list[Document], expected: list[Document]) -> None:
        assert_same(received, expected)

    @pytest.mark.asyncio
    async def test_write_documents_async(self, document_store: LanceDBDocumentStore) -> None:
        document = Document(content="test doc")
        assert await document_store.write_documents_async([document], DuplicatePolicy.NONE) == 1
        with pytest.raises(DuplicateDocumentError):
            await document_store.write_documents_async([document])
        assert_same(await document_store.filter_documents_async(), [document])
