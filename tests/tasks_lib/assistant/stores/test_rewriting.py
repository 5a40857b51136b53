"""What is rewritten is so in every kept state, and stays with its readers: on LanceDB and on a real Weaviate server."""

from dataclasses import replace

import pytest
from haystack import Document

from tasks_lib.assistant.contract.access import OPERATOR, Caller, asked_by
from tasks_lib.assistant.contract.index import Index, contents
from tests.tasks_lib.assistant.stores.conftest import STORES, STRICT
from tests.tasks_lib.assistant.stores.test_access import HR, names, stated
from tests.tasks_lib.assistant.stores.test_index import SOURCE, chunks
from tests.tasks_lib.assistant.stores.test_states import found, release, written

pytestmark = pytest.mark.parametrize("reopen", [*STORES, STRICT], indirect=True)


def without(document: str) -> object:
    return lambda given: [chunk for chunk in given if chunk.meta["document"] != document]


def released_now(index: Index) -> Index:
    """At the state that is released, which is named anew where it was rewritten."""
    return index.at(str(index.states().released))


def test_a_document_that_goes_is_in_no_state(index: Index) -> None:
    written(index, "a.md", "leave is 27 days")
    release(index, written(index, "b.md", "the canteen"))
    written(index, "a.md", "leave is 28 days", document_hash="h2")
    assert index.rewrite(without("a.md"), []) == 2  # type: ignore[arg-type]
    index.purge([])
    for state in (index, released_now(index)):
        assert found(state, "leave canteen") == ["the canteen"]
        assert list(contents(state)) == [(SOURCE, "b.md")]


def test_a_chunk_that_changes_is_found_by_its_readers_and_by_nobody_else(index: Index) -> None:
    index.save_access(stated({"a.md": ("hr",), "b.md": ("public",)}))
    index.replace(SOURCE, ["a.md", "b.md"], chunks("a.md", "leave of Ada", "the end") + chunks("b.md", "lunch of Ada"))
    release(index, index.commit())

    def redacted(given: list[Document]) -> list[Document]:
        return [
            replace(chunk, content=chunk.content.replace("Ada", "[…]")) if "Ada" in (chunk.content or "") else chunk
            for chunk in given
        ]

    assert index.rewrite(redacted, []) > 0
    index.purge([])
    for state in (index, released_now(index)):
        with asked_by(OPERATOR):
            assert found(state, "Ada leave lunch end") == ["leave of […]", "lunch of […]", "the end"]
        with asked_by(Caller()):
            assert found(state, "leave lunch end") == ["lunch of […]"]
        assert (seen_by_words(state, Caller()), seen_by_words(state, HR)) == ({"b.md"}, {"a.md", "b.md"})


def seen_by_words(index: Index, who: Caller) -> set[str]:
    with asked_by(who):
        return names(index.keyword_retriever(top_k=9).run(query="leave lunch end")["documents"])  # type: ignore[attr-defined]
