"""What differs between two states of an index, document by document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks_lib.assistant.contract.states import DocumentKey

NAMED = 5
"""Documents that a line names; the rest is counted."""


@dataclass(frozen=True)
class ChangedDocument:
    """A document that is another in the later state; a hash is `None` where it is not there."""

    source: str
    document: str
    before: str | None
    after: str | None

    @property
    def key(self) -> DocumentKey:
        """Source and path."""
        return self.source, self.document

    @property
    def kind(self) -> Literal["added", "changed", "deleted"]:
        """What became of it."""
        if self.before is None:
            return "added"
        return "changed" if self.after is not None else "deleted"


def difference(before: Mapping[DocumentKey, str], after: Mapping[DocumentKey, str]) -> list[ChangedDocument]:
    """The documents whose hashes differ, sorted.

    :param before: As `contract.states.contents` gives it, and `after` likewise.
    """
    return [
        ChangedDocument(*key, before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def without_renames(changed: Sequence[ChangedDocument]) -> list[ChangedDocument]:
    """Those of which more than the name of their source is another."""
    gone = {(each.document, each.before) for each in changed if each.kind == "deleted"}
    come = {(each.document, each.after) for each in changed if each.kind == "added"}
    renamed = gone & come
    return [
        each for each in changed if each.kind == "changed" or (each.document, each.before or each.after) not in renamed
    ]


def in_words(changed: Sequence[ChangedDocument]) -> str:
    """`changed leave.md; deleted pay.md`: the names, but of many the first ones and their number."""
    told = []
    for kind in ("added", "changed", "deleted"):
        names = [each.document for each in changed if each.kind == kind]
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        if names:
            told.append(f"{kind} {', '.join(names[:NAMED])}{more}")
    return "; ".join(told) or "nothing"
