"""The states of an index in LanceDB: one row in a table beside it, and readers that follow what it names."""

from threading import Lock
from typing import Any

import pyarrow as pa

from tasks_lib.assistant.contract.states import IndexStates, seen_state
from tasks_lib.assistant.stores.lancedb.connection import TableConnection
from tasks_lib.assistant.stores.lancedb.side_table import Options, SideTable

SUFFIX = ".states"
"""Of the table's name, behind that of the index."""
OPENED = 2
"""States that are kept open: answers under way still read the one before."""
_SCHEMA = pa.schema([pa.field("states", pa.string(), nullable=False)])


class StatesTable(SideTable[IndexStates]):
    """The table that holds the states of the index `name`; none where nothing was ever released."""

    def __init__(self, uri: str, name: str, storage_options: Options = None) -> None:
        super().__init__(
            uri,
            name + SUFFIX,
            _SCHEMA,
            rows_of=_rows_of,
            parse=_states_of,
            what=f"the states of index {name!r}",
            storage_options=storage_options,
        )

    def moved(self, state: str) -> str:
        """The state in whose place another was written, by its present name."""
        return self.read().moved.get(state, state)


def _rows_of(states: IndexStates) -> list[dict[str, Any]]:
    return [{"states": states.model_dump_json()}]


def _states_of(rows: list[dict[str, Any]]) -> IndexStates:
    return IndexStates.model_validate_json(rows[0]["states"]) if rows else IndexStates()


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
