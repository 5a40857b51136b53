"""What lies near a changed document is looked up in the new state, and nothing else."""

from pathlib import Path

from tasks_lib.documents_gate.change import DocumentChange
from tasks_lib.documents_gate.contradictions import contradictions
from tasks_lib.documents_gate.neighbours import near_chunks
from tests.tasks_lib.conftest import Library

LEAVE = "# Leave\n\nEmployees receive 27 days of annual leave per calendar year.\n"


def test_a_contradiction_is_found_through_the_nearest_chunks(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.put("leave.md", LEAVE)
    for number in range(6):
        library.put(f"other-{number}.md", f"# Printer {number}\n\nPrinter {number} stands beside lift {number}.\n")
    copy = DocumentChange("copy.md", "added", (), tuple(library.put("copy.md", LEAVE.replace("27", "25"))))
    near = near_chunks(library.index, [copy], near=1)
    assert [chunk.meta["document"] for chunk in near] == ["leave.md"]
    (found,) = contradictions([copy], near)
    assert (found.document, found.other, found.differs) == ("copy.md", "leave.md", "number")


def test_passages_that_a_document_had_before_are_not_looked_up(tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.put("leave.md", LEAVE)
    chunks = tuple(library.put("same.md", LEAVE))
    assert near_chunks(library.index, [DocumentChange("same.md", "changed", chunks, chunks)]) == []
