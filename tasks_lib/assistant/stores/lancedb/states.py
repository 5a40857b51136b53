"""The states of an index in LanceDB: one row in a table beside it, and readers that follow what it names."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from haystack.utils import Secret

from tasks_lib.assistant.contract.states import IndexStates, seen_state
from tasks_lib.assistant.stores.lancedb.connection import TableConnection, connect, connect_async, local_folder
from tasks_lib.assistant.stores.lancedb.rewriting import delete_all_but
from tasks_lib.assistant.stores.lancedb.search import in_loop
from tasks_lib.errors import IndexUnavailableError
from tasks_lib.storage_errors import cause_of, way_out

if TYPE_CHECKING:
    from lancedb.table import AsyncTable

SUFFIX = ".states"
"""Of the table's name, behind that of the index."""
OPENED = 2
"""States that are kept open: answers under way still read the one before."""
_SCHEMA = pa.schema([pa.field("states", pa.string(), nullable=False)])
_LINGERING = timedelta(hours=1)

Options = dict[str, str | Secret] | None


class StatesTable:
    """The table that holds the states of the index `name`: a folder's, or an object store's."""

    def __init__(self, uri: str, name: str, storage_options: Options = None) -> None:
        self._uri, self._name, self._options = uri, name, storage_options
        self._table: AsyncTable | None = None

    def read(self) -> IndexStates:
        """The states as they are now; none where nothing was ever released.

        :raises IndexUnavailableError: If they cannot be read.
        """
        folder = local_folder(self._uri)
        if folder is not None and not folder.exists():
            return IndexStates()
        with self._guarded():
            rows = in_loop(self._rows())
        return IndexStates.model_validate_json(rows[0]["states"]) if rows else IndexStates()

    def moved(self, state: str) -> str:
        """The state in whose place another was written, by its present name."""
        return self.read().moved.get(state, state)

    def write(self, states: IndexStates) -> None:
        """Replace them in one commit."""
        rows = pa.Table.from_pylist([{"states": states.model_dump_json()}], schema=_SCHEMA)
        with self._guarded():
            table = connect(self._uri, self._options).create_table(self._name + SUFFIX, schema=_SCHEMA, exist_ok=True)
            table.add(rows, mode="overwrite")
            with suppress(RuntimeError, OSError, ValueError):  # housekeeping: the next write does it as well
                table.optimize(cleanup_older_than=_LINGERING)

    def purge(self) -> None:
        """Delete what they were before; a reader opens them again."""
        folder = local_folder(self._uri)
        if folder is not None and not folder.exists():
            return
        with self._guarded():
            database = connect(self._uri, self._options)
            if self._name + SUFFIX in database.list_tables().tables:
                delete_all_but(database.open_table(self._name + SUFFIX), [])

    def drop(self) -> None:
        """Forget them."""
        self._table = None
        folder = local_folder(self._uri)
        if folder is None or folder.exists():
            with self._guarded():
                database: Any = connect(self._uri, self._options)
                database.drop_table(self._name + SUFFIX, ignore_missing=True)

    async def _rows(self) -> list[dict[str, Any]]:
        if self._table is not None:
            try:
                return await _all_of(self._table)
            except (RuntimeError, OSError, ValueError):  # it was dropped, or replaced, since it was opened
                self._table = None
        table = await self._open()
        rows = [] if table is None else await _all_of(table)
        self._table = table
        return rows

    async def _open(self) -> "AsyncTable | None":
        database = await connect_async(self._uri, self._options)
        try:
            return await database.open_table(self._name + SUFFIX)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            self._table = None
            cause = cause_of(error, local_folder(self._uri))
            raise IndexUnavailableError(
                f"the states of index {self._name!r} cannot be used: {cause or str(error).splitlines()[0][:300]}",
                hint=way_out(cause, self._uri, "Try again; if it stays so, drop the index and ingest again."),
            ) from error


async def _all_of(table: "AsyncTable") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await table.query().to_arrow()).to_pylist()
    return rows


class ReleasedTable:
    """The table of an index at its released state, whichever that is; all states are opened for reading only."""

    def __init__(self, uri: str, name: str, storage_options: Options = None) -> None:
        self._uri, self._name, self._options = uri, name, storage_options
        self._states = StatesTable(uri, name, storage_options)
        self._opened: dict[str | None, TableConnection] = {}
        self._lock = Lock()

    def current(self) -> TableConnection:
        """The connection to the state that is read here and now; the latest where nothing was released yet."""
        state = seen_state(self._name, lambda: self._states.read().released)
        with self._lock:
            if state not in self._opened:
                version = int(state) if state else None
                self._opened[state] = TableConnection(
                    self._uri,
                    self._name,
                    version=version,
                    read_only=True,
                    storage_options=self._options,
                    moved=self._states.moved,
                )
                for old in list(self._opened)[:-OPENED]:
                    del self._opened[old]
            return self._opened[state]
