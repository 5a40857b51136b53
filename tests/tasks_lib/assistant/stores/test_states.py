"""Readers of the released state see it whole, whatever is written: on LanceDB and on a real Weaviate server alike."""

import threading
from contextvars import copy_context
from datetime import UTC, datetime

import pytest

from tasks_lib.assistant.contract.index import Index, contents
from tasks_lib.assistant.contract.states import (
    KEPT,
    HeldState,
    IndexStates,
    QuarantinedDocument,
    one_state,
    seen_state,
)
from tasks_lib.errors import IndexUnavailableError
from tests.tasks_lib.assistant.stores.conftest import Open, OpenReleased
from tests.tasks_lib.assistant.stores.test_index import OTHER, QUERY, SOURCE, chunks


def written(index: Index, document: str, *texts: str, document_hash: str = "h1") -> str:
    index.replace(SOURCE, [document], chunks(document, *texts, document_hash=document_hash))
    return index.commit()


def release(index: Index, state: str) -> None:
    with index.writing(10):
        index.save_states(index.states().with_released(state))


def found(index: Index, query: str) -> list[str]:
    by_words = index.keyword_retriever(top_k=10).run(query=query)["documents"]
    by_vector = index.vector_retriever(top_k=10).run(query_embedding=QUERY)["documents"]
    return sorted({document.content or "" for document in (*by_words, *by_vector)})


def test_without_a_released_state_the_latest_is_read(index: Index, reopen_released: OpenReleased) -> None:
    assert index.states() == IndexStates()
    assert found(reopen_released(), "leave") == []
    written(index, "a.md", "leave is 27 days")
    assert found(reopen_released(), "leave") == ["leave is 27 days"]
    assert index.states() == IndexStates()


def test_a_reader_of_the_released_state_does_not_see_what_came_after(
    index: Index, reopen_released: OpenReleased
) -> None:
    release(index, written(index, "a.md", "leave is 27 days"))
    reader = reopen_released()
    later = written(index, "a.md", "leave is 3 days", document_hash="h2")
    written(index, "b.md", "leave is a lie")
    assert found(reader, "leave") == ["leave is 27 days"]
    assert found(index, "leave") == ["leave is 3 days", "leave is a lie"]
    assert (reader.count(), contents(reader)) == (1, {(SOURCE, "a.md"): "h1"})
    release(index, later)
    assert found(reader, "leave") == ["leave is 3 days"]
    assert reader.version() == later


def test_a_deleted_document_stays_in_the_released_state(index: Index, reopen_released: OpenReleased) -> None:
    written(index, "a.md", "leave is 27 days")
    release(index, written(index, "b.md", "the canteen"))
    index.replace(SOURCE, ["a.md"], [])
    index.commit()
    reader = reopen_released()
    assert found(reader, "leave") == ["leave is 27 days", "the canteen"]
    assert contents(reader) == {(SOURCE, "a.md"): "h1", (SOURCE, "b.md"): "h1"}
    assert contents(index) == {(SOURCE, "b.md"): "h1"}
    assert index.info().documents == 1
    index.replace(SOURCE, ["a.md"], chunks("a.md", "leave is back", document_hash="h3"))
    index.commit()
    assert found(reader, "leave") == ["leave is 27 days", "the canteen"]
    assert contents(index)[SOURCE, "a.md"] == "h3"


def test_a_renamed_source_keeps_its_name_in_the_released_state(index: Index, reopen_released: OpenReleased) -> None:
    release(index, written(index, "a.md", "leave is 27 days"))
    index.rename(SOURCE, OTHER)
    index.commit()
    assert list(contents(reopen_released())) == [(SOURCE, "a.md")]
    assert list(contents(index)) == [(OTHER, "a.md")]


def test_a_state_is_opened_by_its_number_and_read_with_its_vectors(index: Index) -> None:
    first = written(index, "a.md", "leave is 27 days", "and Christmas")
    release(index, first)
    written(index, "a.md", "leave is 3 days", document_hash="h2")
    before = index.at(first).read(SOURCE, ["a.md", "unknown.md"])
    assert sorted(chunk.content or "" for chunk in before) == ["and Christmas", "leave is 27 days"]
    assert all(chunk.embedding and len(chunk.embedding) == 4 for chunk in before)
    assert {chunk.meta["document_hash"] for chunk in before} == {"h1"}
    index.replace(SOURCE, ["a.md"], before)
    assert contents(index) == {(SOURCE, "a.md"): "h1"}
    assert [chunk.content for chunk in index.read(OTHER, ["a.md"])] == []


def test_states_and_released_readers_cannot_be_written(index: Index, reopen_released: OpenReleased) -> None:
    first = written(index, "a.md", "leave")
    for opened in (index.at(first), reopen_released()):
        with pytest.raises(IndexUnavailableError, match=r"can only be read|for reading only"):
            opened.replace(SOURCE, ["a.md"], [])


def test_cleaning_leaves_what_kept_states_need(index: Index, reopen_released: OpenReleased) -> None:
    numbers = []
    for turn in range(KEPT + 3):
        numbers.append(written(index, "a.md", f"leave is {turn} days", document_hash=f"h{turn}"))
        release(index, numbers[-1])
    states = index.states()
    assert (states.released, states.earlier) == (numbers[-1], numbers[-2 : -2 - KEPT : -1])
    written(index, "a.md", "leave is over", document_hash="last")
    index.cleanup([])
    assert index.past_versions() == 0
    for turn, number in enumerate(numbers[-1 - KEPT :], start=len(numbers) - 1 - KEPT):
        assert contents(index.at(number)) == {(SOURCE, "a.md"): f"h{turn}"}
    assert found(reopen_released(), "leave") == [f"leave is {KEPT + 2} days"]


def test_a_dropped_index_forgets_its_states(index: Index, reopen: Open, reopen_released: OpenReleased) -> None:
    release(index, written(index, "a.md", "leave is 27 days"))
    reader = reopen_released()
    assert found(reader, "leave")
    other = reopen()
    assert other.states().released
    index.drop()
    again = reopen()
    assert other.states() == again.states() == IndexStates()
    written(again, "b.md", "the canteen")
    assert found(reopen_released(), "canteen") == ["the canteen"]


def test_states_are_kept_as_a_whole(index: Index, reopen: Open) -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    first = written(index, "a.md", "leave")
    bad = QuarantinedDocument(source=SOURCE, document="ü 'x'.md", document_hash=None, since=now, by="ada", reason="no")
    states = IndexStates(
        released=first,
        earlier=["1"],
        candidate="7",
        held=HeldState(state="7", since=now, decision="held", reasons=["worse"], documents=["a.md"]),
    ).with_quarantined({bad.key: bad})
    index.save_states(states)
    assert reopen().states() == states
    assert states.is_quarantined(SOURCE, bad.document, None)
    assert not states.is_quarantined(SOURCE, bad.document, "h1")


def test_one_answer_reads_one_state(index: Index, reopen_released: OpenReleased) -> None:
    """Threads that take the context along included; the next answer reads the state that is released by then."""
    first = written(index, "a.md", "leave is 27 days")
    release(index, first)
    reader = reopen_released()
    second = written(index, "a.md", "leave is 28 days", document_hash="h2")
    seen_in_thread: list[list[str]] = []
    with one_state() as seen:
        assert found(reader, "leave") == ["leave is 27 days"]
        release(index, second)
        context = copy_context()
        thread = threading.Thread(target=lambda: seen_in_thread.append(context.run(found, reader, "leave")))
        thread.start()
        thread.join()
        assert found(reader, "leave") == ["leave is 27 days"]
    assert seen_in_thread == [["leave is 27 days"]]
    assert seen == {index.name: first}
    assert found(reader, "leave") == ["leave is 28 days"]


def test_two_that_look_at_once_see_the_same_state() -> None:
    numbers = iter("12")
    with one_state():
        assert seen_state("x", lambda: seen_state("x", lambda: next(numbers)) and next(numbers)) == "1"


def test_searches_while_states_are_released_find_one_of_them(index: Index, reopen_released: OpenReleased) -> None:
    """No search fails, and none mixes documents of two states."""
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "leave 0 a") + chunks("b.md", "leave 0 b"))
    release(index, index.commit())
    reader, mixed, stop = reopen_released(), [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            with one_state():
                texts = found(reader, "leave")
            if len(texts) != 2 or len({text.split()[1] for text in texts}) != 1:
                mixed.append(texts)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(1, 8):
        a, b = f"leave {turn} a", f"leave {turn} b"
        index.replace(SOURCE, ["a.md"], chunks("a.md", a, document_hash=a))
        index.replace(SOURCE, ["b.md"], chunks("b.md", b, document_hash=b))
        release(index, index.commit())
    stop.set()
    for thread in threads:
        thread.join()
    assert mixed == []
    assert found(reader, "leave") == ["leave 7 a", "leave 7 b"]
