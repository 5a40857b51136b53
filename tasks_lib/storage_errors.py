"""Why a disk, a database or an index fails, from whatever a library raised: each cause has another way out.

A full disk, a missing permission and a lock leave the state healthy, and no hint may advise to throw it away.
"""

import errno
import re
import shutil
import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from tasks_lib.errors import StorageError

LEAST_FREE_BYTES = 256 * 1024
"""Free space below which a failure that does not name its cause is taken for a full disk."""


class Cause(StrEnum):
    """What is wrong with the storage; never with the data, but for `damage`."""

    SPACE = "no space left on the disk"
    PERMISSION = "no permission"
    LOCK = "locked by another process"
    VERSION = "of another release"
    DAMAGE = "damaged"


_OF_ERRNO = {
    errno.ENOSPC: Cause.SPACE,
    errno.EDQUOT: Cause.SPACE,
    errno.EFBIG: Cause.SPACE,
    errno.EACCES: Cause.PERMISSION,
    errno.EPERM: Cause.PERMISSION,
    errno.EROFS: Cause.PERMISSION,
}
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: Cause.SPACE,
    sqlite3.SQLITE_PERM: Cause.PERMISSION,
    sqlite3.SQLITE_READONLY: Cause.PERMISSION,
    sqlite3.SQLITE_BUSY: Cause.LOCK,
    sqlite3.SQLITE_LOCKED: Cause.LOCK,
    sqlite3.SQLITE_CORRUPT: Cause.DAMAGE,
    sqlite3.SQLITE_NOTADB: Cause.DAMAGE,
}
_OF_WORDS = (
    # LanceDB and SQLAlchemy hand on words where there was a number
    (r"no space left on device|os error 28\b|disk is full|quota exceeded|os error 122\b|file too large", Cause.SPACE),
    (r"permission denied|os error 13\b|read-only file ?system|os error 30\b|readonly database", Cause.PERMISSION),
    (r"database (table )?is locked", Cause.LOCK),
    (r"can't locate revision|out-of-date database schema", Cause.VERSION),
    (r"is not a database|disk image is malformed", Cause.DAMAGE),
)
_RAISED_BY = {"alembic", "builtins", "mlflow", "sqlalchemy", "sqlite3"}
"""Packages whose words are about files of this machine; a provider's "permission denied" is about something else."""
_PATTERNS = tuple((re.compile(words, re.IGNORECASE), cause) for words, cause in _OF_WORDS)


def cause_of(error: BaseException, place: Path | None = None) -> Cause | None:
    """The cause that the error, or one that it stems from, tells of; `None` if none does.

    :param place: A file or folder of the storage; a full disk there explains what names no cause.
    """
    for one in chain(error):
        if found := _own_cause(one):
            return found
    if place is not None and any(isinstance(one, (OSError, sqlite3.Error, RuntimeError)) for one in chain(error)):
        return Cause.SPACE if is_full(place) else None
    return None


def way_out(cause: Cause | None, place: str, otherwise: str) -> str:
    """The hint for a cause.

    :param place: What is concerned: a path, or the name of what lies there.
    :param otherwise: The way out of damage, and of what has no cause that we know.
    """
    if cause is Cause.SPACE:
        return f"Free disk space at {place}, then run the same command again: what is stored is not damaged."
    if cause is Cause.PERMISSION:
        return f"Let this user read and write {place} (see `ls -ld`, and whether the disk is mounted read-only)."
    if cause is Cause.LOCK:
        return "Another process writes there: wait until it has finished, then run the same command again."
    if cause is Cause.VERSION:
        return "Install the release that wrote it, or a later one; it is not damaged."
    return otherwise


def storage_error(error: BaseException, home: Path) -> StorageError | None:
    """The error in the user's words, if a full disk, a permission, a lock or the database's release is at its root.

    :param home: Where the state lies; an error that names another file is about that.
    """
    cause = cause_of(error, home)
    if cause is None or cause is Cause.DAMAGE:
        return None
    place = _place(error, cause, home)
    return StorageError(f"{place!r} cannot be used: {cause}", hint=way_out(cause, place, ""))


def is_full(place: Path) -> bool:
    """Whether the disk of a path, or of the nearest folder above that exists, has no space left for this user."""
    for folder in (place, *place.parents):
        if folder.exists():
            return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
    return False


def _place(error: BaseException, cause: Cause, home: Path) -> str:
    """The file that an error names; of a copy's two, and for a full disk, the one that has no space around it."""
    files = (
        name
        for one in chain(error)
        if isinstance(one, OSError)
        for name in (one.filename2, one.filename)
        if isinstance(name, str) and name
    )
    named = [*files, str(home)]
    if cause is Cause.SPACE:
        return next((name for name in named if is_full(Path(name))), named[0])
    return named[0]


def _own_cause(error: BaseException) -> Cause | None:
    if isinstance(error, OSError) and error.errno in _OF_ERRNO:
        return _OF_ERRNO[error.errno]
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int) and code & 0xFF in _OF_SQLITE:
        return _OF_SQLITE[code & 0xFF]
    if type(error).__module__.partition(".")[0] not in _RAISED_BY:
        return None
    text = str(error)
    return next((cause for pattern, cause in _PATTERNS if pattern.search(text)), None)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it stems from; `orig` is where SQLAlchemy keeps the driver's."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [getattr(one, "orig", None), one.__cause__, one.__context__]
