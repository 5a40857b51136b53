"""Questions that are not asked again have the same passages on both states."""

from collections.abc import Iterable
from tempfile import TemporaryDirectory

import pytest
from haystack import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.assistant.retrieval.selection import PassageSelector
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.change import document_changes
from tasks_lib.documents_gate.questions import affected
from tests.tasks_lib.conftest import SOURCE, WordEmbedder

EMBEDDER = WordEmbedder()
WORDS = "leave pay desk laptop pension travel office visit team week".split()  # noqa: SIM905
TEXTS = st.lists(st.sampled_from(WORDS), min_size=3, max_size=12).map(" ".join)
NAMES = [f"{number}.md" for number in range(12)]
QUESTIONS = [f"what about {one} and {other}" for one, other in zip(WORDS, WORDS[3:], strict=False)]


def example(question: str, *documents: str) -> Example:
    references = tuple(Reference(document=name, start=0, end=1, content="x") for name in documents)
    return Example(id=question, messages=(Message(role="user", content=question),), references=references)


def put(index: LanceDBIndex, texts: dict[str, str], gone: Iterable[str] = ()) -> str:
    """Bring documents in, each a chunk, and take others away; the new state."""
    made = [
        Document(
            id=f"{name} {text}",
            content=text,
            embedding=EMBEDDER.embed([text])[0],
            meta={"source": SOURCE, "document": name, "document_hash": text, "start": 0, "end": len(text)},
        )
        for name, text in texts.items()
    ]
    index.replace(SOURCE, [*texts, *gone], made)
    return index.commit()


def passages(folder: str, version: str, question: str) -> list[Source]:
    """What a hybrid search finds on a state, as the assistant's does."""
    index = LanceDBIndex(folder, "test", version=version)
    vector = index.vector_retriever(top_k=8).run(query_embedding=EMBEDDER.embed([question])[0])["documents"]
    keyword = index.keyword_retriever(top_k=8).run(query=question)["documents"]
    fused = HybridFusion().run(vector=vector, keyword=keyword)["documents"]
    return [source_of(document) for document in PassageSelector(top_k=3).run(fused)["documents"]]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(NAMES), TEXTS, min_size=4), st.data())
def test_a_question_that_is_not_named_gets_the_same_passages(texts: dict[str, str], data: st.DataObject) -> None:
    changed = data.draw(st.dictionaries(st.sampled_from(NAMES), TEXTS, min_size=1, max_size=3))
    deleted = data.draw(st.sets(st.sampled_from(sorted(texts)), max_size=1)) - changed.keys()
    with TemporaryDirectory() as folder:
        index = LanceDBIndex(folder, "test", EMBEDDER.dimension)
        old, was = put(index, texts), index.store.filter_documents()
        new, now = put(index, changed, sorted(deleted)), index.store.filter_documents()
        before, after = (
            {question: passages(folder, version, question) for question in QUESTIONS} for version in (old, new)
        )
        examples = [example(question) for question in QUESTIONS]
        touched = {change.document for change in document_changes(was, now)}
        named = affected(examples, before, after, {(SOURCE, document) for document in touched})
        for question in QUESTIONS:
            if question in named.why:
                continue
            assert [(s.document, s.start, s.content) for s in before[question]] == [
                (s.document, s.start, s.content) for s in after[question]
            ]
            assert not touched & {s.document for s in before[question]}


def source(document: str, start: int = 0) -> Source:
    return Source(document=document, start=start, end=start + 1, score=1, content="x", source=SOURCE)


CHANGED = {(SOURCE, "changed.md")}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([source("changed.md")], [source("a.md")], "found"),
        ([source("a.md")], [source("changed.md"), source("a.md")], "outranked"),
        ([source("a.md"), source("b.md")], [source("b.md"), source("a.md")], "reordered"),
        (None, [source("a.md")], "rewritten"),
    ],
)
def test_why_a_question_is_asked_again(before: list[Source] | None, after: list[Source], why: str) -> None:
    assert affected([example("q")], {"q": before}, {"q": after}, CHANGED).why == {"q": why}


def test_a_reference_in_a_changed_document_is_enough() -> None:
    found = {"q": [source("a.md")]}
    assert affected([example("q", "changed.md")], found, found, CHANGED).why == {"q": "reference"}


def test_the_share_is_that_of_the_whole_set() -> None:
    found = {"q": [source("a.md")], "r": [source("changed.md")]}
    named = affected([example("q"), example("r")], found, found, CHANGED)
    assert ([each.id for each in named.examples], named.share) == (["r"], 0.5)


def test_no_change_asks_nothing() -> None:
    assert affected([example("q")], {"q": None}, {"q": None}, set()).examples == []
