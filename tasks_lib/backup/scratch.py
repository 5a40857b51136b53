"""The file that an archive is written to before it has its name; what a killed backup left goes with the next one."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tasks_lib.errors import InputError

UNFINISHED = ".unfinished"
EMPTY_SECONDS = 60.0
"""For which a file may be empty: a backup locks it as soon as it has made it, and writes then."""
_AS_IT_IS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""No link is followed, and no pipe waited for."""
_MAGIC = b"PK\x03\x04"


@contextmanager
def scratch_of(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target` that only its owner may read. It gets that name at the end, or goes if there is none.

    It is locked, so that another backup into the same folder knows that somebody is writing it.

    :raises InputError: If another backup is writing the same archive.
    """
    scratch = target.with_name(f".{target.name}{UNFINISHED}")
    _remove_left(target.parent)
    try:
        descriptor = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(
            f"{str(target)!r} is being written by another backup ({str(scratch)!r})",
            hint="Wait for its end, or name another file. If none is running, delete it.",
        ) from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with suppress(OSError):  # some network disks have no locks
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
            file.flush()
            os.fsync(file.fileno())
            scratch.rename(target)
    finally:
        scratch.unlink(missing_ok=True)


def _remove_left(folder: Path) -> None:
    """Delete archives that nobody is writing any more. What is no archive of ours, or cannot be known, stays."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError), os.fdopen(os.open(path, _AS_IT_IS), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_archive(file):
                path.unlink()


def _is_archive(file: BinaryIO) -> bool:
    about = os.fstat(file.fileno())
    if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid():
        return False
    if about.st_size:
        return file.read(len(_MAGIC)) == _MAGIC
    return time.time() - about.st_mtime > EMPTY_SECONDS
