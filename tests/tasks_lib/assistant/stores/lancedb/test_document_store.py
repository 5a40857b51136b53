"""What the document store keeps beyond Haystack's own suite."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from haystack import Document
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy

from tasks_lib.assistant.stores.lancedb import maintenance
from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore


@pytest.fixture
def store(tmp_path: Path) -> LanceDBDocumentStore:
    return LanceDBDocumentStore(str(tmp_path / "database"), embedding_dimension=8)


def test_blobs_and_sparse_embeddings_come_back(store: LanceDBDocumentStore) -> None:
    document = Document(
        content="text",
        blob=ByteStream(b"\x00\xff", meta={"a": 1}, mime_type="image/png"),
        sparse_embedding=SparseEmbedding(indices=[1, 5], values=[0.5, 0.25]),
    )
    store.write_documents([document])
    assert store.filter_documents() == [document]


def test_dates_in_metadata_become_iso_texts_and_are_filtered_as_dates(store: LanceDBDocumentStore) -> None:
    moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
    store.write_documents([Document(content="text", meta={"changed": moment, "day": date(2024, 5, 1), "pair": (1, 2)})])
    assert store.filter_documents()[0].meta == {
        "changed": "2024-05-01T12:00:00+00:00",
        "day": "2024-05-01",
        "pair": [1, 2],
    }
    for field, operator, value in (
        ("meta.changed", "==", moment),
        ("meta.changed", ">", "2024-05-01T13:59:59+02:00"),
        ("meta.day", "<=", date(2024, 5, 1)),
        ("meta.pair", "in", [[1, 2]]),
    ):
        assert store.count_documents_by_filter({"field": field, "operator": operator, "value": value}) == 1, field


def test_what_cannot_be_stored_is_refused_and_nothing_is_written(store: LanceDBDocumentStore) -> None:
    for broken, message in (
        (Document(content="x", meta={"tags": {"a"}}), "cannot be stored"),
        (Document(content="x", embedding=[1.0] * 3), "3 dimensions, not 8"),
        (Document(content="x", embedding=[float("nan")] * 8), "not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            store.write_documents([Document(content="fine"), broken])
    assert store.count_documents() == 0


def test_an_id_given_twice_fails_is_skipped_or_overwritten(store: LanceDBDocumentStore) -> None:
    twice = [Document(id="1", content="first"), Document(id="1", content="second")]
    with pytest.raises(DuplicateDocumentError):
        store.write_documents(twice, DuplicatePolicy.FAIL)
    assert store.count_documents() == 0
    assert store.write_documents(twice, DuplicatePolicy.SKIP) == 1
    assert store.filter_documents()[0].content == "first"
    assert store.write_documents(twice, DuplicatePolicy.OVERWRITE) == 1
    assert store.filter_documents()[0].content == "second"


def test_nothing_to_write_creates_nothing(store: LanceDBDocumentStore, tmp_path: Path) -> None:
    assert store.write_documents([]) == 0
    store.optimize()
    store.delete_documents([])
    assert not (tmp_path / "database").exists()


def test_values_of_different_types_have_no_smallest(store: LanceDBDocumentStore) -> None:
    store.write_documents([Document(content="a", meta={"year": 1}), Document(content="b", meta={"year": "x"})])
    assert store.get_metadata_field_min_max("year") == {"min": None, "max": None}


def test_a_large_store_gets_a_vector_index_that_keeps_filters_and_scores_exact(
    store: LanceDBDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "VECTOR_INDEX_ROWS", 500)
    vectors = np.random.default_rng(0).standard_normal((600, 8))
    store.write_documents(
        [Document(id=str(n), content="x", embedding=list(v), meta={"page": n}) for n, v in enumerate(vectors)]
    )
    exact = store.embedding_retrieval(list(vectors[7]), top_k=3)
    store.optimize()
    table = store.connection.table()
    assert table is not None
    assert "embedding" in {column for index in table.list_indices() for column in index.columns}
    version = table.version
    store.optimize()
    assert table.version == version
    indexed = store.embedding_retrieval(list(vectors[7]), top_k=3)
    assert [document.id for document in indexed] == [document.id for document in exact]
    assert [document.score for document in indexed] == pytest.approx([document.score for document in exact], abs=1e-5)
    few = {"field": "meta.page", "operator": "in", "value": [3, 300, 599]}
    assert len(store.embedding_retrieval(list(vectors[7]), filters=few, top_k=10)) == 3
