"""Who may see which document of an index in LanceDB: a table beside that of the chunks, a row for each document."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from haystack.utils import Secret

from tasks_lib.assistant.contract.access import NO_CONTROL, DocumentAccess, IndexAccess
from tasks_lib.assistant.stores.lancedb.connection import (
    ABSENT,
    Stamp,
    connect,
    connect_async,
    local_folder,
    stamp_of,
)
from tasks_lib.assistant.stores.lancedb.rewriting import delete_all_but
from tasks_lib.assistant.stores.lancedb.search import in_loop
from tasks_lib.errors import IndexUnavailableError
from tasks_lib.storage_errors import cause_of, way_out

if TYPE_CHECKING:
    from lancedb.table import AsyncTable

ACCESS_SUFFIX = ".access"
"""Of the table's name, behind that of the index."""
_GROUPS = pa.list_(pa.string())
_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        ("document_hash", pa.string()),
        ("groups", _GROUPS),
        ("own", _GROUPS),
        ("past", pa.string()),
        ("renamed_to", pa.string()),
    ]
)
_LINGERING = timedelta(hours=1)


class AccessTable:
    """The table that holds the access of the index `name`. Without it, everybody sees everything."""

    def __init__(self, uri: str, name: str, storage_options: dict[str, str | Secret] | None = None) -> None:
        self._uri, self._name, self._options = uri, name, storage_options
        self._table: AsyncTable | None = None
        self._known: tuple[int, IndexAccess] | None = None
        self._stamp: Stamp | None = None
        self._lock = Lock()

    def read(self) -> IndexAccess:
        """The access as it is now, to be read after the chunks that it is to hold for.

        :raises IndexUnavailableError: If it cannot be read: then nothing is shown.
        """
        stamp = stamp_of(self._uri, self._name + ACCESS_SUFFIX)
        if stamp == ABSENT:
            return NO_CONTROL
        with self._lock, self._guarded():
            if stamp != self._stamp:
                self._table = self._known = None
                self._stamp = stamp
            return in_loop(self._present())

    def write(self, access: IndexAccess) -> None:
        """Replace it in one commit."""
        rows = pa.Table.from_pylist(list(_rows_of(access)), schema=_SCHEMA)
        with self._lock, self._guarded():
            name = self._name + ACCESS_SUFFIX
            table = connect(self._uri, self._options).create_table(name, schema=_SCHEMA, exist_ok=True)
            table.add(rows, mode="overwrite")
            with suppress(RuntimeError, OSError, ValueError):  # housekeeping: the next write does it as well
                table.optimize(cleanup_older_than=_LINGERING)

    def purge(self) -> None:
        """Delete what it was before."""
        folder = local_folder(self._uri)
        if folder is not None and not folder.exists():
            return
        with self._lock, self._guarded():
            database = connect(self._uri, self._options)
            if self._name + ACCESS_SUFFIX in database.list_tables().tables:
                delete_all_but(database.open_table(self._name + ACCESS_SUFFIX), [])

    def drop(self) -> None:
        """Forget it."""
        folder = local_folder(self._uri)
        if folder is None or folder.exists():
            with self._lock, self._guarded():
                self._table = self._known = None
                database: Any = connect(self._uri, self._options)
                database.drop_table(self._name + ACCESS_SUFFIX, ignore_missing=True)

    async def _present(self) -> IndexAccess:
        if self._table is not None:
            try:
                return await self._of(self._table)
            except (RuntimeError, OSError, ValueError):  # it was dropped, or replaced, since it was opened
                self._table = self._known = None
        table = await self._open()
        access = NO_CONTROL if table is None else await self._of(table)
        self._table = table
        return access

    async def _of(self, table: "AsyncTable") -> IndexAccess:
        version = await table.version()
        if self._known is None or self._known[0] != version:
            self._known = version, _access_of(await table.query().to_arrow())
        return self._known[1]

    async def _open(self) -> "AsyncTable | None":
        database = await connect_async(self._uri, self._options)
        try:
            return await database.open_table(self._name + ACCESS_SUFFIX)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            self._table = self._known = None
            cause = cause_of(error, local_folder(self._uri))
            raise IndexUnavailableError(
                f"who may see index {self._name!r} cannot be read: {cause or str(error).splitlines()[0][:300]}",
                hint=way_out(cause, self._uri, "Try again; if it stays so, drop the index and ingest again."),
            ) from error


def _rows_of(access: IndexAccess) -> Iterator[dict[str, Any]]:
    """A row for each document, and one without a document for each source and each former identity."""
    for source in sorted(access.sources):
        yield {"source": source, "document": ""}
    for former, present in access.renamed.items():
        yield {"source": former, "document": "", "renamed_to": present}
    for (source, document), entry in access.documents.items():
        yield {
            "source": source,
            "document": document,
            "document_hash": entry.document_hash,
            "groups": list(entry.groups),
            "own": None if entry.own is None else list(entry.own),
            "past": json.dumps(dict(entry.past)) if entry.past else None,
        }


def _access_of(rows: pa.Table) -> IndexAccess:
    documents: dict[tuple[str, str], DocumentAccess] = {}
    renamed: dict[str, str] = {}
    sources: set[str] = set()
    for row in rows.to_pylist():
        if row["renamed_to"] is not None:
            renamed[row["source"]] = row["renamed_to"]
        elif not row["document"]:
            sources.add(row["source"])
        else:
            documents[row["source"], row["document"]] = _entry(row)
    return IndexAccess(documents, renamed, frozenset(sources))


def _entry(row: dict[str, Any]) -> DocumentAccess:
    past = {digest: tuple(groups) for digest, groups in json.loads(row["past"] or "{}").items()}
    own = None if row["own"] is None else tuple(row["own"])
    return DocumentAccess(tuple(row["groups"]), row["document_hash"] or "", own, past)
