"""Questions are asked by somebody who may see their evidence."""

from pathlib import Path
from typing import Any

import pytest
from haystack import Document

from tasks_lib.assistant.contract.access import NO_CONTROL, DocumentAccess, Groups
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset.askers import asker_of, open_to_somebody, with_askers
from tasks_lib.dataset.examples import Example, Reference, example_of
from tests.tasks_lib.conftest import Library
from tests.tasks_lib.dataset.generating import generate


@pytest.fixture
def chapters(library: Library) -> Library:
    """Five chapters of the sample handbook, of this test's own."""
    root = Path(__file__).resolve().parents[3] / "examples" / "handbook"
    for file in sorted(root.rglob("*.md"))[:5]:
        library.put(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return library


def put_under(index: Any, groups: dict[str, Groups]) -> None:
    (source,) = index.info().sources
    held = index.manifest(source)
    given = {name: DocumentAccess(groups.get(name, ("public",)), digest) for name, digest in held.items()}
    index.save_access(NO_CONTROL.with_sync(source, given))


def asked_about(*documents: str) -> Example:
    places = [Reference(document=document, start=0, end=1, content="x") for document in documents]
    return example_of("answerable", f"What do {documents} say?", "x", places)


@pytest.mark.parametrize(
    ("audience", "groups"),
    [
        ((), ()),
        ((("public",),), ()),
        ((("hr", "legal"),), ("hr",)),
        ((("hr", "legal"), ("legal",)), ("legal",)),
        ((("hr",), ("legal",)), ("hr", "legal")),
        ((("hr",), ("nobody",)), None),
    ],
)
def test_an_asker_is_in_a_group_of_each(audience: Any, groups: Groups | None) -> None:
    assert asker_of(audience) == groups


def test_a_generated_set_carries_the_groups_that_its_evidence_is_open_to(chapters: Library) -> None:
    documents = sorted(chapters.index.manifest(chapters.index.info().sources[0]))
    closed, restricted = documents[0], documents[1]
    put_under(chapters.index, {closed: ("nobody",), restricted: ("hr",)})
    made = generate(chapters, DatasetConfig(size=40)).examples
    groups: dict[str, set[tuple[str, ...]]] = {}
    for example in made:
        for reference in example.references:
            groups.setdefault(reference.document, set()).add(example.groups)
    assert closed not in groups
    assert groups.pop(restricted) == {("hr",)}
    assert all(each == {()} for each in groups.values())
    again = generate(chapters, DatasetConfig(size=40), kept=made).examples
    assert again == made
    put_under(chapters.index, {restricted: ("nobody",)})
    kept = generate(chapters, DatasetConfig(size=40), kept=made).examples
    assert not any(reference.document == restricted for example in kept for reference in example.references)


def test_all_turns_of_a_conversation_have_one_asker(chapters: Library) -> None:
    first, second, *_ = sorted(chapters.index.manifest(chapters.index.info().sources[0]))
    put_under(chapters.index, {first: ("hr",), second: ("legal",)})
    turns = [
        asked_about(name).model_copy(update={"id": f"talk.turn-{n}"}) for n, name in enumerate([first, second], start=1)
    ]
    assert [turn.groups for turn in with_askers(turns, chapters.index)] == [("hr", "legal")] * 2


def test_where_nothing_is_controlled_everybody_asks(chapters: Library) -> None:
    chapters.index.save_access(NO_CONTROL)
    asked = asked_about("a.md").model_copy(update={"groups": ("hr",)})
    assert with_askers([asked], chapters.index)[0].groups == ()
    chunks = [Document(content="x", meta={"source": "s", "document": "d"})]
    assert open_to_somebody(chunks, chapters.index.access()) == chunks
