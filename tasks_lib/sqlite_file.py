"""Addresses of sqlite files: whatever the folder is called, the file lies where its path says."""

import sqlite3
from pathlib import Path


def sqlite_url(path: Path, driver: str = "") -> str:
    """SQLAlchemy's URL of the file at an absolute path.

    SQLAlchemy takes all that follows a question mark for options, and has no way to quote it; sqlite's own URIs have.
    The driver is named then, since MLflow makes a folder of what follows a bare `sqlite:///`.

    :param driver: Name of the DBAPI, such as `aiosqlite`; empty for Python's own.
    """
    if "?" not in str(path):
        return f"sqlite{'+' if driver else ''}{driver}:///{path}"
    return f"sqlite+{driver or 'pysqlite'}:///{path.as_uri().replace('///', '/', 1)}?uri=true"


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that never creates or changes the file.

    :raises sqlite3.OperationalError: If it is missing or cannot be read.
    """
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
