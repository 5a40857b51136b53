"""What the tests write and throw away costs no disk, and a new MLflow database is a copy of one that was migrated."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from filelock import FileLock

IN_MEMORY = Path("/dev/shm")
ENOUGH = 8 << 30
"""Bytes free from which the suite keeps its temporary files in memory; it takes a part of that."""


def keep_temporary_files_in_memory() -> None:
    """Each commit to sqlite waits for the disk. Where `TMPDIR` says where files go, and where memory is short, not."""
    if "TMPDIR" in os.environ or not IN_MEMORY.is_dir():
        return
    room = os.statvfs(IN_MEMORY)
    if room.f_bavail * room.f_frsize >= ENOUGH and not room.f_flag & os.ST_NOEXEC and os.access(IN_MEMORY, os.W_OK):
        os.environ["TMPDIR"] = str(IN_MEMORY)
        tempfile.tempdir = None  # read anew


class MigratedDatabases:
    """Stands in for MLflow's function that brings the tables of a database to its version.

    The first empty sqlite file is migrated as ever, which takes seconds; each later one is a copy of it.
    """

    def __init__(self, folder: Path, migrate: Any) -> None:
        self._template = folder / "migrated.db"
        self._migrate = migrate

    def __call__(self, engine: Any) -> None:
        """As MLflow's: `engine` is of SQLAlchemy."""
        file = engine.url.database
        if engine.dialect.name != "sqlite" or not file or file == ":memory:" or not _is_empty(file):
            self._migrate(engine)
            return
        self._make_template()
        engine.dispose()
        with closing(sqlite3.connect(self._template)) as template, closing(sqlite3.connect(file)) as new:
            template.backup(new)

    def _make_template(self) -> None:
        from sqlalchemy import create_engine

        with FileLock(f"{self._template}.lock"):
            if not self._template.exists():
                made = create_engine(f"sqlite:///{self._template}.part")
                self._migrate(made)
                made.dispose()
                Path(f"{self._template}.part").rename(self._template)


def _is_empty(file: str) -> bool:
    with closing(sqlite3.connect(file)) as connection:
        return not connection.execute("SELECT 1 FROM sqlite_master").fetchall()
