"""``WeaviateIndex``: the chunks of one collection on a Weaviate server, kept in sync document by document."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from haystack import Document
from weaviate.classes.query import Filter

from tasks_lib.assistant.contract.access import IndexAccess
from tasks_lib.assistant.contract.index import IndexInfo, Rewriting, counts_by_source
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.stores.locking import WriterLock
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.manifest import DocumentKey, Entry, Manifest, State, batches
from tasks_lib.assistant.stores.weaviate.retrievers import WeaviateKeywordRetriever, WeaviateVectorRetriever
from tasks_lib.assistant.stores.weaviate.rewriting import rewrite
from tasks_lib.assistant.stores.weaviate.schema import MANIFEST_SUFFIX, PREFIX, collection_name, of_source
from tasks_lib.assistant.stores.weaviate.store import WeaviateIndexStore
from tasks_lib.assistant.stores.weaviate.writing import Writer, needed_states, of_documents
from tasks_lib.errors import IndexUnavailableError

_LOOKUP = 200
_DROP_PATIENCE = 10.0


class WeaviateIndex:
    """One index: a collection of chunks (`tasks_lib.ingestion.chunk`) and its manifest.

    `writing` keeps other writers of this machine out; across machines, keep one ingestion at a time with the
    deployment's concurrency limit.

    :param name: Name of the index.
    :param dimension: Length of the embeddings; needed only to write into an index that does not exist yet.
    :param version: Opens this state for reading only: the current one, or one that `states` keeps.
    :param released: Opens the released state, whichever that is when it is read, for reading only.
    :param strict: Gives each audience a tenant of its own, once the index is made: see :class:`Chunks`.
    :param lock_folder: Where the writers' lock files lie.
    :param stored_as: As of the document store.
    """

    def __init__(
        self,
        connection: WeaviateConnection,
        name: str,
        dimension: int | None = None,
        *,
        version: str | None = None,
        released: bool = False,
        strict: bool = False,
        lock_folder: Path | None = None,
        stored_as: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.dimension = dimension
        self.connection = connection
        self.store = WeaviateIndexStore(connection, name, version=version, released=released, stored_as=stored_as)
        self._writer = Writer(self.store, strict=strict)
        self._lock_folder = lock_folder
        self._lock = WriterLock(connection.url, name, lock_folder)

    def exists(self) -> bool:
        """Whether anything was ever ingested."""
        return self.store.state().generation > 0

    def version(self) -> str | None:
        """The state that is read, by default the generation of the newest change; `None` before the first ingest."""
        newest = self.store.state().generation
        generation = (self.store.shown_state() or newest) if newest else 0
        return str(generation) if generation else None

    def manifest(self, source: str) -> dict[str, str]:
        """Document path → document hash, for every document of `source` in the index."""
        if not self.exists():
            return {}
        with self._guarded():
            return {key[1]: entry.document_hash for key, entry in self._manifest().entries() if key[0] == source}

    def embeddings(self, content_hashes: Sequence[str]) -> dict[str, list[float]]:
        """Vectors the index already holds, by `Chunk.content_hash`; unknown hashes are left out."""
        vectors_by_hash: dict[str, list[float]] = {}
        if not self.exists():
            return vectors_by_hash
        wanted = list(dict.fromkeys(content_hashes))
        with self._guarded():
            for start in range(0, len(wanted), _LOOKUP):
                condition = Filter.by_property("content_hash").contains_any(wanted[start : start + _LOOKUP])
                for _, item in self.store.chunks.fetch(condition, ["content_hash"], vectors=True):
                    vectors_by_hash[str(item.properties["content_hash"])] = list(item.vector["default"])
        return vectors_by_hash

    def replace(self, source: str, documents: Sequence[str], chunks: Iterable[Document]) -> None:
        """Put `chunks` in place of all chunks of `documents` (no chunks: delete them).

        A reader sees each document as it was before or as it is after, never half. Nothing to change, no new version.

        :raises ValueError: If a chunk belongs to no document of `documents`, or its embedding is missing or too long.
        """
        rows = list({chunk.id: chunk for chunk in chunks}.values())
        self._require_writable()
        keys = [(source, document) for document in dict.fromkeys(documents)]
        state = self.store.state()
        if not rows and not (state.generation and self._lookup(keys)):
            return
        self._check(source, set(documents), rows, state)
        with self._guarded():
            self._writer.create()
            state = self._writer.repaired(self.store.state())
            dimension = state.dimension or (len(rows[0].embedding or []) if rows else 0)
            self._writer.turn(
                replace(state, generation=state.generation + 1, dimension=dimension, pending=tuple(keys)), rows
            )

    def rename(self, source: str, to: str) -> int:
        """Give all chunks of `source`, as they are, to the source `to`; the documents that were moved.

        A document that `to` holds already is replaced. Each document moves by itself: an interrupted run goes on with
        the others.
        """
        self._require_writable()
        documents = sorted(self.manifest(source)) if source != to else []
        for document in documents:
            with self._guarded():
                state = self._writer.repaired(self.store.state())
                key = (source, document)
                condition = of_documents(source, [document])
                live = self._manifest().lookup([key])
                rows = [of_source(chunk, to) for chunk in self.store.read(condition, live, vectors=True)]
                pending = ((to, document), key)
                self._writer.turn(replace(state, generation=state.generation + 1, pending=pending), rows)
        return len(documents)

    def commit(self) -> str:
        """Finish a run: clear what an interrupted one left, and return the version.

        :raises IndexUnavailableError: If nothing was ever ingested.
        """
        self._require_writable()
        if not self.exists():
            raise IndexUnavailableError(f"index {self.name!r} does not exist", hint="Ingest documents first.")
        with self._guarded():
            self._writer.require_strictness()
            self._writer.mark_rest()
            return str(self._writer.repaired(self.store.state()).generation)

    def count(self) -> int:
        """Chunks in the index."""
        return sum(entry.chunks for _, entry in self._entries())

    def info(self) -> IndexInfo:
        """Figures for people; an index without documents has the version `0`."""
        chunks = {key: entry.chunks for key, entry in self._entries()}
        by_source = counts_by_source((source, number) for (source, _), number in chunks.items())
        return IndexInfo(
            name=self.name,
            version=self.version() or "0",
            chunks=sum(chunks.values()),
            documents=len(chunks),
            sources=list(by_source),
            by_source=by_source,
        )

    def past_versions(self) -> int:
        """Documents of which more is kept than the kept states need."""
        if not self.exists():
            return 0
        needed = needed_states(self.store.state())
        with self._guarded():
            return sum(not past.is_needed(needed) for _, entry in self._manifest().records() for past in entry.past)

    def cleanup(self, keep_versions: Iterable[str]) -> None:  # noqa: ARG002  (Weaviate keeps released states only)
        """Delete the past of documents that no kept state needs."""
        self._require_writable()
        if not self.exists():
            return
        needed = needed_states(self.store.state())
        with self._guarded():
            manifest = self._manifest()
            for key, entry in list(manifest.records()):
                kept = replace(entry, past=tuple(past for past in entry.past if past.is_needed(needed)))
                if kept != entry:
                    manifest.turn(key, kept)
                    self._writer.delete_chunks(key, kept)
            self.store.chunks.remove_tenants(self.store.known_access().audiences)

    def rewrite(self, change: Rewriting, keep_versions: Iterable[str]) -> int:  # noqa: ARG002
        """Let `change` decide about every object, in whatever state; states keep their names."""
        self._require_writable()
        if not self.exists():
            return 0
        with self._guarded():
            return rewrite(self.store, change)

    def purge(self, keep_versions: Iterable[str]) -> None:  # noqa: ARG002
        """Nothing is left to delete; the server's files lose the bytes when it compacts them."""
        self._require_writable()

    def states(self) -> IndexStates:
        """The released state and what belongs to it."""
        return self.store.states()

    def save_states(self, states: IndexStates) -> None:
        """Write `states` in one object; the caller holds `writing`.

        :raises IndexUnavailableError: If nothing was ever ingested.
        """
        self._require_writable()
        if not self.exists():
            raise IndexUnavailableError(f"index {self.name!r} does not exist", hint="Ingest documents first.")
        with self._guarded():
            self._writer.create()
            self._manifest().save_state(replace(self.store.state(), states=states.model_dump_json()))

    def access(self) -> IndexAccess:
        """Who may see what, whichever state is read."""
        return self.store.known_access().access

    def save_access(self, access: IndexAccess) -> None:
        """Let it hold: what it closes is closed at once, what it opens is found when this returns.

        The caller holds `writing`. A run that is killed is brought to its end by the next `commit`.

        :raises AccessNotHeldError: If access is to be strict and the index was made without tenants.
        """
        self._require_writable()
        with self._guarded():
            self._writer.create()
            self._writer.save_access(access)

    def at(self, state: str) -> "WeaviateIndex":
        """The index at a kept state, for reading only."""
        return WeaviateIndex(self.connection, self.name, version=state, lock_folder=self._lock_folder)

    def read(self, source: str, documents: Sequence[str]) -> list[Document]:
        """All chunks of `documents`, with their vectors.

        :raises IndexUnavailableError: If the index is opened at a state that is not kept.
        """
        self.store.require_version()
        chunks: list[Document] = []
        if not self.exists():
            return chunks
        with self._guarded():
            known = self._manifest().known((source, name) for name in documents)
            for names in batches((name, entry) for (_, name), entry in known.items()):
                live = self._manifest().lookup((source, name) for name in names)
                chunks += self.store.read(of_documents(source, names), live, vectors=True)
        return chunks

    def drop(self) -> None:
        """Delete the index.

        :raises IndexUnavailableError: If it is being written.
        """
        with self.writing(_DROP_PATIENCE), self._guarded():
            collections = self.connection.client().collections
            collections.delete([collection_name(self.name) + MANIFEST_SUFFIX, collection_name(self.name)])
            self.store.forget()

    def writing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the only right to write; it ends with the process at the latest.

        :raises IndexUnavailableError: If another writer keeps it for longer than `timeout_seconds`.
        """
        return self._lock.held(timeout_seconds)

    def sample(self, limit: int, seed: int) -> list[Document]:
        """Chunks in an order that `seed` fixes, without vectors; a chunk's rank does not depend on the others."""
        if not self.exists():
            return []
        key = str(seed).encode()
        with self._guarded():
            live = dict(self._manifest().entries())
            ids = self.store.live_ids(live)
            chosen = heapq.nsmallest(limit, ids, key=lambda chunk: blake2b(chunk.encode(), key=key).digest())
            documents: dict[str, Document] = {}
            for start in range(0, len(chosen), _LOOKUP):
                condition = Filter.by_property("_original_id").contains_any(chosen[start : start + _LOOKUP])
                documents |= {document.id: document for document in self.store.read(condition, live)}
        return [documents[chunk] for chunk in chosen if chunk in documents]

    def vector_retriever(self, *, top_k: int, filters: dict[str, Any] | None = None) -> WeaviateVectorRetriever:
        """Component `run(query_embedding: list[float]) -> {"documents"}`; scores are cosine similarities."""
        self.store.require_version()
        return WeaviateVectorRetriever(document_store=self.store, top_k=top_k, filters=filters)

    def keyword_retriever(self, *, top_k: int, filters: dict[str, Any] | None = None) -> WeaviateKeywordRetriever:
        """Component `run(query: str) -> {"documents"}`; scores are BM25."""
        self.store.require_version()
        return WeaviateKeywordRetriever(document_store=self.store, top_k=top_k, filters=filters)

    def _guarded(self) -> AbstractContextManager[None]:
        return self.connection.guarded(f"index {self.name!r}")

    def _manifest(self) -> Manifest:
        return self.store.manifest()

    def _entries(self) -> Iterator[tuple[DocumentKey, Entry]]:
        with self._guarded():
            if self.store.is_there():
                yield from self._manifest().entries()

    def _lookup(self, keys: Sequence[DocumentKey]) -> dict[DocumentKey, Entry]:
        with self._guarded():
            return self._manifest().lookup(keys)

    def _check(self, source: str, documents: set[str], chunks: Sequence[Document], state: State) -> None:
        expected = state.dimension or self.dimension or (len(chunks[0].embedding or []) if chunks else 0)
        for chunk in chunks:
            if chunk.meta.get("source") != source or chunk.meta.get("document") not in documents:
                msg = f"chunk {chunk.id!r} belongs to {chunk.meta.get('document')!r}, which is not being replaced"
                raise ValueError(msg)
            if chunk.embedding is None or len(chunk.embedding) != expected:
                length = None if chunk.embedding is None else len(chunk.embedding)
                msg = f"chunk {chunk.id!r} of {chunk.meta['document']!r} has an embedding of {length}, not {expected}"
                raise ValueError(msg)

    def _require_writable(self) -> None:
        if self.store.version is not None or self.store.released:
            opened = self.store.version or "that is released"
            raise IndexUnavailableError(f"index {self.name!r} was opened at version {opened}, for reading only")


def list_indexes(connection: WeaviateConnection) -> list[str]:
    """Names of the indexes on the server.

    :raises LlmopsError: If it cannot be reached or refuses the key.
    """
    with connection.guarded():
        collections = connection.client().collections.list_all(simple=False)
    manifests = {name for name in collections if name.endswith(MANIFEST_SUFFIX)}
    return sorted(
        config.description or name
        for name, config in collections.items()
        if name.startswith(PREFIX) and name + MANIFEST_SUFFIX in manifests
    )
