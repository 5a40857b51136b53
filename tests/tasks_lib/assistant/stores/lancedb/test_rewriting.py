"""Erasure: the chunks are gone from every state that is kept, and their words from every file."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from haystack import Document

from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tests.tasks_lib.assistant.stores.lancedb.conftest import SOURCE, MakeChunks, MakeIndex

SECRET = "qxplant7731"


def without(document: str) -> Callable[[list[Document]], list[Document]]:
    return lambda chunks: [chunk for chunk in chunks if chunk.meta["document"] != document]


def holding(folder: Path, word: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes().lower()]


@pytest.fixture
def planted(index: LanceDBIndex, chunks: MakeChunks) -> dict[str, str]:
    """States of an index: before, with and after the planted document; `current` has it again."""
    states: dict[str, str] = {}
    with index.writing(1):
        index.replace(SOURCE, ["a.md"], chunks("a.md", "annual leave", "parental leave"))
        states["before"] = index.commit()
        index.replace(SOURCE, [f"{SECRET}.md"], chunks(f"{SECRET}.md", f"the club meets in {SECRET}", "and more"))
        states["with"] = index.commit()
        index.replace(SOURCE, ["b.md"], chunks("b.md", "canteen hours"))
        states["held"] = index.commit()
        index.save_states(IndexStates(released=states["with"], earlier=[states["before"]]))
    return states


def test_a_forgotten_document_is_in_no_state_and_in_no_file(
    index: LanceDBIndex, planted: dict[str, str], tmp_path: Path
) -> None:
    assert holding(tmp_path / "database", SECRET)
    with index.writing(1):
        assert index.rewrite(without(f"{SECRET}.md"), []) == 4  # two chunks in two states
        index.purge([])
    assert holding(tmp_path / "database", SECRET) == []
    states = index.states()
    assert [index.at(state).count() for state in (*states.earlier, str(states.released))] == [2, 2]
    assert index.count() == 3
    assert sorted(index.manifest(SOURCE)) == ["a.md", "b.md"]


def test_who_reads_an_earlier_state_by_its_old_number_reads_what_stands_in_its_place(
    index: LanceDBIndex, open_index: MakeIndex, planted: dict[str, str]
) -> None:
    pinned = open_index(version=planted["with"])
    assert pinned.count() == 4
    with index.writing(1):
        index.rewrite(without(f"{SECRET}.md"), [planted["with"]])
        index.purge([planted["with"]])
    assert pinned.count() == 2
    assert open_index(version=planted["with"]).count() == 2
    with index.writing(1):  # and once more, after which the number is two steps old
        index.rewrite(without("b.md"), [planted["with"]])
        index.purge([planted["with"]])
        index.cleanup([planted["with"]])
    assert open_index(version=planted["with"]).count() == 2


def test_a_chunk_is_put_in_place_of_another(index: LanceDBIndex, planted: dict[str, str], chunks: MakeChunks) -> None:
    (other, _) = chunks(f"{SECRET}.md", "the club meets in ███████████", "and more")
    with index.writing(1):
        index.rewrite(lambda given: [other if SECRET in (chunk.content or "") else chunk for chunk in given], [])
        index.purge([])
    found = index.keyword_retriever(top_k=5).run(query="club meets")["documents"]
    assert [chunk.content for chunk in found] == [other.content]
    assert index.keyword_retriever(top_k=5).run(query=SECRET)["documents"] == []


def test_an_index_may_lose_everything(index: LanceDBIndex, chunks: MakeChunks, tmp_path: Path) -> None:
    with index.writing(1):
        index.replace(SOURCE, ["a.md"], chunks("a.md", f"only {SECRET}"))
        index.commit()
        index.rewrite(without("a.md"), [])
        index.purge([])
        assert index.count() == 0
        assert holding(tmp_path / "database", SECRET) == []
        index.replace(SOURCE, ["b.md"], chunks("b.md", "annual leave"))
        index.commit()
    assert len(index.keyword_retriever(top_k=5).run(query="leave")["documents"]) == 1


@pytest.mark.parametrize("released", [True, False])
def test_readers_meanwhile_find_what_stays(
    index: LanceDBIndex, planted: dict[str, str], tmp_path: Path, released: bool
) -> None:
    reader = LanceDBIndex(str(tmp_path / "database"), "docs", released=released, lock_folder=tmp_path / "locks")
    found, failed, ended = [], [], threading.Event()

    def read() -> None:
        while not ended.is_set():
            try:
                found.append(len(reader.keyword_retriever(top_k=5).run(query="leave")["documents"]))
                reader.vector_retriever(top_k=2).run(query_embedding=[1.0, 0.0, 0.0, 0.0])
            except Exception as error:  # noqa: BLE001
                failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    with index.writing(1):
        index.rewrite(without(f"{SECRET}.md"), [])
        index.purge([])
    ended.set()
    thread.join()
    assert failed == []
    assert set(found) == {2}
