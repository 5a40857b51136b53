"""A home that was moved or copied: MLflow stores absolute addresses, which are rewritten to where the home lies now.

The home's address is kept in the database itself, so that a copy of the file, however it was made, tells where it comes
from, and is changed in the same transaction as the addresses. Two names of one folder (a link, a second mount) are the
same home. A container that mounts a home at another path than the host moves it there and back again: let both use one.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from tasks_lib.home import EXPERIMENT, Home

TABLE = "llmops_home"
"""Ours, of one row, the address; MLflow and its migrations leave tables alone that they do not know."""
ADDRESSES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
    "trace_tags": ("value",),
    "tags": ("value",),
}
"""Table → columns of MLflow's schema in which addresses are looked for."""
MOVE = (
    "UPDATE {table} SET {column} = :new || substr({column}, :length + 1) "
    "WHERE {column} = :old OR substr({column}, 1, :length + 1) = :old || '/'"
)
"""The folder itself and what is below it, not its neighbours whose names begin alike."""
LOCK_SECONDS = 60.0


def stays_home(connection: sqlite3.Connection, home: Home) -> bool:
    """Whether the database's addresses belong to the home. It is asked on every connection, and takes microseconds."""
    stored = _stored(connection)
    return stored is not None and _is_same(stored, home.root.as_uri())


def move_home(home: Home) -> None:
    """Rewrite every address below the home that the database comes from, in one transaction. Call it under a lock.

    :raises sqlite3.Error: If the database cannot be read or written.
    """
    here = home.root.as_uri()
    with closing(sqlite3.connect(home.mlflow_database, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        stored = _stored(connection) or _derived(connection, home) or here
        if not _is_same(stored, here):
            for old, new in ((stored, here), (_path(stored), _path(here))):
                _rewrite(connection, old, new)
        connection.execute("CREATE TABLE IF NOT EXISTS llmops_home (root TEXT NOT NULL)")
        connection.execute("DELETE FROM llmops_home")
        connection.execute("INSERT INTO llmops_home VALUES (?)", (here,))
        connection.execute("COMMIT")


def _stored(connection: sqlite3.Connection) -> str | None:
    """Address of the home that the database was last used in."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone():
        return None
    row = connection.execute("SELECT root FROM llmops_home").fetchone()
    return str(row[0]) if row else None


def _derived(connection: sqlite3.Connection, home: Home) -> str | None:
    """The same for a database that an earlier release made: where its experiments' artifacts lie.

    A folder of artifacts that exists, without a home around it, was chosen by somebody and stays where it is.
    """
    below = "/" + home.mlflow_artifacts.relative_to(home.root).as_posix()
    query = "SELECT artifact_location FROM experiments ORDER BY name <> ?"
    for (location,) in connection.execute(query, (EXPERIMENT,)):
        root, found, rest = str(location).rpartition(below)
        if not found or not root.startswith("file:///") or (rest and not rest.startswith("/")):
            continue
        made = Home(Path(_path(root)))
        if made.mlflow_artifacts.is_dir() and not made.mlflow_database.is_file() and not home.mlflow_artifacts.is_dir():
            continue
        return root
    return None


def _rewrite(connection: sqlite3.Connection, old: str, new: str) -> None:
    for table, columns in ADDRESSES.items():
        known = {row[1] for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))}
        for column in known.intersection(columns):
            statement = MOVE.format(table=table, column=column)  # no user's text: both names are of ADDRESSES
            connection.execute(statement, {"old": old, "new": new, "length": len(old)})


def _is_same(one: str, other: str) -> bool:
    """Whether two addresses are one folder; that of a home that is gone is none."""
    if one == other:
        return True
    try:
        return Path(_path(one)).samefile(_path(other))
    except OSError:
        return False


def _path(address: str) -> str:
    return os.fsdecode(unquote_to_bytes(urlsplit(address).path))
