"""Moves of the released state. Each is one write of the index's states; who calls holds the right to write."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tasks_lib.assistant.contract.index import Index, contents
from tasks_lib.assistant.contract.states import (
    DocumentKey,
    HeldState,
    IndexStates,
    QuarantinedDocument,
)
from tasks_lib.documents_gate.decision import DocumentsDecision, Verdict
from tasks_lib.documents_gate.difference import ChangedDocument, difference, in_words, without_renames
from tasks_lib.errors import IndexUnavailableError, InputError
from tasks_lib.registry.quarantine import enforce, quarantined


@dataclass(frozen=True)
class Proposal:
    """A state that may be released, and how it differs from the one that is."""

    state: str
    released: str
    changed: tuple[ChangedDocument, ...]
    expired: tuple[str, ...] = ()
    """Documents that were held too long, and are in quarantine from now on."""

    @property
    def keys(self) -> set[DocumentKey]:
        """Source and path of what changed."""
        return {each.key for each in self.changed}

    def without(self, documents: Collection[str]) -> "Proposal":
        """The same as if `documents` had not changed."""
        return replace(self, changed=tuple(each for each in self.changed if each.document not in documents))


def propose(index: Index, held_days: float) -> Proposal:
    """The latest state against the released one; what was held too long is taken out before.

    Where nothing but names of sources differs, readers move at once. The state is kept from then on as long as it may
    be measured.

    :raises InputError: If there is no index.
    :raises IndexUnavailableError: If the released state cannot be read any more.
    """
    if not index.exists():
        raise InputError(f"there is no index {index.name!r}", hint="Run `llmops ingest` first.")
    states = index.states()
    if states.released is None:  # it was never gated: what is read is the latest
        states = states.with_released(_version(index))
        index.save_states(states)
    states, expired = _expired(index, states, held_days)
    enforce(index, states)
    differs = difference(contents(_released(index, states)), contents(index))
    changed = without_renames(differs)
    if differs and not changed:  # a source has another name, and nothing else is new
        states = states.with_released(_version(index))
    state = _version(index) if changed else str(states.released)
    index.save_states(states.model_copy(update={"candidate": state}))
    return Proposal(state, str(states.released), tuple(changed), tuple(expired))


def release(index: Index, proposal: Proposal) -> str:
    """Release the state of `proposal`, unless readers were moved meanwhile; why not, or an empty text.

    :raises InputError: If the index was dropped meanwhile.
    :raises IndexUnavailableError: If the state cannot be read any more.
    """
    states = _still_there(index)
    if states.released != proposal.released:
        return f"the released state moved from {proposal.released} to {states.released} meanwhile: release again"
    opened = index.at(proposal.state)
    opened.read("", [""])  # a state that was cleaned away says so here, before anybody reads it
    if states.quarantine and any(states.is_quarantined(*key, digest) for key, digest in contents(opened).items()):
        return f"documents of state {proposal.state} were quarantined meanwhile: release again"
    index.save_states(states.with_released(proposal.state))
    return ""


def hold(index: Index, proposal: Proposal, decision: DocumentsDecision) -> None:
    """Leave readers where they are, and say why; not if they were moved meanwhile. What was held before is since then.

    :raises InputError: If the index was dropped meanwhile.
    """
    states = _still_there(index)
    if states.released != proposal.released:
        return
    before = states.held
    kept = HeldState(
        state=proposal.state,
        since=before.since if before else datetime.now(UTC),
        decision=decision.decision,
        reasons=decision.reasons,
        documents=decision.documents,
    )
    index.save_states(states.model_copy(update={"held": kept}))


def as_held(held: HeldState) -> DocumentsDecision:
    """What was decided when the state was held."""
    decided: Verdict = "undecided" if held.decision == "undecided" else "held"
    return DocumentsDecision(decision=decided, reasons=held.reasons, documents=held.documents)


def release_without(index: Index, proposal: Proposal, documents: Sequence[str], by: str, reason: str) -> str:
    """Take `documents` back and release all the rest; the state that is released.

    :raises InputError: If one of them did not change.
    """
    wanted = _chosen(proposal, documents)
    states = _still_there(index)
    like = _like(by, reason)
    states = states.with_quarantined(quarantined(contents(index), wanted, like))
    index.save_states(states)
    enforce(index, states)
    state = _version(index)
    index.save_states(states.with_released(state))
    return state


def roll_back(index: Index, to: str | None, by: str, reason: str) -> tuple[IndexStates, list[ChangedDocument]]:
    """Release an earlier state again; what changed since it is quarantined. The new states, and these documents.

    A killed run leaves readers on one of the two states; the next ingest or release finishes the rest.

    :param to: The state; the one that was released before the present one without it.
    :raises InputError: If nothing was released before, or the state is not kept.
    """
    states = index.states() if index.exists() else IndexStates()
    if states.released is None or not states.earlier:
        raise InputError(
            f"index {index.name!r} has no state to go back to: none was released before",
            hint="States are kept from the first `llmops release` on, where index.follow is gated.",
        )
    target = to or states.earlier[0]
    if target not in states.earlier:
        kept = ", ".join(states.earlier)
        raise InputError(
            f"state {target!r} of index {index.name!r} is not kept; earlier states: {kept}",
            hint="See `llmops status`; older states were cleaned away.",
        )
    now, before = contents(_released(index, states)), contents(index.at(target))
    changed = difference(before, now)
    added = quarantined(now, [each.key for each in changed], _like(by, reason))
    moved = states.model_copy(
        update={"released": target, "earlier": states.earlier[states.earlier.index(target) + 1 :], "held": None}
    ).with_quarantined(added)
    index.save_states(moved)
    enforce(index, moved)
    return moved, changed


def _expired(index: Index, states: IndexStates, held_days: float) -> tuple[IndexStates, list[str]]:
    """The states with what was held for too long in quarantine: those that are blamed, or all that changed."""
    held = states.held
    if held is None or datetime.now(UTC) - held.since < timedelta(days=held_days):
        return states, []
    now = contents(index)
    changed = [each.key for each in difference(contents(_released(index, states)), now)]
    given_up = [key for key in changed if not held.documents or key[1] in held.documents]
    reason = f"held for more than {held_days:g} days: {held.reasons[0] if held.reasons else held.decision}"
    states = states.with_quarantined(quarantined(now, given_up, _like("release.held_days", reason)))
    states = states.model_copy(update={"held": None})
    index.save_states(states)
    return states, sorted(key[1] for key in given_up)


def _chosen(proposal: Proposal, documents: Collection[str]) -> list[DocumentKey]:
    changed = {each.document for each in proposal.changed}
    unknown = sorted(set(documents) - changed)
    if unknown:
        raise InputError(
            f"document {unknown[0]!r} did not change since state {proposal.released}: {in_words(proposal.changed)}",
            hint="Name documents by their paths, as `llmops release` lists them.",
        )
    return [each.key for each in proposal.changed if each.document in documents]


def _like(by: str, reason: str) -> QuarantinedDocument:
    return QuarantinedDocument(
        source="", document="", document_hash=None, since=datetime.now(UTC), by=by, reason=reason
    )


def _still_there(index: Index) -> IndexStates:
    states = index.states() if index.exists() else IndexStates()
    if states.released is None:  # an index that was opened before does not notice
        raise InputError(f"index {index.name!r} was dropped meanwhile", hint="Ingest again.")
    return states


def _released(index: Index, states: IndexStates) -> Index:
    """The released state, opened."""
    return index.at(str(states.released))


def _version(index: Index) -> str:
    version = index.version()
    if version is None:
        raise IndexUnavailableError(f"index {index.name!r} does not exist", hint="Ingest documents first.")
    return version
