"""The receipt of erasure, and the journal by which an interrupted one goes on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from tasks_lib.errors import InputError
from tasks_lib.forgetting.needles import Needles

Kind = Literal["document", "text", "trace", "user"]
INTERRUPTED = "forget-"
"""Of the journal's file name, in the folder of what is unfinished."""


class Removed(BaseModel):
    """What was taken out of one place; of a dry run, what would be."""

    place: str = Field(description="Such as `index` or `traces`.")
    what: str
    count: int


class Remains(BaseModel):
    """What could not be taken out, and what to do about it."""

    place: str
    why: str


class Receipt(BaseModel):
    """What became of a request to forget. It does not name what was forgotten."""

    kind: Kind
    digest: str = Field(description="Keyed digest of what was forgotten: this home tells by it whether it was.")
    done: bool = Field(description="False of a dry run, which only lists.")
    removed: list[Removed]
    remains: list[Remains]
    kept_out: bool = Field(default=False, description="Whether it does not come into an index again.")
    resumed: bool = Field(default=False, description="Whether an interrupted run was brought to its end.")
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Everything that was taken out."""
        return sum(each.count for each in self.removed)


class Progress(BaseModel):
    """What an interrupted run had done. It holds what was looked up, which is gone by then; never a person's value."""

    kind: Kind
    digest: str
    needles: Needles | None = None
    documents: list[tuple[str, str, str]] = Field(default_factory=list, description="Source, path and hash.")
    trace_ids: dict[str, list[str]] = Field(default_factory=dict, description="Experiment → traces.")
    steps: list[str] = Field(default_factory=list)
    removed: list[Removed] = Field(default_factory=list)


class Journal:
    """Progress in a file that only its owner may read; it is gone once all is done."""

    def __init__(self, folder: Path, kind: Kind, digest: str) -> None:
        self.path = folder / f"{INTERRUPTED}{digest[:16]}.json"
        self.resumed = self.path.exists()
        self.progress = Progress(kind=kind, digest=digest)
        if self.resumed:
            self.progress = _read(self.path)

    def run(self, step: str, work: Callable[[], list[Removed]]) -> None:
        """Do a step, unless it is done."""
        if step in self.progress.steps:
            return
        found = work()
        self.progress.removed += [each for each in found if each.count]
        self.progress.steps.append(step)
        self.save()

    def save(self) -> None:
        """Write the progress in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.path.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(self.progress.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self.path)

    def close(self) -> None:
        """All is done."""
        self.path.with_suffix(".new").unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def interrupted(folder: Path, but: str) -> int:
    """How many other requests were interrupted, and never brought to their end."""
    return sum(path.stem != f"{INTERRUPTED}{but[:16]}" for path in folder.glob(f"{INTERRUPTED}*.json"))


def _read(path: Path) -> Progress:
    try:
        return Progress.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"the journal {str(path)!r} of an interrupted run cannot be read", hint="Remove it, and run this again."
        ) from error
