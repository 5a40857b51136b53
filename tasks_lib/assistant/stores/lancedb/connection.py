"""One LanceDB table: opened when it is first used, created with its keyword index, and its failures given a name."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haystack.utils import Secret

from tasks_lib.assistant.stores.lancedb.schema import FORMAT, KEYWORDS, OTHER_FORMS, arrow_schema
from tasks_lib.assistant.stores.lancedb.search import in_loop, keyword_index
from tasks_lib.errors import IndexUnavailableError
from tasks_lib.storage_errors import cause_of, way_out

if TYPE_CHECKING:
    from lancedb import AsyncConnection, DBConnection
    from lancedb.table import AsyncTable, Table

Stamp = tuple[int, int]
ABSENT: Stamp = (-1, -1)
"""Of a table that does not exist."""
_RUST_SOURCE = re.compile(r",? /\S+\.rs:\d+(:\d+)?")


class TableConnection:
    """Connection to the table `name` of the database at `uri`: a folder, or an object store's address (s3://…).

    Every read sees the latest commit of any process, unless `version` holds the table at an earlier one.

    :param moved: Version that is gone → the one that was written in its place; itself where there is none.
    """

    def __init__(
        self,
        uri: str,
        name: str,
        *,
        version: int | None = None,
        read_only: bool = False,
        storage_options: dict[str, str | Secret] | None = None,
        moved: Callable[[str], str] = str,
    ) -> None:
        self.uri = uri
        self.name = name
        self.version = version
        self._read_only = read_only
        self._moved = moved
        self._storage_options = storage_options
        self._opened: Table | None = None
        self._reader: AsyncTable | None = None
        self._dimension: int | None = None

    @property
    def folder(self) -> Path | None:
        """The database's folder, if it is on this machine."""
        return local_folder(self.uri)

    def table(self) -> "Table | None":
        """The table; `None` if it does not exist, or its creation was interrupted before the first commit.

        :raises IndexUnavailableError: If it is damaged, of another format, or the version does not exist.
        """
        if self._opened is None and (self.folder is None or self.folder.exists()):
            with self.guarded():
                self._opened = self._open()
        if self._opened is None and self.version is not None:
            raise self._no_version()
        return self._opened

    def followed(self) -> "TableConnection":
        """This connection; opened anew, if another version was written in place of the one that it reads."""
        if self.version is not None and self._opened is not None and self._opened.version != self._present:
            self._forget()
        return self

    def reader(self) -> "AsyncTable | None":
        """The table for searches; `None` as :meth:`table`, and raises as that.

        LanceDB's blocking table goes to its event loop and back eight times a search, which is half of the time where
        many threads search at once. This one is asked in one go, by `in_loop`.
        """
        if self.table() is None:
            return None
        if self._reader is None:
            with self.guarded():
                self._reader = in_loop(self.opened_at(self._present))
        return self._reader

    def created(self, dimension: int) -> "Table":
        """The table, created for embeddings of `dimension` floats if it does not exist."""
        self.require_writable()
        table = self.table()
        if table is not None:
            return self._completed(table)
        with self.guarded():
            table = self._connect().create_table(self.name, schema=arrow_schema(dimension), exist_ok=True)
            table.create_index(KEYWORDS, config=keyword_index(KEYWORDS))
            self._opened = table
        return table

    def _completed(self, table: "Table") -> "Table":
        """The table with the columns of its keyword search: until it is written, an older one is read as it is."""
        if not {KEYWORDS, OTHER_FORMS} & set(table.schema.names):
            with self.guarded():
                table.add_columns({OTHER_FORMS: "cast(NULL as string)"})
                table.create_index(OTHER_FORMS, config=keyword_index(OTHER_FORMS))
        return table

    def dimension(self) -> int | None:
        """Length of the table's embeddings, if the table exists."""
        table = self.table()
        if table is not None and self._dimension is None:
            self._dimension = int(table.schema.field("embedding").type.list_size)
        return None if table is None else self._dimension

    def drop(self) -> None:
        """Delete the table with all of its versions, damaged or not."""
        self.require_writable()
        self._forget()
        if self.folder is None or self.folder.exists():
            with self.guarded():
                database: Any = self._connect()
                database.drop_table(self.name, ignore_missing=True)

    def require_writable(self) -> None:
        """:raises IndexUnavailableError: If an earlier version or the released state is opened."""
        if self.version is not None or self._read_only:
            opened = "its released state" if self.version is None else f"version {self.version}"
            raise IndexUnavailableError(
                f"index {self.name!r} is opened at {opened}, which can only be read",
                hint="Open it without a version to write.",
            )

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Name what LanceDB and the file system raise; the next use opens the table anew.

        :raises IndexUnavailableError: Instead of any of that.
        """
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            self._forget()
            cause = cause_of(error, self.folder)
            otherwise = (
                f"Try again if another process just replaced it; else drop it (llmops index drop {self.name}) "
                "and ingest again."
            )
            raise IndexUnavailableError(
                f"index {self.name!r} cannot be used: {cause or _first_line(error)}",
                hint=way_out(cause, self.uri, otherwise),
            ) from error

    def _forget(self) -> None:
        self._opened = self._reader = self._dimension = None

    async def opened_at(self, version: int | None) -> "AsyncTable":
        """The table, opened once more: at a version, or as it always is."""
        database = await connect_async(self.uri, self._storage_options)
        table = await database.open_table(self.name)
        if version is not None:
            await table.checkout(version)
        return table

    def _open(self) -> "Table | None":
        try:
            table = self._connect().open_table(self.name)
        except ValueError as error:
            if "was not found" in str(error):
                return None
            raise
        stored_format = (table.schema.metadata or {}).get(b"llmops.format", b"none").decode()
        if stored_format != FORMAT:
            raise IndexUnavailableError(
                f"index {self.name!r} has format {stored_format}, this version reads format {FORMAT}",
                hint=f"Drop it (llmops index drop {self.name}) and ingest again.",
            )
        version = self._present
        if version is not None:
            try:
                table.checkout(version)
            except ValueError as error:
                raise self._no_version() from error
        return table

    @property
    def _present(self) -> int | None:
        """The version that is opened, by its present number; the latest without one."""
        return None if self.version is None else int(self._moved(str(self.version)))

    def _no_version(self) -> IndexUnavailableError:
        return IndexUnavailableError(
            f"index {self.name!r} has no version {self.version}",
            hint="It was dropped or cleaned up; follow the latest version, or ingest and deploy again.",
        )

    def _connect(self) -> "DBConnection":
        return connect(self.uri, self._storage_options)


def connect(uri: str, storage_options: dict[str, str | Secret] | None = None) -> "DBConnection":
    """A database connection whose reads always see the latest commit."""
    from tasks_lib.assistant.stores.lancedb.library import lancedb

    return lancedb.connect(uri, **_options(storage_options))


async def connect_async(uri: str, storage_options: dict[str, str | Secret] | None = None) -> "AsyncConnection":
    """Twin of `connect`."""
    from tasks_lib.assistant.stores.lancedb.library import lancedb

    return await lancedb.connect_async(uri, **_options(storage_options))


def _options(storage_options: dict[str, str | Secret] | None) -> dict[str, Any]:
    options = {
        name: value.resolve_value() if isinstance(value, Secret) else value
        for name, value in (storage_options or {}).items()
    }
    return {"read_consistency_interval": timedelta(0), "storage_options": options or None}


def local_folder(uri: str) -> Path | None:
    """The folder that `uri` names, or `None` for an object store."""
    if "://" in uri and not uri.startswith("file://"):
        return None
    return Path(uri.removeprefix("file://"))


def stamp_of(uri: str, table: str) -> Stamp:
    """What differs where a table was dropped and made anew, whose versions are counted from one again.

    Nothing is known of a table in an object store.
    """
    folder = local_folder(uri)
    if folder is None:
        return (0, 0)
    try:
        status = (folder / f"{table}.lance").stat()
    except FileNotFoundError:
        return ABSENT
    return status.st_ino, status.st_ctime_ns


def _first_line(error: Exception) -> str:
    return _RUST_SOURCE.sub("", str(error).strip().split("\n")[0])[:300]
