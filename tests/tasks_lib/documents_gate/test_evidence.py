"""Evidence is found by what it says: where it moved, in a renamed document, in a copy; and not where it is gone."""

import pytest

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.documents_gate.evidence import NOWHERE, with_evidence
from tasks_lib.gate.prediction import Prediction
from tests.tasks_lib.conftest import SOURCE, Library

TEXT = "Employees receive 27 days of annual leave."
REFERENCE = Reference(document="leave.md", start=0, end=len(TEXT), content=TEXT, source=SOURCE)
CHANGED = {(SOURCE, "leave.md")}


def cited(document: str, content: str, start: int = 0) -> dict[str, object]:
    source = Source(document=document, start=start, end=start + len(content), score=1, content=content, source=SOURCE)
    return {"response": "27 days", "source_documents": [source.model_dump()]}


def found(library: Library, answer: dict[str, object] | None, changed: set[tuple[str, str]] = CHANGED) -> Reference:
    asked = Example(
        id="leave", messages=(Message(role="user", content="How many?"),), answer="27 days", references=(REFERENCE,)
    )
    error = None if answer else "it failed"
    (prediction,) = with_evidence([Prediction(asked, answer, error, None, 0.1)], library.index, changed)
    (reference,) = prediction.example.references
    return reference


def test_text_that_was_pushed_down_is_found_again(library: Library) -> None:
    preface = "A preface, which is new.\n\n"
    library.put("leave.md", preface + TEXT)
    for answer in (cited("other.md", "Nothing."), None):
        reference = found(library, answer)
        assert (reference.document, reference.start, reference.content) == ("leave.md", len(preface), TEXT)


@pytest.mark.parametrize("name", ["moved/leave.md", "leave-copy.md"])
def test_a_source_that_says_it_is_evidence_wherever_it_lies(library: Library, name: str) -> None:
    library.put(name, TEXT)
    reference = found(library, cited(name, "**Employees** receive 27 days of annual leave,\nat least.", 40))
    assert (reference.document, reference.start) == (name, 40)


def test_text_that_is_gone_is_nowhere(library: Library) -> None:
    """Also where another text stands in its place."""
    library.put("leave.md", TEXT.replace("27", "3"))
    assert found(library, cited("leave.md", TEXT.replace("27", "3"))).document == NOWHERE


def test_what_did_not_change_stays(library: Library) -> None:
    library.put("leave.md", TEXT)
    assert found(library, cited("leave.md", TEXT), set()) == REFERENCE
    assert found(library, cited("other.md", "Nothing."), set()) == REFERENCE
