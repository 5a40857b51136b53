"""The index on a real Weaviate server behaves like its twin on LanceDB."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from haystack import Document

from tasks_lib.components.weaviate.connection import WeaviateConnection
from tasks_lib.components.weaviate.index import WeaviateIndex, list_indexes
from tasks_lib.components.weaviate.manifest import Manifest
from tasks_lib.errors import ConfigurationError, IndexUnavailableError
from tests.tasks_lib.components.weaviate.conftest import SOURCE, MakeChunks, make_chunks, vector_of

NASTY_PATHS = ["it's.md", 'say "hi".md', "100%_done.md", "emoji 😀/ü.md", "back\\slash.md", "a');--.md", "new\nline.md"]


def contents(index: WeaviateIndex) -> list[str]:
    return sorted(document.content or "" for document in index.sample(1000, 0))


def test_an_index_that_was_never_written_is_empty(index: WeaviateIndex, server: WeaviateConnection) -> None:
    assert not index.exists()
    assert index.version() is None
    assert index.count() == 0
    assert index.manifest(SOURCE) == {}
    assert index.embeddings(["x"]) == {}
    assert index.sample(5, seed=1) == []
    assert index.info().chunks == 0
    assert index.vector_retriever(top_k=3).run(query_embedding=[1.0, 0.0, 0.0, 0.0]) == {"documents": []}
    assert index.keyword_retriever(top_k=3).run(query="leave") == {"documents": []}
    assert index.name not in list_indexes(server)
    index.replace(SOURCE, ["a.md"], [])
    assert not index.exists()
    with pytest.raises(IndexUnavailableError, match="does not exist"):
        index.commit()


def test_chunks_come_back_as_they_were_written(index: WeaviateIndex, chunks: MakeChunks) -> None:
    written = chunks("a.md", "leave is 27 days", page_label="iv")
    index.replace(SOURCE, ["a.md"], written)
    index.commit()
    assert index.sample(5, seed=1) == [replace(written[0], embedding=None)]
    assert index.embeddings([written[0].meta["content_hash"], "unknown"]) == {
        written[0].meta["content_hash"]: vector_of("leave is 27 days")
    }


def test_replace_swaps_whole_documents_and_counts_the_version_up(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "a1", "a2", "a3") + chunks("b.md", "b1"))
    before = int(index.version() or 0)
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "a1", "new", document_hash="h2"))
    assert index.commit() == index.version() == str(before + 1)
    assert contents(index) == ["a1", "new"]
    assert index.manifest(SOURCE) == {"a.md": "h2"}
    assert index.count() == 2


def test_commit_without_a_change_keeps_the_version(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "a1"))
    version = index.commit()
    index.replace(SOURCE, ["unknown.md"], [])
    assert index.commit() == version


def test_sources_are_apart(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "here"))
    index.replace("s3://other", ["a.md"], chunks("a.md", "there", source="s3://other"))
    index.replace(SOURCE, ["a.md"], [])
    assert contents(index) == ["there"]
    info = index.info()
    assert (info.chunks, info.documents, info.sources) == (1, 1, ["s3://other"])


def test_paths_of_all_kinds_are_told_apart(index: WeaviateIndex, chunks: MakeChunks) -> None:
    for path in NASTY_PATHS:
        index.replace(SOURCE, [path], chunks(path, f"text of {path}"))
    assert set(index.manifest(SOURCE)) == set(NASTY_PATHS)
    index.replace(SOURCE, NASTY_PATHS[:-1], [])
    assert index.manifest(SOURCE).keys() == {NASTY_PATHS[-1]}


def test_scores_are_cosine_similarities_and_bm25(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave is long", "expenses are paid"))
    found = index.vector_retriever(top_k=2).run(query_embedding=vector_of("leave is long"))["documents"]
    assert [document.content for document in found] == ["leave is long", "expenses are paid"]
    assert [document.score for document in found] == pytest.approx([1.0, 0.0], abs=1e-3)
    found = index.keyword_retriever(top_k=2).run(query="paid expenses?")["documents"]
    assert [document.content for document in found] == ["expenses are paid"]
    assert (found[0].score or 0) > 0
    assert found[0].meta["start"] == len("leave is long")


def test_filters_compare_whole_values(index: WeaviateIndex, chunks: MakeChunks) -> None:
    for path in ("leave/annual.md", "annual/leave.md"):
        index.replace(SOURCE, [path], chunks(path, "leave is long"))
    only = {"field": "meta.document", "operator": "==", "value": "annual/leave.md"}
    for documents in (
        index.keyword_retriever(top_k=5, filters=only).run(query="leave")["documents"],
        index.vector_retriever(top_k=5, filters=only).run(query_embedding=vector_of("l"))["documents"],
    ):
        assert [document.meta["document"] for document in documents] == ["annual/leave.md"]


def test_a_sample_is_fixed_by_its_seed(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", *[f"text {number}" for number in range(40)]))
    first, again, other = index.sample(7, 1), index.sample(7, 1), index.sample(7, 2)
    assert [chunk.id for chunk in first] == [chunk.id for chunk in again] != [chunk.id for chunk in other]
    assert [chunk.id for chunk in index.sample(3, 1)] == [chunk.id for chunk in first[:3]]


def test_large_documents_are_written_and_deleted_whole(index: WeaviateIndex, chunks: MakeChunks) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", *[f"text {number}" for number in range(1500)]))
    assert (index.count(), len(contents(index))) == (1500, 1000)
    index.replace(SOURCE, ["a.md"], chunks("a.md", "short", document_hash="h2"))
    assert (index.count(), contents(index)) == (1, ["short"])


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
    index.commit()
    raw = index.store.collection.aggregate.over_all(total_count=True).total_count
    assert raw == 2


def test_readers_see_documents_before_or_after_a_change_never_half(index: WeaviateIndex) -> None:
    def version(number: int) -> list[Document]:
        return make_chunks("a.md", *[f"leave {number} {part}" for part in range(5)], document_hash=str(number))

    index.replace(SOURCE, ["a.md"], version(0))
    torn: list[set[str]] = []
    reads: list[int] = []
    done = threading.Event()

    def read() -> None:
        retriever = index.keyword_retriever(top_k=20)
        while not done.is_set():
            found = retriever.run(query="leave")["documents"]
            numbers = {(document.content or "").split()[1] for document in found}
            reads.append(len(found))
            if len(numbers) != 1 or len(found) != 5:
                torn.append(numbers)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 15):
        index.replace(SOURCE, ["a.md"], version(number))
    assert reader.is_alive()
    done.set()
    reader.join()
    assert torn == []
    assert len(reads) > 5


def test_one_writer_at_a_time(index: WeaviateIndex, tmp_path: Path) -> None:
    twin = WeaviateIndex(index.connection, index.name, 4, lock_folder=tmp_path)
    with (
        index.writing(1),
        pytest.raises(IndexUnavailableError, match="being written"),
        twin.writing(0.1),
    ):
        pass


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
