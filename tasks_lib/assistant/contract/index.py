"""``Index``: what the flows need from a vector store beyond Haystack's DocumentStore."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from haystack import Document
from haystack.core.component import Component

from tasks_lib.assistant.contract.access import IndexAccess, caller
from tasks_lib.assistant.contract.states import DocumentKey, IndexStates

Rewriting = Callable[[list[Document]], list[Document]]
"""Takes all chunks of a state and gives those that stay: as they are, or others in their place, with vectors."""


def chunk_id(source: str, document: str, start: int, end: int, content: str) -> str:
    """Stable over runs: the same text at the same place of the same document has the same id."""
    key = "\x1f".join([source, document, str(start), str(end), content])
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class SourceCounts:
    """How much of an index is from one source."""

    documents: int
    chunks: int


@dataclass(frozen=True)
class IndexInfo:
    """What `llmops index list` tells of one index."""

    name: str
    version: str
    chunks: int
    documents: int
    sources: list[str] = field(default_factory=list)
    by_source: dict[str, SourceCounts] = field(default_factory=dict)
    bytes: int | None = None


def counts_by_source(chunks: Iterable[tuple[str | None, int]]) -> dict[str, SourceCounts]:
    """Counts for each source, in the order of their names.

    :param chunks: Source and number of chunks of each document.
    """
    documents: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for source, number in chunks:
        if source is not None:
            documents[source] += 1
            totals[source] += number
    return {source: SourceCounts(documents[source], totals[source]) for source in sorted(documents)}


class Index(Protocol):
    """One index: a collection cut and embedded in one way. Document identity is (source, document)."""

    name: str

    def exists(self) -> bool:
        """Whether anything was ever ingested."""
        ...

    def version(self) -> str | None:
        """The committed state; `None` before the first ingest."""
        ...

    def manifest(self, source: str) -> dict[str, str]:
        """Document path → document hash, for every document of `source` in the index."""
        ...

    def embeddings(self, content_hashes: Sequence[str]) -> dict[str, list[float]]:
        """Vectors the index already holds, by `Chunk.content_hash`; unknown hashes are left out."""
        ...

    def replace(self, source: str, documents: Sequence[str], chunks: Iterable[Document]) -> None:
        """Put `chunks` in place of all chunks of `documents` in one commit (no chunks: delete them).

        A reader sees each document as it was before or as it is after, never half.
        """
        ...

    def rename(self, source: str, to: str) -> int:
        """Give all chunks of `source`, as they are, to the source `to`; the documents that were moved.

        A document that `to` holds already is replaced. Without documents of `source` nothing is done.
        """
        ...

    def commit(self) -> str:
        """Finish a run: bring the keyword index up to date and return the new `version`."""
        ...

    def count(self) -> int:
        """Chunks in the index."""
        ...

    def info(self) -> IndexInfo:
        """Figures for people."""
        ...

    def past_versions(self) -> int:
        """Superseded versions that are old enough to be cleaned away; 0 where none are kept."""
        ...

    def cleanup(self, keep_versions: Iterable[str]) -> None:
        """Delete past versions but those of `keep_versions`; the current one and those of `states` always stay."""
        ...

    def rewrite(self, change: Rewriting, keep_versions: Iterable[str]) -> int:
        """Write the current state, the kept ones and those of `keep_versions` anew; the chunks that differ.

        Readers take the new states from then on; what was before is gone only with `purge`. The caller holds
        `writing`. A run that is killed is brought to its end by calling both again.
        """
        ...

    def purge(self, keep_versions: Iterable[str]) -> None:
        """Delete everything that only states before the last `rewrite` need. The caller holds `writing`."""
        ...

    def states(self) -> IndexStates:
        """The released state and what belongs to it."""
        ...

    def save_states(self, states: IndexStates) -> None:
        """Write `states` in one step: a killed run leaves the old or the new ones. The caller holds `writing`."""
        ...

    def access(self) -> IndexAccess:
        """Who may see what, whichever state is read; to be asked after what it is to hold for was read."""
        ...

    def save_access(self, access: IndexAccess) -> None:
        """Write it in one step, which holds at once. The caller holds `writing`."""
        ...

    def at(self, state: str) -> "Index":
        """The index at a committed state, for reading only.

        :raises IndexUnavailableError: When it is read, if the state was cleaned away.
        """
        ...

    def read(self, source: str, documents: Sequence[str]) -> list[Document]:
        """All chunks of `documents`, with their vectors."""
        ...

    def drop(self) -> None:
        """Delete the index and all of its versions."""
        ...

    def writing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the only right to write.

        :raises IndexUnavailableError: If another writer keeps it for longer than `timeout_seconds`.
        """
        ...

    def sample(self, limit: int, seed: int) -> list[Document]:
        """Chunks in an order that `seed` fixes, without vectors."""
        ...

    def vector_retriever(self, *, top_k: int, filters: dict[str, Any] | None = None) -> Component:
        """Component `run(query_embedding: list[float]) -> {"documents"}`; scores are cosine similarities."""
        ...

    def keyword_retriever(self, *, top_k: int, filters: dict[str, Any] | None = None) -> Component:
        """Component `run(query: str) -> {"documents"}`; scores are BM25."""
        ...


def contents(index: Index) -> dict[DocumentKey, str]:
    """(source, path) → document hash of everything that the index holds."""
    return {
        (source, document): digest
        for source in (index.info().sources if index.exists() else [])
        for document, digest in index.manifest(source).items()
    }


def shown_documents(index: Index) -> list[DocumentKey]:
    """Documents that the caller may see, in the order of :func:`contents`."""
    access, asking = index.access(), caller()
    return [key for key, digest in contents(index).items() if asking.sees(access.audience(*key, digest))]
