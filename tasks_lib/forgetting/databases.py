"""Out of sqlite files: every text of every table is looked at, and the file is written anew, its journal with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tasks_lib.errors import StorageError
from tasks_lib.forgetting.needles import GONE, Needles
from tasks_lib.forgetting.redaction import redacted_file, redacted_text
from tasks_lib.home import is_sqlite

PATIENCE_SECONDS = 60.0
"""For which another process may hold the file."""
_MAGIC_LENGTH = 16


def sqlite_files(root: Path) -> list[Path]:
    """All databases below a folder."""
    return sorted(path for path in root.rglob("*") if is_database(path))


def is_database(path: Path) -> bool:
    """Whether a file is a sqlite database with anything in it, by its name and its first bytes."""
    if path.suffix not in {".db", ".sqlite", ".sqlite3"} or not path.is_file():
        return False
    return path.stat().st_size > _MAGIC_LENGTH and is_sqlite(path)


def count_in_database(path: Path, needles: Needles) -> int:
    """Texts of a database that hold the needles."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as connection:
        return sum(len(found) for _, _, found in _findings(connection, needles))


def redact_database(path: Path, needles: Needles) -> int:
    """Take the needles out of a database, and whatever was deleted before; how many texts had them.

    :raises StorageError: If another process holds it for a minute.
    """
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            changed = 0
            connection.execute("BEGIN IMMEDIATE")
            for table, column, found in list(_findings(connection, needles)):
                for row, value in found:
                    _update(connection, table, column, row, value)
                changed += len(found)
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise _held(path, str(error)) from error
    if busy:
        raise _held(path, "its journal is being read")
    return changed


def _held(path: Path, why: str) -> StorageError:
    return StorageError(
        f"the database {str(path)!r} cannot be written anew: {why}",
        hint="Stop what uses it (`llmops up`, a server), then run this again: it goes on where it stopped.",
    )


def _findings(
    connection: sqlite3.Connection, needles: Needles
) -> Iterator[tuple[str, str, list[tuple[int, str | bytes]]]]:
    """Table, column, and row → text without the needles."""
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in names.fetchall():
        for column in _columns(connection, table):
            name = _quoted(column)
            query = f"SELECT rowid, {name} FROM {_quoted(table)} WHERE typeof({name}) IN ('text', 'blob')"  # noqa: S608  # nosec B608
            found = []
            for row, value in connection.execute(query):
                clean = _clean(value, needles)
                if clean != value:
                    found.append((row, clean))
            if found:
                yield table, column, found


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """Columns that can be written; none of a table without row ids, of which neither owner has one."""
    rows = connection.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
    return [row[1] for row in rows if not row[6]]


def _clean(value: str | bytes, needles: Needles) -> str | bytes:
    if isinstance(value, bytes):
        clean = redacted_file("blob", value, needles)
        return b"" if clean is None else clean
    return redacted_text(value, needles)


def _update(connection: sqlite3.Connection, table: str, column: str, row: int, value: str | bytes) -> None:
    statement = f"UPDATE {_quoted(table)} SET {_quoted(column)} = ? WHERE rowid = ?"  # noqa: S608  # nosec B608
    try:
        connection.execute(statement, (value, row))
    except sqlite3.IntegrityError:  # another row is called so already
        connection.execute(statement, (f"{GONE} {row}", row))


def _quoted(name: str) -> str:
    """A name of the file's own tables and columns within a statement, where no parameter can stand."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
