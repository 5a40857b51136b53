"""What is wrong with the documents of a change, without a question: read in the states themselves."""

from collections.abc import Mapping, Sequence

from haystack import Document

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.embedders.local import unread_languages
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.config.rag import RagConfig
from tasks_lib.documents_gate.change import DocumentChange, document_changes
from tasks_lib.documents_gate.contradictions import contradictions, findings_of
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.neighbours import near_chunks
from tasks_lib.documents_gate.release import Proposal
from tasks_lib.documents_gate.suspicions import for_instructions, guarded, suspicions
from tasks_lib.text.languages import language_of


def look(
    platform: Platform,
    rag: RagConfig,
    proposal: Proposal,
    languages: Mapping[str, float],
    mass_delete_share: float,
) -> list[Finding]:
    """Findings about the changed documents of each source, those that hold the change first.

    :param rag: Whose index it is, and whose guardrail knows attempts to instruct the assistant.
    :param languages: Language (ISO 639-1) → share of the chunks of the state before.
    :param mass_delete_share: Share of a source's documents that may go without being asked about.
    """
    opened = platform.open_index(rag.index_name)
    before, after = opened.at(proposal.released), opened.at(proposal.state)
    instructs = guarded(build_guardrails(for_instructions(rag.guardrails), platform.embedder(rag.embedder)))
    found: list[Finding] = []
    for source in sorted({each.source for each in proposal.changed}):
        names = [each.document for each in proposal.changed if each.source == source]
        changes = document_changes(before.read(source, names), after.read(source, names))
        near = near_chunks(after, changes)
        told = {name for change in changes if (name := language_of(change.text_after))}
        found += findings_of(contradictions(changes, near))
        found += suspicions(
            changes,
            near,
            instructs,
            vectors={**_vectors(before, changes), **_vectors(after, changes)},
            languages=languages,
            unread=unread_languages(rag.embedder, told),
            documents_before=len(before.manifest(source)),
            mass_delete_share=mass_delete_share,
        )
    return sorted(found, key=lambda finding: finding.level)


def _vectors(index: Index, changes: Sequence[DocumentChange]) -> dict[str, list[float]]:
    chunks: list[Document] = [chunk for change in changes for chunk in (*change.before, *change.after)]
    return index.embeddings(list({str(chunk.meta["content_hash"]) for chunk in chunks}))
