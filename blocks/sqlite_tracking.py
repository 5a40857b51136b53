"""MLflow without a server: tracking and registry in one sqlite file, artifacts in a folder beside it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from blocks.moved_home import move_home, stays_home
from tasks_lib.errors import HomeError
from tasks_lib.home import EXPERIMENT, Home
from tasks_lib.sqlite_file import connect_read_only, sqlite_url
from tasks_lib.storage_errors import Cause, cause_of, way_out


def ensure_sqlite_tracking(home: Home) -> str:
    """The tracking URI of the home's database. The experiment's artifacts go below the home, wherever it was moved.

    :raises HomeError: If the file is not a sqlite database, or cannot be read or written.
    """
    database = home.mlflow_database
    uri = sqlite_url(database)
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        if _says(home, lambda asked: _is_prepared(asked) and stays_home(asked, home)):
            return uri
        from filelock import FileLock

        with FileLock(home.locks / "mlflow.lock"):
            if not _says(home, _is_prepared):
                from mlflow import MlflowClient

                client = MlflowClient(uri, uri)
                _write_ahead(home)
                if client.get_experiment_by_name(EXPERIMENT) is None:
                    client.create_experiment(EXPERIMENT, artifact_location=home.mlflow_artifacts.as_uri())
            if not _says(home, lambda asked: stays_home(asked, home)):
                move_home(home)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(home, error) from error
    return uri


def _write_ahead(home: Home) -> None:
    """Journal ahead: readers never wait for a writer, and a commit costs a third. The setting stays in the file."""
    with closing(sqlite3.connect(home.mlflow_database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _says(home: Home, question: Callable[[sqlite3.Connection], bool]) -> bool:
    """What the database says to a question; no, before it is made. Asked without importing MLflow."""
    database = home.mlflow_database
    if not database.is_file() or database.stat().st_size == 0:
        return False
    try:
        with closing(connect_read_only(database)) as connection:
            return question(connection)
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return False
        raise


def _is_prepared(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM experiments WHERE name = ?", (EXPERIMENT,)).fetchall())


def _unusable(home: Home, error: sqlite3.Error | OSError) -> HomeError:
    cause = cause_of(error, home.mlflow_database)
    verb = "read" if cause in {None, Cause.DAMAGE} else "used"
    return HomeError(
        f"the MLflow database {str(home.mlflow_database)!r} cannot be {verb}: {cause or error}",
        hint=way_out(
            cause,
            str(home.root),
            "Restore it from a backup, or move it away: the next run starts a new one.",
        ),
    )
