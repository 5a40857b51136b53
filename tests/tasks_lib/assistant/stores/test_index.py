"""An index holds what the documents say, change by change: on LanceDB and on a real Weaviate server alike."""

import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from haystack import Document

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.retrieval.surroundings import Surroundings, is_around
from tasks_lib.assistant.retrieval.vector_retriever import VectorRetriever
from tasks_lib.errors import IndexUnavailableError
from tasks_lib.ingestion.chunk import Chunk
from tests.tasks_lib.assistant.stores.conftest import Open

SOURCE = "file:///documents"
OTHER = "s3://bucket/documents"
NASTY_PATHS = ["it's.md", 'say "hi".md', "100%_done.md", "emoji 😀/ü.md", "back\\slash.md", "a');--.md", "new\nline.md"]
QUERY = [1.0, 0.0, 0.0, 0.0]


def chunks(document: str, *texts: str, document_hash: str = "h1", source: str = SOURCE) -> list[Document]:
    """One chunk a text; the vectors of the first four are at right angles."""
    made, position = [], 0
    for number, text in enumerate(texts):
        end = position + len(text)
        chunk = Chunk(source, document, text, position, end, document_hash, title=document, page=number + 1)
        made.append(chunk.to_document([float(number % 4 == place) for place in range(4)]))
        position = end
    return made


def contents(index: Index) -> list[str]:
    return sorted(document.content or "" for document in index.sample(1000, 0))


def number(version: str | None) -> int:
    assert version is not None
    return int(version)


def test_an_index_that_was_never_written_is_empty_and_stays_so(index: Index) -> None:
    assert not index.exists()
    assert index.version() is None
    assert (index.count(), index.past_versions()) == (0, 0)
    assert index.manifest(SOURCE) == {}
    assert index.embeddings(["x"]) == {}
    assert index.sample(5, seed=1) == []
    assert index.info().chunks == 0
    assert index.vector_retriever(top_k=3).run(query_embedding=QUERY) == {"documents": []}
    assert index.keyword_retriever(top_k=3).run(query="leave") == {"documents": []}
    index.replace(SOURCE, ["a.md"], [])
    index.drop()
    assert not index.exists()
    with pytest.raises(IndexUnavailableError, match="does not exist"):
        index.commit()


def test_replace_swaps_whole_documents_in_one_change(index: Index) -> None:
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "a1", "a2", "a3") + chunks("b.md", "b1"))
    before = number(index.version())
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "a1", "new", document_hash="h2"))
    assert number(index.version()) == before + 1
    assert contents(index) == ["a1", "new"]
    assert index.manifest(SOURCE) == {"a.md": "h2"}
    assert index.count() == 2


def test_nothing_to_change_makes_no_version(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", *(f"text {n}" for n in range(40))))
    before = index.commit()
    assert index.commit() == before == index.version()
    index.replace(SOURCE, ["unknown.md"], [])
    index.replace(SOURCE, [], [])
    index.cleanup([])
    assert index.commit() == before
    index.replace(SOURCE, ["b.md"], chunks("b.md", "more"))
    assert number(index.commit()) > number(before)


def test_an_emptied_index_answers_queries_with_nothing(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    index.replace(SOURCE, ["a.md"], [])
    index.commit()
    assert index.exists()
    assert index.count() == 0
    assert index.vector_retriever(top_k=3).run(query_embedding=QUERY) == {"documents": []}
    assert index.keyword_retriever(top_k=3).run(query="leave") == {"documents": []}


def test_the_same_path_in_another_source_is_another_document(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "ours"))
    index.replace(OTHER, ["a.md"], chunks("a.md", "theirs", source=OTHER))
    assert index.info().sources == [SOURCE, OTHER]
    index.replace(SOURCE, ["a.md"], [])
    assert contents(index) == ["theirs"]
    assert (index.manifest(SOURCE), index.manifest(OTHER)) == ({}, {"a.md": "h1"})
    info = index.info()
    assert (info.chunks, info.documents, info.sources, info.version) == (1, 1, [OTHER], index.version())


def test_any_document_path_can_be_replaced_found_and_deleted(index: Index) -> None:
    index.replace(SOURCE, ["plain.md"], chunks("plain.md", "stays"))
    for texts in (["one", "two"], ["text"]):
        index.replace(SOURCE, NASTY_PATHS, [chunk for path in NASTY_PATHS for chunk in chunks(path, *texts)])
    assert set(index.manifest(SOURCE)) == {*NASTY_PATHS, "plain.md"}
    for path in NASTY_PATHS:
        only = {"field": "meta.document", "operator": "==", "value": path}
        found = index.keyword_retriever(top_k=20, filters=only).run(query="text stays")["documents"]
        assert [document.meta["document"] for document in found] == [path]
    index.replace(SOURCE, NASTY_PATHS, [])
    assert contents(index) == ["stays"]


def test_filters_compare_whole_values_in_both_searches(index: Index) -> None:
    for path in ("leave/annual.md", "annual/leave.md"):
        index.replace(SOURCE, [path], chunks(path, "leave is long"))
    only = {"field": "meta.document", "operator": "==", "value": "annual/leave.md"}
    for documents in (
        index.keyword_retriever(top_k=5, filters=only).run(query="leave")["documents"],
        index.vector_retriever(top_k=5, filters=only).run(query_embedding=QUERY)["documents"],
    ):
        assert [document.meta["document"] for document in documents] == ["annual/leave.md"]


def test_scores_are_cosine_similarities_and_bm25(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave is long", "expenses are paid"))
    found = index.vector_retriever(top_k=2).run(query_embedding=QUERY)["documents"]
    assert [document.content for document in found] == ["leave is long", "expenses are paid"]
    assert [document.score for document in found] == pytest.approx([1.0, 0.0], abs=1e-3)
    found = index.keyword_retriever(top_k=2).run(query="paid expenses?")["documents"]
    assert [document.content for document in found] == ["expenses are paid"]
    assert (found[0].score or 0) > 0
    assert (found[0].meta["start"], found[0].meta["page"]) == (len("leave is long"), 2)


def test_vectors_are_found_by_the_hash_of_what_was_embedded(index: Index) -> None:
    made = chunks("a.md", "one", "two")
    index.replace(SOURCE, ["a.md"], made)
    hashes = [chunk.meta["content_hash"] for chunk in made]
    assert index.embeddings([*hashes, "unknown", hashes[0]]) == {hashes[0]: QUERY, hashes[1]: [0.0, 1.0, 0.0, 0.0]}


def test_a_chunk_of_another_document_or_with_a_wrong_vector_is_refused(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    meta = {"source": SOURCE, "document": "a.md"}
    for wrong in (
        chunks("b.md", "b1")[0],
        Document(content="x", meta=meta),
        Document(content="x", meta=meta, embedding=[1.0, 0.0, 0.0]),
    ):
        with pytest.raises(ValueError, match="chunk|document"):
            index.replace(SOURCE, ["a.md"], [wrong])
    assert contents(index) == ["leave"]


def test_a_sample_depends_on_its_seed_only(index: Index) -> None:
    texts = [f"text {number}" for number in range(30)]
    index.replace(SOURCE, ["a.md"], chunks("a.md", *texts[:15]))
    index.replace(SOURCE, ["b.md"], chunks("b.md", *texts[15:]))
    first = [document.id for document in index.sample(10, seed=7)]
    assert [document.id for document in index.sample(10, seed=7)] == first
    assert [document.id for document in index.sample(5, seed=7)] == first[:5]
    assert [document.id for document in index.sample(10, seed=8)] != first
    assert len(index.sample(100, seed=7)) == 30
    assert all(document.embedding is None for document in index.sample(10, seed=7))


def test_large_documents_are_written_and_deleted_whole(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", *[f"text {number}" for number in range(1500)]))
    assert (index.count(), len(contents(index))) == (1500, 1000)
    index.replace(SOURCE, ["a.md"], chunks("a.md", "short", document_hash="h2"))
    assert (index.count(), contents(index)) == (1, ["short"])


def test_readers_see_documents_before_or_after_a_change_never_half(reopen: Open) -> None:
    def version(number: int) -> list[Document]:
        return chunks("a.md", *[f"leave {number} {part}" for part in range(5)], document_hash=str(number))

    index = reopen()
    index.replace(SOURCE, ["a.md"], version(0))
    seen: list[tuple[int, frozenset[str]]] = []
    done = threading.Event()

    def read() -> None:
        retriever = reopen().keyword_retriever(top_k=20)
        while not done.is_set():
            found = retriever.run(query="leave")["documents"]
            seen.append((len(found), frozenset((document.content or "").split()[1] for document in found)))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 9):
        index.replace(SOURCE, ["a.md"], version(number))
    assert reader.is_alive()
    done.set()
    reader.join()
    assert all(count == 5 and len(numbers) == 1 for count, numbers in seen)
    assert len(seen) > 5


def test_what_lies_around_a_passage_is_looked_up_in_its_document_alone(index: Index) -> None:
    far = "x" * 400
    index.replace(
        SOURCE, ["a.md", "b.md"], chunks("a.md", "before", "found", "behind", far, "far away") + chunks("b.md", "other")
    )
    retriever = index.keyword_retriever(top_k=1)
    found = retriever.run(query="found")["documents"]
    beside = Surroundings(retriever).run(documents=found)["documents"]
    assert [document.content for document in beside[:1]] == ["found"]
    assert {document.content for document in beside[1:]} == {"before", "behind", far}
    assert [is_around(document) for document in beside] == [False, True, True, True]


def test_a_question_brings_filters_of_its_own_to_both_retrievers(index: Index) -> None:
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "annual leave") + chunks("b.md", "sick leave"))
    filters = {"field": "meta.document", "operator": "in", "value": ["b.md"]}
    for narrowed in (
        index.keyword_retriever(top_k=5).run(query="leave", filters=filters),
        VectorRetriever(index.vector_retriever(top_k=5)).run(np.array(QUERY), filters),
    ):
        assert [document.content for document in narrowed["documents"]] == ["sick leave"]
    assert len(index.keyword_retriever(top_k=5).run(query="leave")["documents"]) == 2


def test_changes_are_seen_by_readers_that_were_open_before(reopen: Open) -> None:
    reader, writer = reopen(), reopen()
    assert reader.count() == 0
    for number in range(3):
        writer.replace(SOURCE, [f"{number}.md"], chunks(f"{number}.md", "text"))
        assert (reader.count(), reader.version()) == (number + 1, writer.version())


def test_one_writer_at_a_time(reopen: Open) -> None:
    with (
        reopen().writing(1),
        pytest.raises(IndexUnavailableError, match="being written") as caught,
        reopen().writing(0.1),
    ):
        pass
    assert caught.value.hint


def test_dropping_ends_all_of_it(reopen: Open, tmp_path: Path) -> None:
    index = reopen()
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave"))
    with index.writing(1):
        index.drop()
    assert not reopen().exists()
    index.replace(SOURCE, ["a.md"], chunks("a.md", "again"))
    assert contents(reopen()) == ["again"]


def test_a_renamed_source_keeps_its_chunks_and_vectors(index: Index) -> None:
    made = chunks("a.md", "one leave", "two") + chunks("b.md", "three")
    index.replace(SOURCE, ["a.md", "b.md"], made)
    index.replace("file:///else", ["a.md"], chunks("a.md", "theirs", source="file:///else"))
    index.commit()
    before = index.vector_retriever(top_k=9).run(query_embedding=QUERY)["documents"]
    assert index.rename(SOURCE, OTHER) == 2
    index.commit()
    assert (index.manifest(SOURCE), index.manifest(OTHER)) == ({}, {"a.md": "h1", "b.md": "h1"})
    counts = index.info().by_source
    assert {source: (held.documents, held.chunks) for source, held in counts.items()} == {
        "file:///else": (1, 1),
        OTHER: (2, 3),
    }
    after = index.vector_retriever(top_k=9).run(query_embedding=QUERY)["documents"]
    assert sorted((d.content, round(d.score or 0, 3)) for d in after) == sorted(
        (d.content, round(d.score or 0, 3)) for d in before
    )
    found = index.keyword_retriever(top_k=5).run(query="leave")["documents"]
    assert [document.meta["source"] for document in found] == [OTHER]


def test_the_old_name_of_a_source_is_free_for_another(index: Index) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "ours"))
    index.rename(SOURCE, OTHER)
    index.replace(SOURCE, ["a.md"], chunks("a.md", "ours"))
    assert (index.manifest(SOURCE), index.manifest(OTHER)) == ({"a.md": "h1"}, {"a.md": "h1"})
    assert contents(index) == ["ours", "ours"]
    assert index.rename(SOURCE, OTHER) == 1
    assert contents(index) == ["ours"]
    assert index.rename(SOURCE, OTHER) == 0


FORMS = ("NFC", "NFD", "NFKC", "NFKD")
TEXTS = {
    "Liegegebühr": "Die Liegegebühr steigt.",
    "ﬁles": "Which oﬃce ﬁles the report?",
    "\uff11\uff12": "部屋 \uff11\uff12 は開いています",
    "ﾌﾟﾛ": "ﾌﾟﾛ ﾄﾅｰ",
    "Å": "The Å unit",
    "한국어": "한국어 문서",
    "m²": "Der Raum hat 30 m² Fläche",
}


def test_every_unicode_form_of_a_word_finds_the_same(index: Index) -> None:
    for number, text in enumerate(TEXTS.values()):
        path = f"{number}.md"
        index.replace(SOURCE, [path], chunks(path, unicodedata.normalize("NFC", text)))
    index.commit()
    retriever = index.keyword_retriever(top_k=5)
    for number, word in enumerate(TEXTS):
        found = {
            form: [
                (document.meta["document"], document.score)
                for document in retriever.run(query=unicodedata.normalize(form, word))["documents"]
            ]
            for form in FORMS
        }
        assert f"{number}.md" in [document for document, _ in found["NFC"]]
        assert all(each == found["NFC"] for each in found.values())
