"""The code that registered versions carry, compared file by file."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from tasks_lib.registry.live import LiveVersion

CODE = "code"
"""Folder of a version's artifacts that holds what it carries."""
REQUIREMENTS = "requirements.txt"
LONGEST = 400
"""Lines of the differences of one file that are told."""


class FileChange(BaseModel):
    """A file that is another one."""

    path: str
    change: Literal["added", "removed", "changed"]
    plus: int = Field(default=0, description="Lines that are new.")
    minus: int = Field(default=0, description="Lines that are gone.")
    lines: list[str] = Field(default_factory=list, description="The differences as `diff -u` writes them; no binary's.")


def code_of(version: "LiveVersion") -> dict[str, bytes]:
    """Path → content of every file that a version carries, and of the list of its packages."""
    from mlflow.artifacts import download_artifacts

    folder = Path(download_artifacts(version.uri))
    files = [path for path in (folder / CODE).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    named = {path.relative_to(folder / CODE).as_posix(): path.read_bytes() for path in files}
    requirements = folder / REQUIREMENTS
    return {**named, **({REQUIREMENTS: requirements.read_bytes()} if requirements.is_file() else {})}


def code_changes(before: dict[str, bytes], after: dict[str, bytes]) -> list[FileChange]:
    """What is another file in `after`, in the order of the paths."""
    return [
        _change(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]


def text_changes(before: str, after: str) -> list[str]:
    """The differences of two texts as `diff -u` writes them, without its head; none where they are the same."""
    found = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    return found if len(found) <= LONGEST else [*found[:LONGEST], f"… and {len(found) - LONGEST} lines more"]


def _change(path: str, before: bytes | None, after: bytes | None) -> FileChange:
    kind: Literal["added", "removed", "changed"] = (
        "added" if before is None else "removed" if after is None else "changed"
    )
    try:
        old, new = (before or b"").decode(), (after or b"").decode()
    except UnicodeDecodeError:  # weights of a model
        return FileChange(path=path, change=kind)
    marks = [line[:1] for line in difflib.ndiff(old.splitlines(), new.splitlines())] if _short(old, new) else []
    lines = text_changes(old, new) if kind == "changed" and marks else []
    return FileChange(path=path, change=kind, plus=marks.count("+"), minus=marks.count("-"), lines=lines)


def _short(*texts: str) -> bool:
    """Lists of words with a million lines are told by their name only."""
    return max(text.count("\n") for text in texts) <= 5_000
