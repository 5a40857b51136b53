"""``DocumentChange``: a document as it was and as it is, in the chunks of the index."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from haystack import Document

from tasks_lib.text.words import numbers, words

ChangeKind = Literal["added", "changed", "deleted"]

NEARLY_THE_SAME = 0.9
"""Share of their words that a deleted and an added document have in common where one was renamed (Jaccard)."""


@dataclass(frozen=True)
class DocumentChange:
    """What an ingest did to one document of its source.

    :param document: Its path in the source.
    :param before: Its chunks in the old state, in their order; none of an added document.
    :param after: The same in the new state; none of a deleted document.
    """

    document: str
    kind: ChangeKind
    before: tuple[Document, ...] = ()
    after: tuple[Document, ...] = ()

    @property
    def text_before(self) -> str:
        """The text of its chunks; where they overlap, twice."""
        return text_of(self.before)

    @property
    def text_after(self) -> str:
        """As :attr:`text_before`, of the new state."""
        return text_of(self.after)


def document_changes(before: Iterable[Document], after: Iterable[Document]) -> list[DocumentChange]:
    """The documents whose chunks differ, by path.

    :param before: Chunks of one source in the old state; those of documents that did not change may be left out of
        both.
    """
    old, new = _by_document(before), _by_document(after)
    changes = []
    for document in sorted(old.keys() | new.keys()):
        was, now = old.get(document, ()), new.get(document, ())
        if [chunk.id for chunk in was] == [chunk.id for chunk in now]:
            continue
        kind: ChangeKind = "changed" if was and now else "added" if now else "deleted"
        changes.append(DocumentChange(document, kind, was, now))
    return changes


def renamed(changes: Sequence[DocumentChange]) -> dict[str, str]:
    """Path before → path after of the documents that were deleted here and added there with nearly the same words."""
    added = {change.document: _said(change.text_after) for change in changes if change.kind == "added"}
    moved: dict[str, str] = {}
    for change in changes:
        if change.kind != "deleted":
            continue
        said = _said(change.text_before)
        closeness = {document: _closeness(said, other) for document, other in added.items()}
        best = max(closeness, key=lambda document: closeness[document], default="")
        if best and closeness[best] >= NEARLY_THE_SAME:
            moved[change.document] = best
            del added[best]
    return moved


def text_of(chunks: Iterable[Document]) -> str:
    """The text of chunks, each a paragraph."""
    return "\n\n".join(chunk.content or "" for chunk in chunks)


def _by_document(chunks: Iterable[Document]) -> dict[str, tuple[Document, ...]]:
    found: defaultdict[str, list[Document]] = defaultdict(list)
    for chunk in chunks:
        found[chunk.meta["document"]].append(chunk)
    return {name: tuple(sorted(own, key=lambda c: (c.meta["start"], c.meta["end"]))) for name, own in found.items()}


def _said(text: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(words(text)), numbers(text)


def _closeness(one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]]) -> float:
    """Share of the words that both have in common; 0 where a number differs."""
    (said, figures), (also, others) = one, other
    return len(said & also) / max(1, len(said | also)) if figures == others else 0.0
