"""What a version carries: the code that answers and its data files, and nothing else.

These files are stored with a version, and are what its fingerprint hashes. A file beside them, such as the picture of a
monitoring report, makes no other version.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ASSISTANT = "assistant"
GROUND = (
    "__init__.py",
    "config",
    "deferred.py",
    "errors.py",
    "haystack_yaml.py",
    "home.py",
    "home_replacement.py",
    "network.py",
    "plugins.py",
    "progress.py",
    "py.typed",
    "quiet.py",
    "sqlite_file.py",
    "storage_errors.py",
    "text",
)
"""Of `tasks_lib`, what the assistant stands on."""
NOT_CARRIED = ("examples",)
"""Of other rooms, what does not travel: a wheel holds the sample handbook in `blocks`."""


def carried_files(rooms: Sequence[Path]) -> dict[str, Path]:
    """`room/relative/path` → file, sorted. Compiled and hidden files do not travel.

    :param rooms: The folders `tasks_lib` and `blocks`, wherever they are installed.
    """
    files = ((f"{room.name}/{path.relative_to(room).as_posix()}", path) for room in rooms for path in _files(room))
    return dict(sorted(files))


@contextmanager
def staged(rooms: Sequence[Path]) -> Iterator[list[Path]]:
    """Copies of `rooms` with the carried files only, as MLflow's `code_paths` takes them; gone at the end."""
    with TemporaryDirectory(prefix="llmops-version-") as folder:
        for name, path in carried_files(rooms).items():
            copy = Path(folder, name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        yield [Path(folder, room.name) for room in rooms]


def _files(room: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(room):
        top = Path(folder) == room
        folders[:] = [name for name in folders if _travels(room, name, top=top)]
        yield from (Path(folder, name) for name in files if _travels(room, name, top=top))


def _travels(room: Path, name: str, *, top: bool) -> bool:
    """Whether a file or folder of `room` is carried.

    :param top: Whether it lies directly in the room.
    """
    if name.startswith(".") or name == "__pycache__" or name.endswith(".pyc"):
        return False
    if not top:
        return True
    return name in (ASSISTANT, *GROUND) if room.name == "tasks_lib" else name not in NOT_CARRIED
