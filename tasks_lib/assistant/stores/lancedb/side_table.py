"""A small table beside that of an index, such as its states: read whole, and replaced whole in one commit."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa
from haystack.utils import Secret

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

_LINGERING = timedelta(hours=1)

Options = dict[str, str | Secret] | None
T = TypeVar("T")


class SideTable(Generic[T]):
    """The table `name` of a folder or an object store.

    :param schema: Of its rows.
    :param rows_of: Its rows for a value.
    :param parse: The value of its rows; of none where there is no table.
    :param what: What it holds, as the subject of a message.
    """

    def __init__(
        self,
        uri: str,
        name: str,
        schema: pa.Schema,
        *,
        rows_of: Callable[[T], Iterable[dict[str, Any]]],
        parse: Callable[[list[dict[str, Any]]], T],
        what: str,
        storage_options: Options = None,
    ) -> None:
        self._uri, self._name, self._schema, self._options = uri, name, schema, storage_options
        self._rows_of, self._parse, self._what = rows_of, parse, what
        self._table: AsyncTable | None = None
        self._stamp: Stamp | None = None
        self._known: tuple[int, T] | None = None
        self._lock = Lock()

    def read(self) -> T:
        """What it holds now.

        :raises IndexUnavailableError: If it cannot be read.
        """
        stamp = stamp_of(self._uri, self._name)
        if stamp == ABSENT:
            return self._parse([])
        with self._lock, self._guarded():
            if stamp != self._stamp:
                self._forget()
                self._stamp = stamp
            return in_loop(self._present())

    def write(self, value: T) -> None:
        """Replace it in one commit.

        :raises IndexUnavailableError: If it cannot be written.
        """
        given = pa.Table.from_pylist(list(self._rows_of(value)), schema=self._schema)
        with self._lock, self._guarded():
            table = connect(self._uri, self._options).create_table(self._name, schema=self._schema, exist_ok=True)
            table.add(given, mode="overwrite")
            with suppress(RuntimeError, OSError, ValueError):  # housekeeping: the next write does it as well
                table.optimize(cleanup_older_than=_LINGERING)

    def purge(self) -> None:
        """Delete what it was before; a reader opens it again."""
        if self._has_folder():
            with self._lock, self._guarded():
                database = connect(self._uri, self._options)
                if self._name in database.list_tables().tables:
                    delete_all_but(database.open_table(self._name), [])

    def drop(self) -> None:
        """Delete it."""
        if self._has_folder():
            with self._lock, self._guarded():
                self._forget()
                database: Any = connect(self._uri, self._options)
                database.drop_table(self._name, ignore_missing=True)

    def _has_folder(self) -> bool:
        folder = local_folder(self._uri)
        return folder is None or folder.exists()

    def _forget(self) -> None:
        self._table = self._known = None

    async def _present(self) -> T:
        if self._table is not None:
            try:
                return await self._of(self._table)
            except (RuntimeError, OSError, ValueError):  # it was dropped, or replaced, since it was opened
                self._forget()
        table = await self._open()
        found = self._parse([]) if table is None else await self._of(table)
        self._table = table
        return found

    async def _of(self, table: "AsyncTable") -> T:
        """Read anew where it has changed; in an object store always, as nothing tells whether it is the same table."""
        version = await table.version()
        if self._known is None or self._known[0] != version or local_folder(self._uri) is None:
            rows = await table.query().to_arrow()
            self._known = version, self._parse(rows.to_pylist())
        return self._known[1]

    async def _open(self) -> "AsyncTable | None":
        database = await connect_async(self._uri, self._options)
        try:
            return await database.open_table(self._name)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            self._forget()
            cause = cause_of(error, local_folder(self._uri))
            raise IndexUnavailableError(
                f"{self._what} cannot be used: {cause or str(error).splitlines()[0][:300]}",
                hint=way_out(cause, self._uri, "Try again; if it stays so, drop the index and ingest again."),
            ) from error
