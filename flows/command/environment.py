"""Set environment variables before Prefect, MLflow and Haystack are imported."""

import gc
import os
import tomllib
from pathlib import Path

from tasks_lib.errors import HomeError
from tasks_lib.home import Home, is_sqlite
from tasks_lib.quiet import keep_quiet
from tasks_lib.sqlite_file import sqlite_url

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
    for name, value in (TERSE | RETRIES).items():
        os.environ.setdefault(name, value)
    for name in OF_MLFLOW_RUN:
        os.environ.pop(name, None)
    if verbose:
        os.environ["PREFECT_LOGGING_LEVEL"] = "INFO"
        os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "INFO"
        os.environ["MLFLOW_LOGGING_LEVEL"] = "INFO"
    home = Home.from_environment()
    if not prefect_server_is_configured():
        os.environ.setdefault("PREFECT_HOME", str(home.prefect))
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
        _address_prefect_database(Path(os.environ["PREFECT_HOME"]))
    return home


def _address_prefect_database(folder: Path) -> None:
    """Prefect pastes its folder into an URL, where a question mark would end it: then we name the database."""
    if "?" in str(folder) and not any(os.environ.get(name) for name in PREFECT_DATABASES):
        os.environ[PREFECT_DATABASES[0]] = sqlite_url(folder / "prefect.db", "aiosqlite")


def ensure_state(home: Home) -> None:
    """Create the folders of the embedded state: Prefect makes its own, but not the parents of it.

    :raises ConfigurationError: If the home cannot be used.
    :raises HomeError: If an embedded database is damaged: Prefect's server would only time out, and MLflow would fail
        after the work was done.
    """
    home.ensure()
    databases = {"MLflow": home.mlflow_database}
    if os.environ.get("PREFECT_HOME") == str(home.prefect):
        home.prefect.mkdir(exist_ok=True)
        databases["Prefect"] = home.prefect / "prefect.db"
    for owner, database in databases.items():
        if database.is_file() and database.stat().st_size and not is_sqlite(database):
            raise HomeError(
                f"the {owner} database {str(database)!r} cannot be read: it is not a sqlite file",
                hint="Restore it from a backup, or move it away: the next run starts a new one.",
            )


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
