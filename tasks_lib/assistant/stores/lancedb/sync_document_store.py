"""The blocking half of the document store: everything it does, in one body."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pyarrow as pa
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import Secret

from tasks_lib.assistant.contract.access import IndexAccess, caller
from tasks_lib.assistant.stores.lancedb import metadata
from tasks_lib.assistant.stores.lancedb.access import AccessTable
from tasks_lib.assistant.stores.lancedb.connection import TableConnection
from tasks_lib.assistant.stores.lancedb.filters import is_one_of, to_sql
from tasks_lib.assistant.stores.lancedb.maintenance import bring_up_to_date
from tasks_lib.assistant.stores.lancedb.schema import (
    DOCUMENT_COLUMNS,
    EMBEDDING,
    TYPED_COLUMNS,
    read_meta,
    to_documents,
    to_table,
)
from tasks_lib.assistant.stores.lancedb.search import keyword_search, vector_search
from tasks_lib.assistant.stores.lancedb.states import ReleasedTable, StatesTable
from tasks_lib.assistant.stores.lancedb.visible import VisibleTable, visible_table
from tasks_lib.errors import IndexUnavailableError

Filters = dict[str, Any] | None
Read = TypeVar("Read")


class SyncLanceDBDocumentStore:
    """Base of `LanceDBDocumentStore`, which documents the parameters and adds the asynchronous twins."""

    def __init__(
        self,
        uri: str,
        table: str = "documents",
        *,
        embedding_dimension: int = 768,
        version: int | None = None,
        released: bool = False,
        storage_options: dict[str, str | Secret] | None = None,
        stored_as: dict[str, Any] | None = None,
    ) -> None:
        self.uri = uri
        self.table = table
        self.embedding_dimension = embedding_dimension
        self.version = version
        self.released = released
        self.storage_options = storage_options
        self.stored_as = stored_as
        moved = StatesTable(uri, table, storage_options).moved
        self._table = TableConnection(uri, table, version=version, storage_options=storage_options, moved=moved)
        self._released_table = ReleasedTable(uri, table, storage_options) if released else None
        self.access_table = AccessTable(uri, table, storage_options)

    @property
    def connection(self) -> TableConnection:
        """The table; of a store that reads the released state, at the state that is released now."""
        return self._released_table.current() if self._released_table else self._table.followed()

    def count_documents(self) -> int:
        """Number of documents."""
        return self._count(None)

    def count_documents_by_filter(self, filters: Filters) -> int:
        """Number of documents that match `filters`."""
        return self._count(to_sql(filters))

    def filter_documents(self, filters: Filters = None) -> list[Document]:
        """Documents that match `filters`, with their embeddings; those that the caller may see.

        :raises FilterError: If the filters are malformed.
        """
        documents = to_documents(self.scan(to_sql(filters), [*DOCUMENT_COLUMNS, EMBEDDING]))
        access = self.access()
        if not access.controlled:
            return documents
        shown = (document for document in documents if access.shows(caller(), document.meta))
        return sorted(shown, key=lambda document: document.id)

    def access(self) -> IndexAccess:
        """Who may see what, to be asked after the documents were read: their access is written before them."""
        return self.access_table.read()

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write `documents` in one commit and return how many were written; the policy `NONE` means `FAIL`.

        :raises ValueError: If these are no documents, or an embedding has the wrong dimension.
        :raises DuplicateDocumentError: If the policy is `FAIL` and an id exists already: then nothing is written.
        """
        rows: dict[str, Document] = {}
        for document in _checked(documents):
            if document.id in rows and policy in (DuplicatePolicy.NONE, DuplicatePolicy.FAIL):
                raise DuplicateDocumentError(f"id {document.id!r} is given twice")
            if document.id not in rows or policy == DuplicatePolicy.OVERWRITE:
                rows[document.id] = document
        return self._write(list(rows.values()), policy) if rows else 0

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete the documents with these ids; unknown ids are ignored."""
        if document_ids:
            self.delete_where(is_one_of("id", document_ids))

    def delete_all_documents(self, *, recreate_index: bool = False) -> None:
        """Delete every document; with `recreate_index` also the table with its earlier versions."""
        if recreate_index:
            self.connection.drop()
        else:
            self.delete_where("id IS NOT NULL")

    def delete_by_filter(self, filters: Filters) -> int:
        """Delete the documents that match `filters` and return how many."""
        return self.delete_where(to_sql(filters) or "id IS NOT NULL")

    def update_by_filter(self, filters: Filters, meta: dict[str, Any]) -> int:
        """Merge `meta` into the metadata of the documents that match `filters`, in one commit; return how many."""
        documents = self.filter_documents(filters)
        for document in documents:
            document.meta.update(meta)
        return self.write_documents(documents, DuplicatePolicy.OVERWRITE)

    def count_unique_metadata_by_filter(self, filters: Filters, metadata_fields: list[str]) -> dict[str, int]:
        """Metadata field → number of different values among the documents that match `filters`."""
        return metadata.count_unique(self._metadata(filters), metadata_fields)

    def get_metadata_fields_info(self) -> dict[str, dict[str, str]]:
        """Metadata field → `{"type": "boolean" | "int" | "float" | "keyword"}`, from the stored values."""
        return metadata.fields_info(self._metadata(None))

    def get_metadata_field_min_max(self, metadata_field: str) -> dict[str, Any]:
        """`{"min", "max"}` of a metadata field; both `None` if no document has it."""
        return metadata.min_max(self._metadata(None), metadata_field)

    def get_metadata_field_unique_values(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters = None,
    ) -> tuple[list[Any], int]:
        """One page of the different values of a metadata field that contain `search_term`, and how many there are."""
        return metadata.unique_values(self._metadata(filters), metadata_field, search_term, from_, size)

    def embedding_retrieval(
        self, query_embedding: list[float], *, filters: Filters = None, top_k: int = 10
    ) -> list[Document]:
        """The `top_k` documents nearest to `query_embedding`; the score is the cosine similarity.

        Under access control it is the same as if there were only the documents that the caller may see.

        :raises ValueError: If the embedding's dimension is not the table's.
        """
        condition = to_sql(filters)

        def search(connection: TableConnection) -> list[Document]:
            dimension = connection.dimension()
            if dimension is not None and len(query_embedding) != dimension:
                msg = f"the query embedding has {len(query_embedding)} dimensions, the documents have {dimension}"
                raise ValueError(msg)
            table = connection.reader()
            if table is None:
                return []
            if not self.access().controlled:
                with connection.guarded():
                    found = vector_search(table, query_embedding, condition, top_k)
                if not self.access().controlled:
                    return found
            seen, access = self._seen(connection)
            with connection.guarded():
                return seen.near(query_embedding, access, condition, top_k) if seen else []

        return self._read(search)

    def keyword_retrieval(self, query: str, *, filters: Filters = None, top_k: int = 10) -> list[Document]:
        """The `top_k` documents that match words of `query` best; the score is BM25.

        Under access control it is the same as if there were only the documents that the caller may see.
        """
        condition = to_sql(filters)

        def search(connection: TableConnection) -> list[Document]:
            table = connection.reader()
            if table is None:
                return []
            if not self.access().controlled:
                with connection.guarded():
                    found = keyword_search(table, query, condition, top_k)
                if not self.access().controlled:
                    return found
            seen, access = self._seen(connection)
            with connection.guarded():
                return seen.with_words(query, access, condition, top_k) if seen else []

        return self._read(search)

    def _seen(self, connection: TableConnection) -> tuple[VisibleTable | None, IndexAccess]:
        """The state of the table in memory, and who may see it."""
        table = visible_table(connection)
        return table, self.access()

    def optimize(self) -> None:
        """Bring the indexes up to date where that pays; see `bring_up_to_date`."""
        self.connection.require_writable()
        table = self.connection.table()
        if table is not None:
            with self.connection.guarded():
                bring_up_to_date(table)

    def scan(self, condition: str | None, columns: list[str]) -> pa.Table:
        """`columns` of the rows for which the SQL `condition` holds, from one consistent state of the table."""

        def read(connection: TableConnection) -> pa.Table:
            table = connection.table()
            if table is None:
                return pa.table({column: [] for column in columns})
            with connection.guarded():
                query = table.search().select(columns)
                return (query.where(condition) if condition else query).to_arrow()

        return self._read(read)

    def _read(self, work: Callable[[TableConnection], Read]) -> Read:
        """Read; once more where the table was written anew meanwhile, and the files that were open are gone."""
        try:
            return work(self.connection)
        except IndexUnavailableError:
            return work(self.connection)

    def _count(self, condition: str | None) -> int:
        def count(connection: TableConnection) -> int:
            table = connection.table()
            if table is None:
                return 0
            with connection.guarded():
                return int(table.count_rows(condition))

        return self._read(count)

    def _metadata(self, filters: Filters) -> Iterator[dict[str, Any]]:
        rows = self.scan(to_sql(filters), ["meta", *TYPED_COLUMNS.values()])
        access = self.access()
        for batch in rows.to_batches(max_chunksize=10_000):
            metas = map(read_meta, batch.to_pylist())
            yield from (meta for meta in metas if not access.controlled or access.shows(caller(), meta))

    def _write(self, documents: list[Document], policy: DuplicatePolicy) -> int:
        table = self.connection.created(self.embedding_dimension)
        dimension = self.connection.dimension() or self.embedding_dimension
        rows = to_table(documents, dimension, table.schema.names)
        if policy in (DuplicatePolicy.NONE, DuplicatePolicy.FAIL):
            existing = self.scan(is_one_of("id", [document.id for document in documents]), ["id"])["id"].to_pylist()
            if existing:
                raise DuplicateDocumentError(f"id {existing[0]!r} exists already ({len(existing)} of {len(documents)})")
        with self.connection.guarded():
            if policy in (DuplicatePolicy.NONE, DuplicatePolicy.FAIL):
                table.add(rows)
                return len(documents)
            merge = table.merge_insert("id").when_not_matched_insert_all()
            if policy == DuplicatePolicy.OVERWRITE:
                merge.when_matched_update_all()
            result = merge.execute(rows, on_bad_vectors="null")  # else a document without embedding is refused
        return int(result.num_inserted_rows + result.num_updated_rows)

    def delete_where(self, condition: str) -> int:
        """Delete the rows for which the SQL `condition` holds in one commit; without a match nothing is committed."""
        self.connection.require_writable()
        table = self.connection.table()
        matching = self._count(condition)
        if table is not None and matching:
            with self.connection.guarded():
                table.delete(condition)
        return matching


def _checked(documents: Any) -> list[Document]:
    if isinstance(documents, list) and all(isinstance(document, Document) for document in documents):
        return documents
    msg = f"write_documents takes a list of documents, not {documents!r:.200}"
    raise ValueError(msg)
