"""Set environment variables before Prefect, MLflow and Haystack are imported."""

import gc
import logging
import os
import sqlite3
import tomllib
from contextlib import closing
from getpass import getuser
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from flows.command.output import say
from tasks_lib.errors import HomeError
from tasks_lib.home import ENVIRONMENT_VARIABLE, Home, is_sqlite
from tasks_lib.network import prepare_network, require_usable_network
from tasks_lib.quiet import keep_quiet
from tasks_lib.sqlite_file import connect_read_only, sqlite_url
from tasks_lib.storage_errors import Cause, is_full, way_out

TERSE = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "PREFECT_CLI_PROMPT": "false",
    # the command prints the error itself; Prefect's records still reach its API
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "TQDM_DISABLE": "1",
}

OF_MLFLOW_RUN = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID")
"""What `mlflow run` sets: a run of the store that the project was started from, which need not be the platform's."""

MIGRATIONS = {"MLflow": "store/db_migrations/versions", "Prefect": "server/database/_migrations/versions/sqlite"}
"""Folder of the migrations in the package."""

PREFECT_DATABASES = ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL")

RETRIES = {
    # Prefect's server answers 500 while its database is away: retried for a minute, as its client does with a 503
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
}

GC_THRESHOLDS = (50_000, 20, 50)
"""Thresholds of the garbage collector: with Python's own, it takes a seventh of the time of a command."""


def prepare(*, verbose: bool = False) -> Home:
    """Quiet the packages and, unless a Prefect server is configured, keep Prefect's state below the home."""
    gc.set_threshold(*GC_THRESHOLDS)
    keep_quiet()
    for line in prepare_network():
        say(f"warning: {line}")
    for name, value in (TERSE | RETRIES).items():
        os.environ.setdefault(name, value)
    for name in OF_MLFLOW_RUN:
        os.environ.pop(name, None)
    if verbose:
        os.environ["PREFECT_LOGGING_LEVEL"] = "INFO"
        os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "INFO"
        os.environ["MLFLOW_LOGGING_LEVEL"] = "INFO"
    else:
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # a traceback of what it raises as well
    home = Home.from_environment()
    _name_user(home)
    if not prefect_server_is_configured():
        os.environ.setdefault("PREFECT_HOME", str(home.prefect))
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
        os.environ.update(prefect_database(Path(os.environ["PREFECT_HOME"])))
    return home


def move_home(folder: Path) -> Home:
    """Keep the state in another folder from here on; comes before Prefect and MLflow are imported."""
    if os.environ.get("PREFECT_HOME") == str(Home.from_environment().prefect):
        for name in ("PREFECT_HOME", PREFECT_DATABASES[0]):
            os.environ.pop(name, None)
    os.environ[ENVIRONMENT_VARIABLE] = str(folder)
    home = prepare()
    ensure_state(home)
    return home


def _name_user(home: Home) -> None:
    """Give a user id without an account, as containers run under, what packages ask for: a name and a folder."""
    try:
        getuser()
    except (KeyError, OSError):
        os.environ["USER"] = f"uid-{os.getuid()}"
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(home.root / "user")


def prefect_database(folder: Path) -> dict[str, str]:
    """Prefect pastes its folder into an URL, where a question mark would end it: then we name the database."""
    if "?" not in str(folder) or any(os.environ.get(name) for name in PREFECT_DATABASES):
        return {}
    return {PREFECT_DATABASES[0]: sqlite_url(folder / "prefect.db", "aiosqlite")}


def ensure_state(home: Home) -> None:
    """Create the folders of the embedded state: Prefect makes its own, but not the parents of it.

    :raises ConfigurationError: If the home cannot be used.
    :raises HomeError: If an embedded database is damaged, locked away or of a later release: Prefect's server would
        only time out, and MLflow would fail after the work was done.
    """
    home.ensure()
    require_usable_network()
    of_prefect = os.environ.get("PREFECT_HOME") == str(home.prefect)
    if of_prefect:
        home.prefect.mkdir(exist_ok=True)
    if is_full(home.root):  # reading still works, and MLflow drops traces without a word
        say(f"warning: {Cause.SPACE} at {home.root}: nothing can be stored, traces of answers neither")
    require_usable_databases(home, of_prefect=of_prefect)


def require_usable_databases(home: Home, *, of_prefect: bool = True) -> None:
    """Refuse embedded databases that nobody could open.

    :raises HomeError: If one is damaged, locked away or of a later release.
    """
    databases = {"MLflow": home.mlflow_database}
    if of_prefect:
        databases["Prefect"] = home.prefect / "prefect.db"
    for owner, database in databases.items():
        if database.is_file() and database.stat().st_size:
            _require_usable(owner, database)


def _require_usable(owner: str, database: Path) -> None:
    if not os.access(database, os.R_OK | os.W_OK):
        raise HomeError(
            f"the {owner} database {str(database)!r} cannot be used: {Cause.PERMISSION}",
            hint=way_out(Cause.PERMISSION, str(database), ""),
        )
    if not is_sqlite(database):
        raise HomeError(
            f"the {owner} database {str(database)!r} cannot be read: it is not a sqlite file",
            hint="Restore it from a backup, or move it away: the next run starts a new one.",
        )
    if unknown := _unknown_schema(owner, database):
        raise HomeError(
            f"the {owner} database {str(database)!r} has the schema {unknown}, which {owner} {version(owner.lower())} "
            f"does not know: it is {Cause.VERSION}",
            hint=way_out(Cause.VERSION, str(database), ""),
        )


def _unknown_schema(owner: str, database: Path) -> str | None:
    """The database's schema, if a later release of its owner made it: each migration is a file with the schema's id."""
    package = find_spec(owner.lower())
    if package is None or package.origin is None:
        return None
    try:
        with closing(connect_read_only(database)) as connection:
            schemas = [str(row[0]) for row in connection.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.Error:  # not made yet, in use, or damaged: whoever opens it says so
        return None
    folder = Path(package.origin).parent / MIGRATIONS[owner]
    return next((schema for schema in schemas if not _is_known(schema, folder)), None)


def _is_known(schema: str, migrations: Path) -> bool:
    """Whether a migration leads to the schema; most bear its id in their name, and all inside."""
    if any(migrations.glob(f"*{schema}*.py")):
        return True
    return any(f'"{schema}"' in file.read_text(encoding="utf-8") for file in migrations.glob("*.py"))


def prefect_server_is_configured() -> bool:
    """Whether ``PREFECT_API_URL`` or the active Prefect profile names a server; they win over the embedded one."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    prefect_home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or prefect_home / "profiles.toml").expanduser()
    try:
        content = tomllib.loads(profiles.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE") or content.get("active")
    profile = content.get("profiles", {}).get(active, {})
    return bool(profile.get("PREFECT_API_URL"))
