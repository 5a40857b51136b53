"""Which questions a change touches, on the real retrieval over a real index."""

from typing import Any

import pytest

from blocks.local import LocalPlatform
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.index import contents
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.rag import RagConfig
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.difference import difference
from tasks_lib.documents_gate.questions import at_state, find_affected
from tests.tasks_lib.conftest import SOURCE, Library

PAGES = {
    "leave.md": "Employees receive 27 days of annual leave.",
    "pay.md": "Salaries are paid on the 25th of the month.",
    "dogs.md": "Dogs are welcome in the office on Fridays.",
    "parking.md": "Cars may be parked in the yard behind the house.",
}


class OverLibrary(LocalPlatform):
    """The local platform over the index of a library."""

    library: Library

    def index(self, rag: RagConfig, *, version: str | None = None) -> Any:
        return self.library.index.at(version) if version else self.library.index

    def open_index(self, name: str, *, released: bool = False) -> Any:
        return self.library.index

    def embedder(self, model: str) -> Any:
        return self.library.embedder


@pytest.fixture
def platform(library: Library, home: Any) -> OverLibrary:
    for path, text in PAGES.items():
        library.put(path, text)
    platform = OverLibrary(home)
    object.__setattr__(platform, "library", library)
    return platform


def example(question: str, document: str, content: str) -> Example:
    text = PAGES[document]
    start = text.index(content)
    reference = Reference(document=document, start=start, end=start + len(content), content=content, source=SOURCE)
    return Example(
        id=document, messages=(Message(role="user", content=question),), answer=content, references=(reference,)
    )


EXAMPLES = [
    example("How many days of annual leave do employees receive?", "leave.md", "27 days"),
    example("When are salaries paid?", "pay.md", "the 25th"),
    example("On which day are dogs welcome in the office?", "dogs.md", "Fridays"),
]
RAG = RagConfig.model_validate({"retriever": {"top_k": 1}})


def touched_by(platform: OverLibrary, *documents: tuple[str, str]) -> set[str]:
    """Ids of the examples that a change touches."""
    index = platform.library.index
    before, held = index.version() or "", contents(index)
    for path, text in documents:
        platform.library.put(path, text)
    changed = {each.key for each in difference(held, contents(index))}
    states = before, index.version() or ""
    return set(find_affected(platform, RAG, EXAMPLES, states, changed).why)


def test_a_changed_document_touches_the_questions_that_rest_on_it(platform: OverLibrary) -> None:
    assert touched_by(platform, ("leave.md", "Employees receive 3 days of annual leave.")) == {"leave.md"}


def test_an_unrelated_page_touches_nothing(platform: OverLibrary) -> None:
    assert touched_by(platform, ("tariff.md", "Quarterly tariffs concern zinc and copper imports.")) == set()


def test_a_copy_that_outranks_the_original_touches_its_question(platform: OverLibrary) -> None:
    copy = ("copy.md", "How many days of annual leave do employees receive? Employees receive 3 days of annual leave.")
    assert "leave.md" in touched_by(platform, copy)


def test_questions_that_are_not_touched_are_answered_from_the_same_passages(platform: OverLibrary) -> None:
    index = platform.library.index
    before = index.version() or ""
    named = touched_by(platform, ("leave.md", "Employees receive 3 days."), ("cats.md", "Cats stay at home."))
    rag = at_state(RAG)
    assistants: list[Assistant] = [
        build_assistant(rag, platform, index_version=state) for state in (before, index.version() or "")
    ]
    for each in EXAMPLES:
        if each.id not in named:
            first, second = (assistant.answer(each.messages) for assistant in assistants)
            assert first == second
    assert "leave.md" in named
