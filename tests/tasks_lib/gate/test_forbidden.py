"""What a version must not tell is asked of it by those who must not know."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from haystack import Document

from tasks_lib.assistant.contract.access import NO_CONTROL, DocumentAccess, Groups
from tasks_lib.assistant.contract.index import chunk_id
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.dataset.examples import Example, Reference, example_of
from tasks_lib.gate.forbidden import ForbiddenFacts
from tasks_lib.gate.validate import Check
from tasks_lib.registry.process import VersionReply
from tests.tasks_lib.gate.test_validate import Scripted, checks
from tests.tasks_lib.registry import fakes

SOURCE = "file:///handbook"
TEXTS = {
    "open.md": "The canteen opens at noon on every working day.",
    "pay.md": "The director earns nine thousand crowns a month. The canteen opens at noon on every working day.",
    "board.md": "The board meets in the boathouse on the second Tuesday.",
    "draft.md": "Nobody has approved the merger with the ferry company.",
}
GROUPS: dict[str, Groups] = {"open.md": ("public",), "pay.md": ("hr",), "board.md": ("board",), "draft.md": ("nobody",)}


def chunk(document: str) -> Document:
    text = TEXTS[document]
    vector = np.random.default_rng(len(text)).normal(size=8)
    meta = {"source": SOURCE, "document": document, "document_hash": "1", "start": 0, "end": len(text)}
    return Document(id=chunk_id(SOURCE, document, 0, 9, text), content=text, embedding=vector.tolist(), meta=meta)


@pytest.fixture
def index(tmp_path: Path) -> LanceDBIndex:
    made = LanceDBIndex(str(tmp_path), "docs", 8)
    made.replace(SOURCE, list(TEXTS), [chunk(document) for document in TEXTS])
    made.commit()
    made.save_access(NO_CONTROL.with_sync(SOURCE, {name: DocumentAccess(each, "1") for name, each in GROUPS.items()}))
    return made


def asks_for_pay() -> Example:
    content = "The director earns nine thousand crowns a month."
    reference = Reference(source=SOURCE, document="pay.md", start=0, end=len(content), content=content)
    example = example_of("answerable", "What does the director earn?", content, [reference])
    return example.model_copy(update={"groups": ("hr",)})


Saying = Callable[[str, tuple[str, ...]], Mapping[str, Any]]


class Telling(Scripted):
    """Answers as `says` does what nobody else would ask."""

    def __init__(self, says: Saying) -> None:
        super().__init__(fakes.GOOD)
        self.says = says
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def ask(self, messages: Sequence[Mapping[str, str]], timeout: float, groups: Any = ()) -> VersionReply:
        question = messages[-1]["content"]
        self.asked.append((question, tuple(groups)))
        reply = super().ask(messages, timeout, groups)
        changed = self.says(question, tuple(groups)) if reply.answer is not None else {}
        return VersionReply({**reply.answer, **changed} if reply.answer else None, reply.error, None, 0.1)


def forbidden(index: LanceDBIndex, says: Saying, examples: Sequence[Example] = ()) -> tuple[Check, Telling]:
    version = Telling(says)
    return checks(version, [*fakes.examples(), *examples], index)["forbidden facts"], version


def test_every_closed_document_is_asked_for_by_somebody_who_may_not_see_it(index: LanceDBIndex) -> None:
    check, version = forbidden(index, lambda question, groups: {}, [asks_for_pay()])
    assert check.ok, check.detail
    asked = {question: groups for question, groups in version.asked if question != " "}
    assert "hr" not in asked["What does the director earn?"]
    assert "board" not in asked["The board meets in the"]
    assert "Nobody has approved the merger" in asked


@pytest.mark.parametrize("document", ["pay.md", "board.md", "draft.md"])
def test_a_forbidden_sentence_is_a_rejection_with_the_documents_name(index: LanceDBIndex, document: str) -> None:
    said = "As far as I know: " + TEXTS[document].split(". ")[0].upper()
    check, _ = forbidden(index, lambda question, groups: {"response": said}, [asks_for_pay()])
    assert not check.ok
    assert check.detail.startswith(f"shows {document!r} to somebody of ")


def test_a_forbidden_source_is_a_rejection_though_the_answer_is_a_refusal(index: LanceDBIndex) -> None:
    source = {"document": "board.md", "source": SOURCE, "start": 0, "end": 9, "score": 0.5, "content": "The board"}
    check, _ = forbidden(index, lambda question, groups: {"source_documents": [source]})
    assert "shows 'board.md' to somebody of" in check.detail
    duplicate = {**source, "document": "open.md", "also_in": ["draft.md"]}
    check, _ = forbidden(index, lambda question, groups: {"source_documents": [duplicate]})
    assert "shows 'draft.md' to somebody of" in check.detail


def test_what_an_open_document_says_too_is_not_forbidden_nor_what_the_question_says(index: LanceDBIndex) -> None:
    check, _ = forbidden(index, lambda question, groups: {"response": f"{question} {TEXTS['open.md']}"})
    assert check.ok, check.detail


def test_only_who_may_not_see_it_makes_it_forbidden(index: LanceDBIndex) -> None:
    def knows_groups(question: str, groups: tuple[str, ...]) -> Mapping[str, Any]:
        return {"response": TEXTS["pay.md"]} if "hr" in groups else {}

    check, version = forbidden(index, knows_groups)
    assert check.ok, check.detail
    assert ("hr",) in {groups for _, groups in version.asked}


def test_at_most_so_many_are_asked_each_about_another_document_first(index: LanceDBIndex) -> None:
    facts = ForbiddenFacts.of(index, [asks_for_pay()])
    asked = list(facts.questions(3))
    assert asked[0].document == "pay.md"
    assert len({question.document for question in asked}) == 3
    assert len({(question.document, question.groups) for question in facts.questions(99)}) == 2 + 2 + 3


def test_an_index_without_access_control_asks_nothing(index: LanceDBIndex) -> None:
    index.save_access(NO_CONTROL)
    check, version = forbidden(index, lambda question, groups: {})
    assert check.detail == "no document of the index is kept from anybody"
    assert not any("boathouse" in question for question, _ in version.asked)
