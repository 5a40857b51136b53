"""Out of the files of a home: reports, artifacts, logs, Evidently's workspace, caches of sources and of batches."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tasks_lib.forgetting.needles import Needles
from tasks_lib.forgetting.receipt import INTERRUPTED
from tasks_lib.forgetting.redaction import redacted_file
from tasks_lib.home import Home, is_sqlite

CODE = ("artifacts", "code")
"""Folder of a registered version that holds code, and nothing that anybody said."""


def cached_files(home: Home) -> list[Path]:
    """Copies of sources and of prepared batches, which are made anew when they are needed."""
    return [path for path in (home.root / "cache").rglob("*") if path.is_file()]


def delete_caches(home: Home) -> int:
    """Delete all of them; how many there were."""
    found = len(cached_files(home))
    shutil.rmtree(home.root / "cache", ignore_errors=True)
    return found


def files_with(home: Home, needles: Needles) -> list[Path]:
    """Files of the home that hold the needles, in their name or in their content."""
    return [path for path in _files(home) if _clean(home, path, needles) is not _SAME]


def redact_files(home: Home, needles: Needles) -> int:
    """Take the needles out of the files of the home; how many had them.

    What cannot be written without them is deleted: pictures, archives, and files whose names have them.
    """
    changed = 0
    for path in list(_files(home)):
        clean = _clean(home, path, needles)
        if clean is _SAME:
            continue
        changed += 1
        if isinstance(clean, bytes):
            scratch = path.with_name(f"{path.name}.new")
            scratch.write_bytes(clean)
            scratch.chmod(path.stat().st_mode)
            scratch.replace(path)
        else:
            path.unlink(missing_ok=True)
    return changed


_SAME = object()


def _clean(home: Home, path: Path, needles: Needles) -> object:
    """The content without the needles; `None` for a file to delete, `_SAME` for one that stays as it is."""
    relative = path.relative_to(home.root)
    if any(needles.found_in(part) for part in (relative.as_posix(), *relative.parts)):
        return None
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _SAME
    clean = redacted_file(path.name, data, needles)
    return _SAME if clean == data else clean


def _files(home: Home) -> Iterator[Path]:
    """All but databases, indexes, and what forgets by itself: keys, digests, the audit and the journal."""
    own = {home.api_keys, home.pseudonym_secret, home.forget_secret, home.forgotten, home.audit}
    apart = (home.indexes, home.locks, home.root / "cache")
    for path in home.root.rglob("*"):
        if path in own or path.name.startswith(INTERRUPTED) or any(path.is_relative_to(each) for each in apart):
            continue
        if not path.is_file() or path.is_symlink() or _is_code(path) or _is_database(path):
            continue
        yield path


def _is_code(path: Path) -> bool:
    parts = path.parts
    return any(parts[at : at + len(CODE)] == CODE for at in range(len(parts) - 1))


def _is_database(path: Path) -> bool:
    database = path.with_name(path.name.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal"))
    return database.is_file() and database.suffix in {".db", ".sqlite", ".sqlite3"} and is_sqlite(database)
