"""What is suspicious about a change of documents before any question is asked."""

from collections.abc import Callable, Mapping, Sequence

from haystack import Document

from tasks_lib.assistant.contract.sources import source_of
from tasks_lib.assistant.guardrails.check import FAILED, TIMED_OUT
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.config.guardrails import (
    GroundingConfig,
    GuardrailsConfig,
    PersonalDataConfig,
    SecretsConfig,
    TopicsConfig,
)
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.documents_gate.change import DocumentChange, renamed
from tasks_lib.documents_gate.conversion import broken_conversion
from tasks_lib.documents_gate.crowding import near_duplicates
from tasks_lib.documents_gate.finding import Finding, FindingKind
from tasks_lib.documents_gate.losses import language_change, lost_sections, size_change, topic_change

Instructs = Callable[[Sequence[Document]], Sequence[str | None]]
"""Chunks → what of each looks like an instruction to the assistant; empty where nothing does, `None` if unchecked."""
INSTRUCTIONS = "injection"
"""Name of the guardrail that finds them."""
MASS_DELETE_SHARE: float = IngestConfig().mass_delete_share
CHECKED_AT_ONCE = 10
"""Chunks that the guardrails see together, as with an answer: their time is limited."""
PATIENCE_SECONDS = 60.0
"""For the passages that are checked at once: nobody waits for an answer, and a busy machine must not hold a change."""
_SHOWN = 3


def suspicions(
    changes: Sequence[DocumentChange],
    state: Sequence[Document],
    instructs: Instructs,
    *,
    vectors: Mapping[str, Sequence[float]] | None = None,
    languages: Mapping[str, float] | None = None,
    unread: Sequence[str] = (),
    documents_before: int = 0,
    mass_delete_share: float = MASS_DELETE_SHARE,
) -> list[Finding]:
    """All findings about the documents of a change, those that hold it first.

    :param state: Chunks of the new state that lie near the changed ones.
    :param instructs: As :func:`guarded` makes it of the guardrails.
    :param vectors: Of the chunks of both states, by `content_hash`.
    :param languages: Share of the old state's chunks by language; `unread` are those that the embedder does not read.
    :param documents_before: Documents of the source in the old state.
    """
    moved = renamed(changes)
    new = [change for change in changes if change.document not in {*moved, *moved.values()}]
    elsewhere = [change.text_after for change in new if change.kind == "added"]
    found = [*near_duplicates(new, state), *instructions(new, instructs)]
    for change in new:
        broken = [*broken_conversion(change), *language_change(change, languages or {}, unread)]
        found += broken
        if not broken:  # else these would say the same once more
            found += [*lost_sections(change, elsewhere), *size_change(change), *topic_change(change, vectors or {})]
    found += deletions(new, documents_before, mass_delete_share)
    return sorted(found, key=lambda finding: finding.level)


def instructions(changes: Sequence[DocumentChange], instructs: Instructs) -> list[Finding]:
    """Documents with more chunks that look like instructions to the assistant than before, or that were not checked."""
    found = []
    for change in changes:
        known = {chunk.content for chunk in change.before}
        fresh = [chunk for chunk in change.after if chunk.content not in known]
        looks = instructs(fresh) if fresh else []
        told = [sentence for sentence in looks if sentence]
        before = sum(1 for sentence in instructs(change.before) if sentence) if told and change.before else 0
        of_all = f"of {len(change.after)} passages of {change.document}"
        if len(told) > before:
            reason = f"{len(told)} {of_all} look like instructions to the assistant"
            found.append(_held(change, "instructions", reason, tuple(told[:_SHOWN])))
        if unchecked := sum(1 for sentence in looks if sentence is None):
            reason = f"{unchecked} {of_all} could not be checked for instructions to the assistant"
            found.append(_held(change, "unchecked", f"{reason}: the guardrail failed, or took too long"))
    return found


def _held(change: DocumentChange, kind: FindingKind, reason: str, sentences: tuple[str, ...] = ()) -> Finding:
    return Finding(document=change.document, kind=kind, level="hold", reason=reason, sentences=sentences)


def deletions(changes: Sequence[DocumentChange], documents_before: int, share: float) -> list[Finding]:
    """Documents that are gone; held where they are more than a share of the source, as an ingest has it."""
    gone = [change.document for change in changes if change.kind == "deleted"]
    many = len(gone) > 1 and len(gone) > share * max(documents_before, 1)
    if documents_before and len(gone) >= documents_before:
        many = True
    if not many:
        return [
            Finding(document=document, kind="deleted", level="note", reason=f"{document} was deleted")
            for document in gone
        ]
    reason = f"{len(gone)} of {documents_before} documents were deleted"
    return [
        Finding(document=document, kind="mass_delete", level="hold", reason=f"{document} was deleted: {reason}")
        for document in gone
    ]


def for_instructions(config: GuardrailsConfig) -> GuardrailsConfig:
    """What of a configuration finds instructions in passages, with patience and nothing beside it."""
    patient = config.injection.model_copy(update={"time_limit": PATIENCE_SECONDS})
    return GuardrailsConfig(
        injection=patient,
        personal_data=PersonalDataConfig(enabled=False),
        secrets=SecretsConfig(enabled=False),
        topics=TopicsConfig(enabled=False),
        grounding=GroundingConfig(enabled=False),
        time_limit=PATIENCE_SECONDS,
    )


def guarded(guardrails: Guardrails) -> Instructs:
    """What the guardrail against injected instructions finds in passages, by its own configuration."""

    def instructs(chunks: Sequence[Document]) -> list[str | None]:
        told: list[str | None] = [""] * len(chunks)
        for first in range(0, len(chunks), CHECKED_AT_ONCE):
            part = chunks[first : first + CHECKED_AT_ONCE]
            for hit in guardrails.check_passages([source_of(chunk) for chunk in part]).hits:
                if hit.validator != INSTRUCTIONS or hit.message is None:
                    continue
                at = first + hit.message
                if hit.kind in {FAILED, TIMED_OUT}:
                    told[at] = None
                else:
                    content = part[hit.message].content or ""
                    told[at] = told[at] or content[hit.start : hit.end] or content
        return told

    return instructs
