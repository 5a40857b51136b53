"""``LanceDBIndex``: the chunks of one collection in a LanceDB table, kept in sync document by document."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from haystack import Document
from haystack.utils import Secret

from tasks_lib.assistant.contract.access import IndexAccess
from tasks_lib.assistant.contract.index import IndexInfo, Rewriting, counts_by_source
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.stores.lancedb.access import ACCESS_SUFFIX
from tasks_lib.assistant.stores.lancedb.connection import connect, local_folder
from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore
from tasks_lib.assistant.stores.lancedb.filters import is_one_of, literal
from tasks_lib.assistant.stores.lancedb.maintenance import clean_up, old_versions
from tasks_lib.assistant.stores.lancedb.retrievers import LanceDBEmbeddingRetriever, LanceDBKeywordRetriever
from tasks_lib.assistant.stores.lancedb.rewriting import Rewrite, delete_all_but
from tasks_lib.assistant.stores.lancedb.schema import DOCUMENT_COLUMNS, EMBEDDING, of_source, to_documents, to_table
from tasks_lib.assistant.stores.lancedb.states import SUFFIX, StatesTable
from tasks_lib.assistant.stores.locking import WriterLock
from tasks_lib.errors import IndexUnavailableError
from tasks_lib.storage_errors import cause_of, way_out

StorageOptions = dict[str, str | Secret]

_LOOKUP = 500
_DROP_PATIENCE = 10.0


class LanceDBIndex:
    """One index: a table of chunks (`tasks_lib.ingestion.chunk`) in the LanceDB database at `uri`.

    `writing` keeps other writers out; `replace` and `commit` rely on it and do not check it, so that the tasks of a
    flow which holds it may write from their own threads and processes.

    :param uri: Folder of the database, or an object store's address such as `s3://bucket/prefix`.
    :param name: Name of the table.
    :param dimension: Length of the embeddings; needed only to write into an index that does not exist yet.
    :param version: Opens this committed version, for reading only.
    :param released: Opens the released version, whichever that is when it is read, for reading only.
    :param lock_folder: Where the writers' lock files lie; see `WriterLock` for what that means for object stores.
    :param storage_options: Options of the object store.
    :param stored_as: As of the document store.
    """

    def __init__(
        self,
        uri: str,
        name: str,
        dimension: int | None = None,
        *,
        version: str | None = None,
        released: bool = False,
        lock_folder: Path | None = None,
        storage_options: StorageOptions | None = None,
        stored_as: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.store = LanceDBDocumentStore(
            uri,
            name,
            embedding_dimension=dimension or 0,
            version=_version_number(name, version),
            released=released,
            storage_options=storage_options,
            stored_as=stored_as,
        )
        self._states = StatesTable(uri, name, storage_options)
        self._lock_folder = lock_folder
        folder = local_folder(uri)
        self._folder = folder / f"{name}.lance" if folder else None
        self._lock = WriterLock(str(folder.resolve()) if folder else uri, name, lock_folder)

    def exists(self) -> bool:
        """Whether anything was ever ingested."""
        return self.store.connection.table() is not None

    def version(self) -> str | None:
        """The table's version; `None` before the first ingest."""
        table = self.store.connection.table()
        if table is None:
            return None
        with self.store.connection.guarded():
            return str(table.version)

    def manifest(self, source: str) -> dict[str, str]:
        """Document path → document hash, for every document of `source` in the index."""
        rows = self.store.scan(f"source = {literal(source)}", ["document", "document_hash"])
        return dict(zip(rows["document"].to_pylist(), rows["document_hash"].to_pylist(), strict=True))

    def embeddings(self, content_hashes: Sequence[str]) -> dict[str, list[float]]:
        """Vectors the index already holds, by `Chunk.content_hash`; unknown hashes are left out."""
        vectors: dict[str, list[float]] = {}
        wanted = list(dict.fromkeys(content_hashes))
        for start in range(0, len(wanted), _LOOKUP):
            condition = is_one_of("content_hash", wanted[start : start + _LOOKUP])
            rows = self.store.scan(f"{condition} AND {EMBEDDING} IS NOT NULL", ["content_hash", EMBEDDING])
            vectors.update(zip(rows["content_hash"].to_pylist(), rows[EMBEDDING].to_pylist(), strict=True))
        return vectors

    def replace(self, source: str, documents: Sequence[str], chunks: Iterable[Document]) -> None:
        """Put `chunks` in place of all chunks of `documents` in one commit (no chunks: delete them).

        A reader sees each document as it was before or as it is after, never half. Nothing to change, no commit.

        :raises ValueError: If a chunk belongs to no document of `documents`, or its embedding is missing or too long.
        """
        self.store.connection.require_writable()
        rows = {chunk.id: chunk for chunk in chunks}
        _check(source, documents, rows.values())
        if not documents:
            return
        held = f"source = {literal(source)} AND {is_one_of('document', documents)}"
        if not rows:
            self.store.delete_where(held)
            return
        connection = self.store.connection
        table = connection.created(self.store.embedding_dimension)
        dimension = connection.dimension() or self.store.embedding_dimension
        data = to_table(list(rows.values()), dimension, table.schema.names)
        with connection.guarded():
            if table.count_rows(held):
                merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.when_not_matched_by_source_delete(held).execute(data)
            else:
                table.add(data)

    def rename(self, source: str, to: str) -> int:
        """Give all chunks of `source`, as they are, to the source `to` in one commit; the documents that were moved.

        A document that `to` holds already is replaced. Without documents of `source` nothing is done.
        """
        connection = self.store.connection
        connection.require_writable()
        documents = sorted(self.manifest(source)) if source != to else []
        if not documents:
            return 0
        table = connection.created(self.store.embedding_dimension)
        rows = self.store.scan(f"source = {literal(source)}", table.schema.names)
        with connection.guarded():
            gone = f"source = {literal(source)} OR (source = {literal(to)} AND {is_one_of('document', documents)})"
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge.when_not_matched_by_source_delete(gone).execute(of_source(rows, to))
        return len(documents)

    def commit(self) -> str:
        """Finish a run: bring the indexes up to date where that pays, and return the version.

        :raises IndexUnavailableError: If nothing was ever ingested.
        """
        self.store.optimize()
        version = self.version()
        if version is None:
            raise IndexUnavailableError(f"index {self.name!r} does not exist", hint="Ingest documents first.")
        return version

    def count(self) -> int:
        """Chunks in the index."""
        return self.store.count_documents()

    def info(self) -> IndexInfo:
        """Figures for people; an index without documents has the version `0`."""
        rows = self.store.scan(None, ["source", "document"])
        chunks = Counter(zip(rows["source"].to_pylist(), rows["document"].to_pylist(), strict=True))
        by_source = counts_by_source((source, number) for (source, _), number in chunks.items())
        return IndexInfo(
            name=self.name,
            version=self.version() or "0",
            chunks=rows.num_rows,
            documents=len(chunks),
            sources=list(by_source),
            by_source=by_source,
            bytes=_size(self._folder),
        )

    def drop(self) -> None:
        """Delete the index, damaged or not, and all of its versions.

        :raises IndexUnavailableError: If it is being written.
        """
        with self.writing(_DROP_PATIENCE):
            self._states.drop()
            self.store.access_table.drop()
            self.store.connection.drop()

    def past_versions(self) -> int:
        """Versions older than a day and than the kept states, before it is asked who needs them."""
        table = self.store.connection.table()
        if table is None:
            return 0
        with self.store.connection.guarded():
            return old_versions(table, {int(state) for state in self.states().needed})

    def cleanup(self, keep_versions: Iterable[str]) -> None:
        """Delete the versions older than the oldest of `keep_versions`; the latest and those of the last day stay.

        So do the released state and the kept ones before it.

        Does nothing if there are none. Else it compacts the table, which makes a new version.
        """
        self.store.connection.require_writable()
        table = self.store.connection.table()
        keep = self._kept(keep_versions)
        if table is not None:
            with self.store.connection.guarded():
                if old_versions(table, keep):
                    clean_up(table, keep)

    def rewrite(self, change: Rewriting, keep_versions: Iterable[str]) -> int:
        """Write the current version, the kept ones and those of `keep_versions` anew; the chunks that differ."""
        connection = self.store.connection
        connection.require_writable()
        table = connection.table()
        if table is None:
            return 0
        rewriting = Rewrite(change, connection.dimension() or 0)
        states = self.states()
        with connection.guarded():
            moved = rewriting.run(table, self._kept(keep_versions))
        self.save_states(states.with_moved({str(old): str(new) for old, new in moved.items()}))
        return rewriting.differing

    def purge(self, keep_versions: Iterable[str]) -> None:
        """Delete the versions before the last `rewrite`, with all their files; of states and access alike."""
        connection = self.store.connection
        connection.require_writable()
        table = connection.table()
        if table is not None:
            with connection.guarded():
                delete_all_but(table, self._kept(keep_versions))
        self._states.purge()
        self.store.access_table.purge()

    def _kept(self, versions: Iterable[str]) -> set[int]:
        """Present numbers of `versions` and of the states that are kept."""
        states = self.states()
        return {int(states.moved.get(version, version)) for version in (*versions, *states.needed)}

    def states(self) -> IndexStates:
        """The released state and what belongs to it."""
        return self._states.read()

    def save_states(self, states: IndexStates) -> None:
        """Write `states` in one commit; the caller holds `writing`."""
        self._states.write(states)

    def access(self) -> IndexAccess:
        """Who may see what, whichever state is read."""
        return self.store.access()

    def save_access(self, access: IndexAccess) -> None:
        """Write it in one commit, which holds at once; the caller holds `writing`."""
        self.store.connection.require_writable()
        self.store.access_table.write(access)

    def at(self, state: str) -> "LanceDBIndex":
        """The index at a committed state, for reading only."""
        store = self.store
        return LanceDBIndex(
            store.uri, self.name, version=state, lock_folder=self._lock_folder, storage_options=store.storage_options
        )

    def read(self, source: str, documents: Sequence[str]) -> list[Document]:
        """All chunks of `documents`, with their vectors."""
        columns = [*DOCUMENT_COLUMNS, EMBEDDING]
        return [
            chunk
            for start in range(0, len(documents), _LOOKUP)
            for chunk in to_documents(
                self.store.scan(
                    f"source = {literal(source)} AND {is_one_of('document', documents[start : start + _LOOKUP])}",
                    columns,
                )
            )
        ]

    def writing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Hold the only right to write; it ends with the process at the latest.

        :raises IndexUnavailableError: If another writer keeps it for longer than `timeout_seconds`.
        """
        return self._lock.held(timeout_seconds)

    def sample(self, limit: int, seed: int) -> list[Document]:
        """Chunks in an order that `seed` fixes, without vectors; a chunk's rank does not depend on the others."""
        ids = self.store.scan(None, ["id"])["id"].to_pylist()
        key = str(seed).encode()
        chosen = heapq.nsmallest(limit, ids, key=lambda chunk_id: blake2b(chunk_id.encode(), key=key).digest())
        if not chosen:
            return []
        documents = {
            document.id: document
            for start in range(0, len(chosen), _LOOKUP)
            for document in to_documents(
                self.store.scan(is_one_of("id", chosen[start : start + _LOOKUP]), DOCUMENT_COLUMNS)
            )
        }
        return [documents[chunk_id] for chunk_id in chosen if chunk_id in documents]

    def vector_retriever(self, *, top_k: int, filters: dict[str, Any] | None = None) -> LanceDBEmbeddingRetriever:
        """Component `run(query_embedding: list[float]) -> {"documents"}`; scores are cosine similarities."""
        return LanceDBEmbeddingRetriever(document_store=self.store, top_k=top_k, filters=filters)

    def keyword_retriever(self, *, top_k: int, filters: dict[str, Any] | None = None) -> LanceDBKeywordRetriever:
        """Component `run(query: str) -> {"documents"}`; scores are BM25."""
        return LanceDBKeywordRetriever(document_store=self.store, top_k=top_k, filters=filters)


def list_indexes(uri: str, storage_options: StorageOptions | None = None) -> list[str]:
    """Names of the indexes in the database at `uri`, damaged ones included; none if there is no database.

    :raises IndexUnavailableError: If the database cannot be read.
    """
    folder = local_folder(uri)
    if folder is not None and not folder.exists():
        return []
    try:
        names = connect(uri, storage_options).list_tables().tables
    except (RuntimeError, OSError, ValueError) as error:
        cause = cause_of(error, folder)
        raise IndexUnavailableError(
            f"the index database {uri!r} cannot be read: {cause or error}",
            hint=way_out(cause, uri, "Check the address and its permissions."),
        ) from error
    indexes = (name for name in names if not name.endswith((SUFFIX, ACCESS_SUFFIX)))
    return sorted(name for name in indexes if folder is None or _was_committed(folder / f"{name}.lance"))


def _version_number(name: str, version: str | None) -> int | None:
    if version is not None and not version.isdecimal():
        raise IndexUnavailableError(
            f"index {name!r} has no version {version!r}", hint="Versions of LanceDB indexes are whole numbers."
        )
    return None if version is None else int(version)


def _check(source: str, documents: Sequence[str], chunks: Iterable[Document]) -> None:
    expected = set(documents)
    for chunk in chunks:
        if chunk.meta.get("source") != source or chunk.meta.get("document") not in expected:
            msg = f"chunk {chunk.id!r} belongs to {chunk.meta.get('document')!r}, which is not being replaced"
            raise ValueError(msg)
        if chunk.embedding is None:
            msg = f"chunk {chunk.id!r} of {chunk.meta['document']!r} has no embedding"
            raise ValueError(msg)


def _was_committed(table: Path) -> bool:
    """Whether a table's folder holds a commit; a killed process can leave one that does not."""
    return any((table / "_versions").glob("*.manifest"))


def _size(folder: Path | None) -> int | None:
    """Bytes on disk, all versions together."""
    if folder is None:
        return None
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
