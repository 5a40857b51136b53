"""Put other contents into a home, in steps that whoever is killed in between leaves for the next one to finish.

A home may be a disk of its own, as in a container, which cannot be renamed. So its entries are exchanged one by one,
within one file system: from the mark on that says that the new ones are complete, every command first goes on with the
exchange, and nobody works on a mixture. Before the mark, nothing of the home has changed.
"""

import json
import os
import shutil
from itertools import count
from pathlib import Path

from filelock import FileLock

REPLACEMENT = ".restore"
"""Folder in the home of what comes in, and of what it replaces until all is done."""
_STAYS = {"locks", REPLACEMENT}
_COMPLETE = "complete"
"""The mark, with the names of what comes in."""
_PLACED = "placed"
"""The mark once all is in its place."""


def prepare_replacement(root: Path) -> Path:
    """An empty folder for the new contents; what an interrupted attempt left there is gone."""
    folder = root / REPLACEMENT
    shutil.rmtree(folder, ignore_errors=True)
    new = folder / "new"
    new.mkdir(parents=True, mode=0o700)
    return new


def replace_contents(root: Path) -> None:
    """Exchange the contents for those that were prepared; the former ones are deleted at the end."""
    folder = root / REPLACEMENT
    scratch = folder / "names"
    with scratch.open("w", encoding="utf-8") as file:
        json.dump(_names(folder / "new"), file)
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(folder / _COMPLETE)
    _sync(folder)
    finish_replacement(root)


def discard_replacement(root: Path) -> None:
    """Leave the home as it is, unless the exchange has begun."""
    if not (root / REPLACEMENT / _COMPLETE).exists():
        shutil.rmtree(root / REPLACEMENT, ignore_errors=True)


def finish_replacement(root: Path) -> None:
    """Go on with an exchange, if one is under way; may be done again and again."""
    folder = root / REPLACEMENT
    if not (folder / _COMPLETE).exists() and not (folder / _PLACED).exists():
        return
    (root / "locks").mkdir(exist_ok=True)
    with FileLock(root / "locks" / "restore.lock"):
        if (folder / _COMPLETE).exists():
            _exchange(root, folder / "new", folder / "old")
            (folder / _COMPLETE).rename(folder / _PLACED)
        if (folder / _PLACED).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _exchange(root: Path, new: Path, old: Path) -> None:
    """What is new lies in `new` until it has taken its place: by that an entry of the home is known as a former one."""
    names = set(json.loads((new.parent / _COMPLETE).read_text(encoding="utf-8")))
    old.mkdir(exist_ok=True)
    for name in _names(root):
        if name not in _STAYS and (name not in names or (new / name).exists()):
            (root / name).rename(_free(old / name))
    for name in _names(new):
        (new / name).rename(root / name)
    _sync(root)


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _free(path: Path) -> Path:
    """The path, or one beside it that nothing has: a process may have made an entry anew."""
    candidates = (path.with_name(f"{path.name}.{number}") for number in count(1))
    return path if not path.exists() else next(each for each in candidates if not each.exists())


def _sync(folder: Path) -> None:
    """Make the names in a folder last through a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
