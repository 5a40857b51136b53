"""The retrievers as Haystack components, and what they find."""

import asyncio
from pathlib import Path

import pytest
from haystack import Document, Pipeline
from haystack.document_stores.types import FilterPolicy
from haystack.utils import Secret

from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore
from tasks_lib.assistant.stores.lancedb.retrievers import LanceDBEmbeddingRetriever, LanceDBKeywordRetriever

CLASSES = {
    "embedding": (LanceDBEmbeddingRetriever, {"query_embedding": [1.0, 1.0]}),
    "keyword": (LanceDBKeywordRetriever, {"query": "running"}),
}
STORE_TYPE = "tasks_lib.assistant.stores.lancedb.document_store.LanceDBDocumentStore"
BOOKS = [
    Document(id="run", content="She runs every day", embedding=[1.0, 1.0], meta={"page": 1}),
    Document(id="runner", content="Running shoes, running socks", embedding=[1.0, 0.0], meta={"page": 2}),
    Document(id="other", content="A café with naïve prices", embedding=[-1.0, -1.0], meta={"page": 3}),
    Document(id="none", content=None, meta={"page": 3}),
]


@pytest.fixture
def store(tmp_path: Path) -> LanceDBDocumentStore:
    store = LanceDBDocumentStore(str(tmp_path), embedding_dimension=2)
    store.write_documents(BOOKS)
    return store


@pytest.mark.parametrize("name", CLASSES)
def test_a_retriever_survives_serialisation(name: str) -> None:
    retriever_class, _ = CLASSES[name]
    store = LanceDBDocumentStore(
        "s3://bucket/index",
        "docs",
        embedding_dimension=384,
        version=7,
        storage_options={"region": "eu-west-1", "secret_access_key": Secret.from_env_var("THE_KEY")},
    )
    filters = {"field": "meta.page", "operator": ">", "value": 1}
    data = retriever_class(document_store=store, filters=filters, top_k=3, filter_policy="merge").to_dict()
    assert data == {
        "type": f"tasks_lib.assistant.stores.lancedb.retrievers.{retriever_class.__name__}",
        "init_parameters": {
            "document_store": {
                "type": STORE_TYPE,
                "init_parameters": {
                    "uri": "s3://bucket/index",
                    "table": "docs",
                    "embedding_dimension": 384,
                    "version": 7,
                    "storage_options": {
                        "region": "eu-west-1",
                        "secret_access_key": {"type": "env_var", "env_vars": ["THE_KEY"], "strict": True},
                    },
                },
            },
            "filters": filters,
            "top_k": 3,
            "filter_policy": "merge",
        },
    }
    back = retriever_class.from_dict(data)
    assert back.filter_policy is FilterPolicy.MERGE
    assert back.document_store.storage_options == store.storage_options
    assert back.to_dict() == retriever_class.from_dict(back.to_dict()).to_dict()


def test_a_pipeline_with_both_retrievers_is_saved_and_loaded(store: LanceDBDocumentStore) -> None:
    pipeline = Pipeline()
    pipeline.add_component("vector", LanceDBEmbeddingRetriever(document_store=store, top_k=1))
    pipeline.add_component("keyword", LanceDBKeywordRetriever(document_store=store, top_k=1))
    loaded = Pipeline.loads(pipeline.dumps(), allowed_modules=["tasks_lib"])
    found = loaded.run({"vector": {"query_embedding": [1.0, 1.0]}, "keyword": {"query": "shoes"}})
    assert [found[name]["documents"][0].id for name in ("vector", "keyword")] == ["run", "runner"]


def test_vector_scores_are_cosine_similarities(store: LanceDBDocumentStore) -> None:
    found = LanceDBEmbeddingRetriever(document_store=store).run(query_embedding=[2.0, 2.0])["documents"]
    assert [document.id for document in found] == ["run", "runner", "other"]
    assert [document.score for document in found] == pytest.approx([1.0, 0.5**0.5, -1.0], abs=1e-6)
    assert found[0].meta == {"page": 1}
    assert found[0].embedding is None


def test_a_query_vector_of_another_length_is_refused(store: LanceDBDocumentStore) -> None:
    with pytest.raises(ValueError, match="3 dimensions"):
        LanceDBEmbeddingRetriever(document_store=store).run(query_embedding=[1.0, 0.0, 0.0])


@pytest.mark.parametrize("optimized", [False, True])
def test_keywords_match_stems_without_accents_and_stop_words(store: LanceDBDocumentStore, optimized: bool) -> None:
    if optimized:
        store.optimize()
    retriever = LanceDBKeywordRetriever(document_store=store)
    ranked = {
        "run": ["runner", "run"],
        "The RUNS and the days!": ["run", "runner"],
        "naive CAFE": ["other"],
        "the a with": [],
        "shoe": ["runner"],
    }
    for query, expected in ranked.items():
        found = retriever.run(query=query)["documents"]
        assert [document.id for document in found] == expected, query
        assert all(document.score and document.score > 0 for document in found)


def test_documents_written_after_optimising_are_found_too(store: LanceDBDocumentStore) -> None:
    store.optimize()
    store.write_documents([Document(id="late", content="A late runner", embedding=[0.0, 1.0])])
    keyword = LanceDBKeywordRetriever(document_store=store).run(query="late")["documents"]
    vector = LanceDBEmbeddingRetriever(document_store=store).run(query_embedding=[0.0, 1.0])["documents"]
    assert keyword[0].id == vector[0].id == "late"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "'",
        '"',
        '"running',
        "(running",
        "running AND NOT (",
        "+running -shoes",
        "running~2^3",
        "content:running",
        "{}",
        '{"match": {"running": 1}}',
        "running\0shoes",
        "😀",
        "%_*?",
        "\\",
        "running;--",
        "running " * 20_000,
    ],
)
def test_no_query_text_breaks_the_keyword_search(store: LanceDBDocumentStore, query: str) -> None:
    found = LanceDBKeywordRetriever(document_store=store).run(query=query)["documents"]
    assert ("runner" in {document.id for document in found}) == ("running" in query)


@pytest.mark.parametrize("name", CLASSES)
def test_filters_are_applied_before_the_search(store: LanceDBDocumentStore, name: str) -> None:
    retriever_class, query = CLASSES[name]
    retriever = retriever_class(document_store=store, top_k=1)
    best = retriever.run(**query)["documents"][0].meta["page"]
    found = retriever.run(**query, filters={"field": "meta.page", "operator": "!=", "value": best})["documents"]
    assert len(found) == 1
    assert found[0].meta["page"] != best


@pytest.mark.parametrize(("policy", "expected"), [("replace", {"run", "runner"}), ("merge", {"runner"})])
def test_the_filter_policy_decides_what_filters_of_a_run_do(
    store: LanceDBDocumentStore, policy: str, expected: set[str]
) -> None:
    retriever = LanceDBKeywordRetriever(
        document_store=store, filters={"field": "meta.page", "operator": ">", "value": 1}, filter_policy=policy
    )
    known = {"field": "id", "operator": "in", "value": ["run", "runner"]}
    found = retriever.run(query="run", filters=known)["documents"]
    assert {document.id for document in found} == expected


@pytest.mark.parametrize("name", CLASSES)
def test_the_asynchronous_twin_finds_the_same(store: LanceDBDocumentStore, name: str) -> None:
    retriever_class, query = CLASSES[name]
    retriever = retriever_class(document_store=store, top_k=2)
    assert asyncio.run(retriever.run_async(**query)) == retriever.run(**query)
    assert asyncio.run(retriever.run_async(**query, top_k=1)) == retriever.run(**query, top_k=1)


@pytest.mark.parametrize("top_k", [0, -1])
def test_a_top_k_below_one_is_refused(store: LanceDBDocumentStore, top_k: int) -> None:
    with pytest.raises(ValueError, match="top_k"):
        LanceDBKeywordRetriever(document_store=store, top_k=top_k)
