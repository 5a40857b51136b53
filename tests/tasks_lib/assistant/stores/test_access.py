"""Nobody finds what they may not see: on LanceDB and on a real Weaviate server, there with tenants and without."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from haystack import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.access import (
    NO_CONTROL,
    OPERATOR,
    Caller,
    DocumentAccess,
    Groups,
    IndexAccess,
    asked_by,
    member_of,
)
from tasks_lib.assistant.contract.index import Index, shown_documents
from tasks_lib.assistant.retrieval.surroundings import Surroundings
from tests.tasks_lib.assistant.stores.conftest import STORES, STRICT, Open, OpenReleased
from tests.tasks_lib.assistant.stores.test_index import OTHER, QUERY, SOURCE, chunks

pytestmark = pytest.mark.parametrize("reopen", [*STORES, STRICT], indirect=True)

WORDS = ("leave", "salary", "laptop", "train", "lunch")
GROUPS: tuple[Groups, ...] = (("public",), ("hr",), ("hr", "legal"), ("legal",), ("nobody",))
CALLERS = (Caller(), member_of(["hr"]), member_of(["legal", "sales", "nobody"]))
TEXTS = {f"{n}.md": " ".join(WORDS[n * k % 5] for k in range(1, n + 2)) for n in range(9)}
HR = member_of(["hr"])
Seen = list[tuple[str, str | None, float | None]]


def stated(access: Mapping[str, Groups], digest: str = "h1", source: str = SOURCE) -> IndexAccess:
    return NO_CONTROL.with_sync(source, {name: DocumentAccess(groups, digest) for name, groups in access.items()})


def write(index: Index, access: Mapping[str, Groups]) -> None:
    """Access first, as a sync does."""
    index.save_access(stated(access))
    index.replace(SOURCE, list(access), [chunk for name in access for chunk in chunks(name, TEXTS[name], "the end")])
    index.commit()


def listed(documents: list[Document]) -> Seen:
    return [(document.id, document.content, document.score) for document in documents]


def by_vector(index: Index, top_k: int = 4) -> list[Document]:
    retriever: Any = index.vector_retriever(top_k=top_k)
    found: list[Document] = retriever.run(query_embedding=QUERY)["documents"]
    return found


def by_words(index: Index, query: str = "leave or lunch", top_k: int = 4) -> list[Document]:
    retriever: Any = index.keyword_retriever(top_k=top_k)
    found: list[Document] = retriever.run(query=query)["documents"]
    return found


def names(documents: list[Document]) -> set[str]:
    return {document.meta["document"] for document in documents}


def seen_by(index: Index, who: Caller) -> set[str]:
    """Documents that a caller finds, by whatever search."""
    with asked_by(who):
        found = names(by_vector(index, 100))
        assert names(by_words(index, " ".join([*WORDS, "end"]), 100)) == found
        store: Any = index.vector_retriever(top_k=1)
        ours = {"field": "meta.source", "operator": "in", "value": [SOURCE, OTHER]}
        assert names(store.document_store.filter_documents(ours)) == found
        if index.version() is not None:
            assert {document for _, document in shown_documents(index)} == found
    return found


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(chosen=st.lists(st.sampled_from(GROUPS), min_size=len(TEXTS), max_size=len(TEXTS)))
def test_what_is_found_does_not_depend_on_what_is_forbidden(
    reopen: Open, request: pytest.FixtureRequest, chosen: list[Groups]
) -> None:
    """All of it, but that the scores of words tell of all chunks where Weaviate keeps them in one collection."""
    access = dict(zip(TEXTS, chosen, strict=True))
    exact = request.node.callspec.params["reopen"] != "weaviate"

    def everything(who: Caller) -> tuple[Seen, set[str], Seen]:
        with asked_by(who):
            words = by_words(index, top_k=4 if exact else 100)
            return listed(by_vector(index)), names(words), listed(words) if exact else []

    def made(of: Mapping[str, Groups]) -> Index:
        made = reopen()
        made.drop()
        write(made, of)
        return reopen()

    index = made(access)
    whole = [everything(who) for who in CALLERS]
    assert [seen_by(index, who) for who in CALLERS] == [
        {name for name, groups in access.items() if who.may(groups)} for who in CALLERS
    ]
    assert seen_by(index, OPERATOR) == set(access)
    for who, before in zip(CALLERS, whole, strict=True):
        allowed = {name: groups for name, groups in access.items() if who.may(groups)}
        if allowed:
            index = made(allowed)
            assert everything(who) == before
        else:
            assert before == ([], set(), [])


def test_a_change_of_access_holds_at_once_and_in_earlier_states(index: Index, reopen: Open) -> None:
    write(index, dict.fromkeys(TEXTS, ("public",)))
    version = index.version()
    with index.writing(10):
        index.save_states(index.states().with_released(str(version)))
    earlier, reader = index.at(str(version)), reopen()
    assert seen_by(reader, Caller()) == seen_by(earlier, Caller()) == set(TEXTS)
    index.save_access(index.access().with_sync(SOURCE, {"1.md": DocumentAccess(("hr",), "h1")}))
    others = set(TEXTS) - {"1.md"}
    assert seen_by(reader, Caller()) == seen_by(earlier, Caller()) == others
    assert seen_by(reader, HR) == seen_by(earlier, HR) == set(TEXTS)
    index.save_access(index.access().with_sync(SOURCE, dict.fromkeys(TEXTS, DocumentAccess(("nobody",), "h1"))))
    assert seen_by(reader, HR) == seen_by(earlier, HR) == set()
    assert seen_by(index, OPERATOR) == set(TEXTS)
    index.save_access(index.access().with_sync(SOURCE, dict.fromkeys(TEXTS, DocumentAccess(("public",), "h1"))))
    assert seen_by(reader, Caller()) == seen_by(earlier, Caller()) == set(TEXTS)
    assert index.version() == reader.version() == version
    assert index.count() == 2 * len(TEXTS)


def test_vectors_move_along_and_scores_stay(index: Index) -> None:
    write(index, {"1.md": ("public",), "2.md": ("public",)})
    before = listed(by_vector(index))
    index.save_access(stated({"1.md": ("hr",), "2.md": ("legal",)}))
    with asked_by(member_of(["hr", "legal"])):
        assert listed(by_vector(index)) == before
    chunk = chunks("1.md", TEXTS["1.md"])[0]
    assert index.embeddings([chunk.meta["content_hash"]]) == {chunk.meta["content_hash"]: chunk.embedding}


def test_an_index_from_before_access_control_comes_under_it(index: Index) -> None:
    index.replace(SOURCE, ["1.md", "2.md"], chunks("1.md", TEXTS["1.md"]) + chunks("2.md", TEXTS["2.md"]))
    index.replace(OTHER, ["3.md"], chunks("3.md", TEXTS["3.md"], source=OTHER))
    index.commit()
    assert seen_by(index, Caller()) == {"1.md", "2.md", "3.md"}
    index.save_access(stated({"1.md": ("hr",)}))
    assert (seen_by(index, Caller()), seen_by(index, HR)) == ({"3.md"}, {"1.md", "3.md"})


def test_an_edited_document_that_opens_keeps_its_earlier_content_closed(
    index: Index, reopen_released: OpenReleased
) -> None:
    write(index, {"1.md": ("hr",)})
    with index.writing(10):
        index.save_states(index.states().with_released(str(index.version())))
    index.save_access(index.access().with_sync(SOURCE, {"1.md": DocumentAccess(("public",), "h2")}))
    index.replace(SOURCE, ["1.md"], chunks("1.md", "leave for all", document_hash="h2"))
    index.commit()
    assert seen_by(index, Caller()) == {"1.md"}
    released = reopen_released()
    assert (seen_by(released, Caller()), seen_by(released, HR)) == (set(), {"1.md"})
    with asked_by(HR):
        assert "leave for all" not in {document.content for document in by_words(released)}


def test_a_renamed_source_keeps_its_access(index: Index, reopen_released: OpenReleased) -> None:
    write(index, {"1.md": ("hr",), "2.md": ("public",)})
    with index.writing(10):
        index.save_states(index.states().with_released(str(index.version())))
    index.save_access(index.access().with_renamed(SOURCE, OTHER))
    index.rename(SOURCE, OTHER)
    index.commit()
    for reader in (index, reopen_released()):
        assert (seen_by(reader, Caller()), seen_by(reader, HR)) == ({"2.md"}, {"1.md", "2.md"})


def test_what_lies_around_a_passage_is_of_its_document_as_the_caller_sees_it(index: Index) -> None:
    write(index, {"1.md": ("hr",)})
    retriever: Any = index.keyword_retriever(top_k=1)
    with asked_by(HR):
        found = by_words(index, TEXTS["1.md"], 1)
        assert len(Surroundings(retriever).run(documents=found)["documents"]) == 2
    assert Surroundings(retriever).run(documents=found)["documents"] == found


def test_access_goes_with_its_index(index: Index, reopen: Open) -> None:
    write(index, {"1.md": ("hr",)})
    assert reopen().access() == index.access() == stated({"1.md": ("hr",)})
    index.drop()
    assert reopen().access() == index.access() == NO_CONTROL
    index.replace(SOURCE, ["1.md"], chunks("1.md", TEXTS["1.md"]))
    assert seen_by(reopen(), Caller()) == {"1.md"}


def test_what_is_closed_stays_closed_while_others_change_it(index: Index, reopen: Open) -> None:
    """From the moment that a change of access is saved; and who may see a document finds it whenever none is."""
    write(index, {"1.md": ("public",), "2.md": ("public",)})
    closed, stop, wrong = threading.Event(), threading.Event(), []

    def read() -> None:
        reader = reopen()
        while not stop.is_set():
            before = closed.is_set()
            found = names(by_vector(reader, 10)) | names(by_words(reader, "leave train end", 10))
            if before and closed.is_set() and "1.md" in found:
                wrong.append(found)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(6):
        groups: Groups = ("public",) if turn % 2 else ("hr",)
        if turn % 2:
            closed.clear()
        index.save_access(index.access().with_sync(SOURCE, {"1.md": DocumentAccess(groups, "h1")}))
        if not turn % 2:
            closed.set()
            index.replace(SOURCE, ["1.md"], chunks("1.md", f"leave {turn}", document_hash="h1"))
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert seen_by(index, Caller()) == {"1.md", "2.md"}
