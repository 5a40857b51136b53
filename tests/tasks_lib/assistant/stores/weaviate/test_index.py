"""The index on a real Weaviate server behaves like its twin on LanceDB."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from haystack import Document
from haystack_integrations.components.retrievers.weaviate import (
    WeaviateBM25Retriever,
    WeaviateEmbeddingRetriever,
    WeaviateHybridRetriever,
)

from tasks_lib.assistant.contract.access import NO_CONTROL, DocumentAccess, asked_by, member_of
from tasks_lib.assistant.stores.weaviate import writing
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex, list_indexes
from tasks_lib.assistant.stores.weaviate.manifest import ACCESS, Manifest
from tasks_lib.assistant.stores.weaviate.schema import (
    AUDIENCE,
    KEYWORDS,
    OTHER_FORMS,
    chunk_collection,
    to_properties,
)
from tasks_lib.errors import AccessNotHeldError, ConfigurationError, IndexUnavailableError
from tests.tasks_lib.assistant.stores.weaviate.conftest import SOURCE, MakeChunks, vector_of

EVERYBODY = DocumentAccess(("public",), "h1")


def contents(index: WeaviateIndex) -> list[str]:
    return sorted(document.content or "" for document in index.sample(1000, 0))


def test_chunks_come_back_as_they_were_written(index: WeaviateIndex, chunks: MakeChunks) -> None:
    written = chunks("a.md", "leave is 27 days", page_label="iv")
    index.replace(SOURCE, ["a.md"], written)
    index.commit()
    assert index.sample(5, seed=1) == [replace(written[0], embedding=None)]
    assert index.embeddings([written[0].meta["content_hash"], "unknown"]) == {
        written[0].meta["content_hash"]: vector_of("leave is 27 days")
    }


def test_a_killed_writer_leaves_each_document_whole(
    index: WeaviateIndex, chunks: MakeChunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "old a") + chunks("b.md", "old b"))
    turned = Manifest.turn

    def killed_halfway(self: Manifest, key: tuple[str, str], entry: object) -> None:
        if key[1] == "b.md":
            raise KeyboardInterrupt
        turned(self, key, entry)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "turn", killed_halfway)
        new = chunks("a.md", "new a", document_hash="h2") + chunks("b.md", "new b", document_hash="h2")
        with pytest.raises(KeyboardInterrupt):
            index.replace(SOURCE, ["a.md", "b.md"], new)
    assert contents(index) == ["new a", "old b"]
    assert index.manifest(SOURCE) == {"a.md": "h2", "b.md": "h1"}
    found = index.vector_retriever(top_k=5).run(query_embedding=vector_of("o"))["documents"]
    assert sorted(document.content for document in found) == ["new a", "old b"]
    ours = {"field": "meta.source", "operator": "==", "value": SOURCE}
    assert sorted(document.content or "" for document in index.store.filter_documents(ours)) == ["new a", "old b"]
    index.commit()
    raw = index.store.collection.aggregate.over_all(total_count=True).total_count
    assert raw == 2


def test_vectors_of_another_embedder_are_refused(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    with pytest.raises(IndexUnavailableError, match="4 dimensions.*gives 3"):
        index.vector_retriever(top_k=1).run(query_embedding=[1.0, 0.0, 0.0])
    longer = [replace(chunk, embedding=[1.0] * 5) for chunk in chunks("b.md", "more")]
    with pytest.raises(ValueError, match="an embedding of 5, not 4"):
        index.replace(SOURCE, ["b.md"], longer)
    with pytest.raises(ValueError, match="not being replaced"):
        index.replace(SOURCE, ["c.md"], chunks("b.md", "more"))


def test_a_past_version_cannot_be_opened(index: WeaviateIndex, chunks: MakeChunks, server: WeaviateConnection) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    current = index.commit()
    assert WeaviateIndex(server, index.name, version=current).keyword_retriever(top_k=1).run(query="leave")["documents"]
    index.replace(SOURCE, ["a.md"], [])
    with pytest.raises(IndexUnavailableError, match="was asked for"):
        WeaviateIndex(server, index.name, version=current).keyword_retriever(top_k=1)
    with pytest.raises(IndexUnavailableError, match="reading only"):
        WeaviateIndex(server, index.name, version=current).replace(SOURCE, ["a.md"], [])


def test_indexes_are_listed_until_they_are_dropped(
    index: WeaviateIndex, chunks: MakeChunks, server: WeaviateConnection
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    assert index.name in list_indexes(server)
    index.drop()
    assert index.name not in list_indexes(server)
    assert not WeaviateIndex(server, index.name).exists()


def test_a_wrong_key_is_refused_without_showing_it(server: WeaviateConnection) -> None:
    wrong = replace(server, api_key="a-wrong-key")
    with pytest.raises(ConfigurationError, match="refuses the key") as failed:
        list_indexes(wrong)
    assert "a-wrong-key" not in f"{failed.value.message} {wrong!r}"


def test_an_unreachable_server_is_named() -> None:
    nowhere = WeaviateConnection("http://127.0.0.1:9", grpc_port=10)
    with pytest.raises(IndexUnavailableError, match=r"127\.0\.0\.1:9"):
        list_indexes(nowhere)


def test_the_server_tells_its_version(server: WeaviateConnection) -> None:
    assert server.server_version().count(".") == 2


@pytest.mark.parametrize("names", [("content",), ("content", OTHER_FORMS)], ids=["0.1", "0.2"])
def test_an_index_of_an_earlier_version_keeps_its_keyword_search(
    index: WeaviateIndex, chunks: MakeChunks, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    searched = [{"name": name, "dataType": ["text"], "tokenization": "word", "indexSearchable": True} for name in names]

    def before(name: str, *, by_audience: bool) -> dict[str, Any]:
        settings = chunk_collection(name, by_audience=by_audience)
        others = [each for each in settings["properties"] if each["name"] not in {"content", KEYWORDS, AUDIENCE}]
        return settings | {"properties": [*others, *searched]}

    with monkeypatch.context() as patch:
        patch.setattr(writing, "chunk_collection", before)
        patch.setattr(writing, "OTHER_FORMS", "content")
        patch.setattr(writing, "to_properties", _without)
        index.replace(SOURCE, ["a.md"], chunks("a.md", "office \ufb01les"))

    def found(query: str) -> list[str | None]:
        documents = index.keyword_retriever(top_k=5).run(query=query)["documents"]
        return sorted(document.meta["document"] for document in documents)

    assert (found("office"), found("files")) == (["a.md"], [])
    assert contents(index) == ["office \ufb01les"]
    index.replace(SOURCE, ["b.md"], chunks("b.md", "new \ufb01les"))
    assert (found("office"), found("files")) == (["a.md"], ["b.md"])


def test_strict_access_is_refused_by_an_index_without_tenants(
    index: WeaviateIndex, chunks: MakeChunks, server: WeaviateConnection
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    index.commit()
    strict = WeaviateIndex(server, index.name, 4, strict=True)
    hr = NO_CONTROL.with_sync(SOURCE, {"a.md": DocumentAccess(("hr",), "h1")})
    for write in (
        lambda: strict.save_access(hr),
        lambda: strict.replace(SOURCE, ["b.md"], chunks("b.md", "more")),
        strict.commit,
    ):
        with pytest.raises(AccessNotHeldError, match="without a tenant") as refused:
            write()
        assert refused.value.hint
    assert not index.access().controlled
    assert contents(index) == ["leave"]


def test_of_tenants_only_those_that_are_needed_stay(
    index: WeaviateIndex, chunks: MakeChunks, server: WeaviateConnection
) -> None:
    strict = WeaviateIndex(server, index.name, 4, strict=True)
    strict.save_access(NO_CONTROL.with_sync(SOURCE, {"a.md": DocumentAccess(("hr",), "h1")}))
    strict.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    of_hr = set(strict.store.collection.tenants.get())
    strict.save_access(strict.access().with_sync(SOURCE, {"a.md": DocumentAccess(("legal",), "h1")}))
    strict.cleanup([])
    of_legal = set(strict.store.collection.tenants.get())
    assert len(of_hr - of_legal) == len(of_legal - of_hr) == 1
    assert {"public", "nobody"} <= of_hr & of_legal
    with asked_by(member_of(["legal"])):
        found = index.vector_retriever(top_k=3).run(query_embedding=vector_of("leave"))["documents"]
    assert [document.content for document in found] == ["leave"]


def test_a_killed_change_of_access_has_closed_and_is_finished_by_the_next_commit(
    index: WeaviateIndex, chunks: MakeChunks, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.save_access(NO_CONTROL.with_sync(SOURCE, {"a.md": EVERYBODY, "b.md": DocumentAccess(("hr",), "h1")}))
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "leave") + chunks("b.md", "leave"))
    retriever = index.keyword_retriever(top_k=5)

    def found() -> list[str]:
        return sorted(document.meta["document"] for document in retriever.run(query="leave")["documents"])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    swapped = index.access().with_sync(SOURCE, {"b.md": EVERYBODY, "a.md": DocumentAccess(("hr",), "h1")})
    with monkeypatch.context() as patch:
        patch.setattr(writing.Writer, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            index.save_access(swapped)
    assert found() == []
    index.commit()
    assert found() == ["b.md"]


def test_access_that_cannot_be_read_shows_nothing(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.save_access(NO_CONTROL.with_sync(SOURCE, {"a.md": EVERYBODY}))
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    index.store.manifest().put(ACCESS, {"document_hash": "other", "access": "no such thing"})
    with pytest.raises(IndexUnavailableError, match="access control .* cannot be read"):
        index.keyword_retriever(top_k=5).run(query="leave")


def test_haystacks_own_retrievers_show_no_more(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.save_access(NO_CONTROL.with_sync(SOURCE, {"a.md": DocumentAccess(("hr",), "h1"), "b.md": EVERYBODY}))
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "leave") + chunks("b.md", "leave too"))
    by_words, by_vector, hybrid = (
        made(document_store=index.store)
        for made in (WeaviateBM25Retriever, WeaviateEmbeddingRetriever, WeaviateHybridRetriever)
    )
    for found in (
        by_words.run("leave"),
        by_vector.run(vector_of("leave")),
        asyncio.run(by_words.run_async("leave")),
        asyncio.run(by_vector.run_async(vector_of("leave"))),
    ):
        assert [document.meta["document"] for document in found["documents"]] == ["b.md"]
    with pytest.raises(IndexUnavailableError, match="hybrid"):
        hybrid.run("leave", vector_of("leave"))


def _without(chunk: Document, generation: int, names: list[str], _: str) -> dict[str, Any]:
    return {name: value for name, value in to_properties(chunk, generation, names).items() if name != OTHER_FORMS}


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Die Kündigungsfristen der Arbeitnehmer betragen drei Monate.", "Welche Kündigungsfrist gilt?"),
        ("员工每年享有二十七天的带薪年假。", "我有多少天年假?"),
        ("Employees are entitled to leave.", "the entitlements of an employee"),
    ],
)
def test_words_are_found_in_the_way_of_their_language(
    index: WeaviateIndex, chunks: MakeChunks, text: str, question: str
) -> None:
    index.replace(SOURCE, ["a.md", "b.md"], [*chunks("a.md", text), *chunks("b.md", "Something else entirely.")])
    documents = index.keyword_retriever(top_k=5).run(query=question)["documents"]
    assert [document.meta["document"] for document in documents] == ["a.md"]
    assert index.keyword_retriever(top_k=5).run(query="😀 ?!")["documents"] == []
