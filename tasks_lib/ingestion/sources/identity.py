"""A source among the others of an index: the name it had before, and documents that another one has too."""

import shlex
from collections.abc import Collection, Mapping

from tasks_lib.assistant.contract.index import Index
from tasks_lib.ingestion.sources.document_source import DocumentSource

REPEATED_SHARE = 0.5
"""From this share of its paths on, a new source looks like another one under a new name."""


def other_identities(source: DocumentSource, index: Index) -> list[str]:
    """Identities beside its name under which `index` holds documents of a source, as earlier versions stored them."""
    return [name for name in source.former if index.manifest(name)] if index.exists() else []


def repeated(hashes: Mapping[str, str], name: str, own: Collection[str], index: Index) -> list[str]:
    """Warn of other sources of the index that hold documents of a new source as well.

    :param hashes: Path → document hash of the new source `name`.
    :param own: Names that are the source itself.
    """
    if not index.exists():
        return []
    others = {other: index.manifest(other) for other in index.info().sources if other not in own}
    return [warning for other, held in others.items() if (warning := _warning(hashes, name, other, held))]


def _warning(hashes: Mapping[str, str], name: str, other: str, held: Mapping[str, str]) -> str:
    shared = hashes.keys() & held.keys()
    same = sum(hashes[path] == held[path] for path in shared)
    if not same and len(shared) <= len(hashes) * REPEATED_SHARE:
        return ""
    return (
        f"{len(shared)} of {len(hashes)} paths of {name!r} are also in the source {other!r}, {same} of them with the "
        f"same content: answers may come from either. If one took the place of the other, take that out: "
        f"llmops index remove-source {shlex.quote(other)}"
    )
