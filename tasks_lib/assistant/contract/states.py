"""``IndexStates``: the committed state of an index that `index.follow: gated` reads, and what may not come back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

KEPT = 3
"""States that were released before the present one and are kept, to go back to."""

_seen: ContextVar[dict[str, str] | None] = ContextVar("states_seen", default=None)

ReadState = Callable[[], str | None]
DocumentKey = tuple[str, str]
"""Source and path."""


class HeldState(BaseModel):
    """A state that was not released, and why."""

    state: str
    since: datetime
    decision: str = Field(description="`held` or `undecided`.")
    reasons: list[str] = Field(default_factory=list)
    documents: list[str] = Field(default_factory=list, description="Those that are blamed.")


class QuarantinedDocument(BaseModel):
    """A content of a document that does not come into the index until a person lets it in."""

    source: str
    document: str
    document_hash: str | None = Field(description="Of the content; `None` where the document was deleted.")
    since: datetime
    by: str
    reason: str = ""

    @property
    def key(self) -> DocumentKey:
        """Source and path."""
        return self.source, self.document


class IndexStates(BaseModel):
    """What an index knows about its states. It is written as a whole, so a reader sees all of it as it was, or is."""

    model_config = ConfigDict(frozen=True)

    released: str | None = Field(default=None, description="`None`: nothing was gated yet, the latest is read.")
    earlier: list[str] = Field(default_factory=list, description="States released before, the newest first.")
    candidate: str | None = Field(default=None, description="The state that a gate measures, or measured last.")
    held: HeldState | None = None
    quarantine: list[QuarantinedDocument] = Field(default_factory=list)
    moved: dict[str, str] = Field(
        default_factory=dict, description="State that was rewritten without what is forgotten → the one in its place."
    )

    @property
    def needed(self) -> set[str]:
        """States that cleaning leaves."""
        return {state for state in (self.released, self.candidate, *self.earlier) if state}

    def with_released(self, state: str) -> "IndexStates":
        """Those after `state` was released; what was held before it is none any more."""
        before = [self.released] if self.released and self.released != state else []
        earlier = [each for each in (*before, *self.earlier) if each != state][:KEPT]
        return self.model_copy(update={"released": state, "earlier": earlier, "candidate": None, "held": None})

    def with_moved(self, moved: Mapping[str, str]) -> "IndexStates":
        """Those that name rewritten states by what stands in their place."""
        here = {"released": self.released, "candidate": self.candidate}
        held = self.held and self.held.model_copy(update={"state": moved.get(self.held.state, self.held.state)})
        followed = {old: moved.get(new, new) for old, new in self.moved.items()}
        return self.model_copy(
            update={
                **{name: state and moved.get(state, state) for name, state in here.items()},
                "earlier": [moved.get(state, state) for state in self.earlier],
                "held": held,
                "moved": followed | dict(moved),
            }
        )

    def is_quarantined(self, source: str, document: str, document_hash: str | None) -> bool:
        """Whether this very content of the document is kept out."""
        return any(each.key == (source, document) and each.document_hash == document_hash for each in self.quarantine)

    def with_quarantined(self, added: Mapping[DocumentKey, QuarantinedDocument]) -> "IndexStates":
        """Those with further contents kept out; one for each document."""
        kept = {each.key: each for each in self.quarantine} | dict(added)
        return self.model_copy(update={"quarantine": sorted(kept.values(), key=lambda each: each.key)})


@contextmanager
def one_state() -> Iterator[dict[str, str]]:
    """Let everything inside, threads that take the context along included, read one state of each index.

    :returns: Index → the state that was read; filled as indexes are opened.
    """
    present = _seen.get()
    if present is not None:
        yield present
        return
    seen: dict[str, str] = {}
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)


def seen_state(index: str, read: ReadState) -> str | None:
    """The state of `index` that is read here and now: the first that was seen inside of :func:`one_state`.

    :param read: Looks up the released state.
    """
    seen = _seen.get()
    if seen is None:
        return read()
    if index in seen:
        return seen[index] or None
    return seen.setdefault(index, read() or "") or None
