"""MLflow without a server: tracking and registry in one sqlite file, artifacts in a folder beside it."""

import sqlite3
from contextlib import closing

from tasks_lib.errors import HomeError
from tasks_lib.home import EXPERIMENT, Home


def ensure_sqlite_tracking(home: Home) -> str:
    """The tracking URI of the home's database. The experiment's artifacts go below the home, too.

    :raises HomeError: If the file is not a sqlite database.
    """
    database = home.mlflow_database
    database.parent.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{database}"
    if _is_prepared(home):
        return uri
    from filelock import FileLock

    with FileLock(home.locks / "mlflow.lock"):
        if not _is_prepared(home):
            from mlflow import MlflowClient

            client = MlflowClient(uri, uri)
            _write_ahead(home)
            if client.get_experiment_by_name(EXPERIMENT) is None:
                client.create_experiment(EXPERIMENT, artifact_location=home.mlflow_artifacts.as_uri())
    return uri


def _write_ahead(home: Home) -> None:
    """Journal ahead: readers never wait for a writer, and a commit costs a third. The setting stays in the file."""
    with closing(sqlite3.connect(home.mlflow_database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _is_prepared(home: Home) -> bool:
    """Whether the database already holds our experiment, asked without importing MLflow."""
    database = home.mlflow_database
    if not database.is_file() or database.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT 1 FROM experiments WHERE name = ?", (EXPERIMENT,)).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return False
        raise _damaged(home, error) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(home, error) from error
    return bool(rows)


def _damaged(home: Home, error: sqlite3.Error) -> HomeError:
    return HomeError(
        f"the MLflow database {str(home.mlflow_database)!r} cannot be read: {error}",
        hint="Restore it from a backup, or move it away: the next run starts a new one.",
    )
