"""Documents before and after, and those that were only renamed."""

from haystack import Document

from tasks_lib.documents_gate.change import document_changes, renamed


def chunk(document: str, content: str, start: int = 0) -> Document:
    meta = {"source": "s", "document": document, "start": start, "end": start + len(content)}
    return Document(id=f"{document} {start} {content}", content=content, meta=meta)


def test_what_was_added_changed_and_deleted() -> None:
    before = [chunk("same.md", "one"), chunk("changed.md", "two"), chunk("gone.md", "three")]
    after = [chunk("same.md", "one"), chunk("changed.md", "2"), chunk("new.md", "four")]
    changes = document_changes(before, after)
    kinds = {change.document: change.kind for change in changes}
    assert kinds == {"changed.md": "changed", "gone.md": "deleted", "new.md": "added"}


def test_chunks_are_in_the_order_of_their_document() -> None:
    (change,) = document_changes([], [chunk("a.md", "second", 10), chunk("a.md", "first", 0)])
    assert change.text_after == "first\n\nsecond"


def test_a_document_under_another_path_is_renamed_if_its_words_and_numbers_are_the_same() -> None:
    text = "Employees receive 27 days of annual leave per calendar year, which they plan with their whole team."
    before = [chunk("old.md", text), chunk("other.md", text.replace("27", "25"))]
    changes = document_changes(before, [chunk("moved/old.md", text), chunk("more.md", text.replace("27", "24"))])
    assert renamed(changes) == {"old.md": "moved/old.md"}
