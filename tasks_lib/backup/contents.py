"""What of a home goes into a backup, in the order in which it may be read while others write."""

import os
from collections.abc import Iterator
from pathlib import Path

from tasks_lib.forgetting.databases import is_database
from tasks_lib.home import Home
from tasks_lib.home_replacement import REPLACEMENT

SNAPSHOTS = "backup-snapshots"
"""Folder below `unfinished` for copies of databases."""
_MADE_ANEW = {"cache", "locks", REPLACEMENT}
_SCRATCH = (".lock", ".new")
_COMPANIONS = ("-wal", "-shm", "-journal")


def databases(home: Home) -> list[Path]:
    """Sqlite files, which are copied by sqlite: bytes that are read while somebody writes are no database."""
    return [path for path in _files(home) if is_database(path)]


def index_files(home: Home) -> Iterator[Path]:
    """Files of the indexes; of each table the commits first, since these name data that was written before them."""
    found = [path for path in _files(home) if path.is_relative_to(home.indexes)]
    return iter(sorted(found, key=lambda path: ("_versions" not in path.parts, path)))


def other_files(home: Home) -> Iterator[Path]:
    """Artifacts, keys, lists, logs and reports."""
    return (path for path in _files(home) if not path.is_relative_to(home.indexes) and not is_database(path))


def is_empty(home: Home) -> bool:
    """Whether nothing was ever kept there; what every command writes (locks, a log of its failure) is nothing."""
    return all(path.name == "last-error.log" for path in _files(home))


def _files(home: Home) -> Iterator[Path]:
    """Every file, those behind links to other disks as well."""
    seen: set[str] = set()
    for folder, folders, names in os.walk(home.root, followlinks=True):
        place = Path(folder)
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not _is_left_out(home, place / name))
        for name in sorted(names):
            path = place / name
            if path.is_file() and not name.endswith(_SCRATCH) and not _is_companion(path):
                yield path


def _is_left_out(home: Home, folder: Path) -> bool:
    return folder == home.unfinished / SNAPSHOTS or (folder.parent == home.root and folder.name in _MADE_ANEW)


def _is_companion(path: Path) -> bool:
    """Whether a file is the journal of a database: what it holds is in the copy that sqlite makes."""
    for ending in _COMPANIONS:
        if path.name.endswith(ending):
            return is_database(path.with_name(path.name.removesuffix(ending)))
    return False
