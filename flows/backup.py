"""`llmops backup`: one archive of the home, made while ingests wait and the endpoint goes on."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, Field

from blocks.key_stores import outside_key_store
from blocks.local import LocalPlatform
from flows.origin import origin
from tasks_lib.backup.archive import writing_archive
from tasks_lib.backup.block_keys import places_of_keys
from tasks_lib.backup.contents import is_empty
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.home import Home
from tasks_lib.progress import advance
from tasks_lib.registry.audit import write_audit
from tasks_lib.registry.tracking import DISTRIBUTION

STEPS = 3


class BackupResult(BaseModel):
    """What was backed up."""

    archive: str
    home: str
    version: str = Field(description="Release of this project.")
    files: int
    bytes: int = Field(description="Of the files.")
    archive_bytes: int
    indexes: list[str]
    keys_outside: list[str] = Field(description="Places of API keys outside of the home.")
    seconds: float


def backup(target: Path | None, settings: Settings) -> BackupResult:
    """Write everything that the home holds into one archive that only its owner may read.

    :param target: The archive, or the folder for it; the working directory without it.
    :raises InputError: If there is nothing to back up, the file exists or is being written, its folder does not, or it
        would lie in the home.
    :raises IndexUnavailableError: If an index is being written for longer than `ingest.lock_timeout_seconds`.
    """
    started, home = time.monotonic(), Home.from_environment().ensure()
    if is_empty(home):
        raise InputError(
            f"there is nothing to back up in {str(home.root)!r}", hint="Set LLMOPS_HOME to the home that is in use."
        )
    place = _free_place(target, home)
    platform = LocalPlatform(home)
    indexes = platform.indexes()
    with _nothing_is_forgotten(home), writing_archive(place, home) as archive:
        with ExitStack() as writers:
            for name in indexes:
                writers.enter_context(platform.open_index(name).writing(settings.ingest.lock_timeout_seconds))
            advance("backup", 0, STEPS)
            archive.databases()
            advance("backup", 1, STEPS)
            archive.indexes()
        advance("backup", 2, STEPS)
        archive.others()
        manifest = archive.close(version(DISTRIBUTION), indexes)
    advance("backup", STEPS, STEPS)
    write_audit(home, "backed up", {"by": origin().by, "about": "home", "after": place.name})
    return BackupResult(
        archive=str(place),
        home=str(home.root),
        version=manifest.version,
        files=len(manifest.files),
        bytes=manifest.size,
        archive_bytes=place.stat().st_size,
        indexes=indexes,
        keys_outside=_keys_outside(home),
        seconds=round(time.monotonic() - started, 2),
    )


def _keys_outside(home: Home) -> list[str]:
    """What the environment names, and what the audit tells of platforms whose keys were made from here."""
    named = outside_key_store()
    return list(dict.fromkeys([*places_of_keys(home), *([named.place] if named else [])]))


def _free_place(target: Path | None, home: Home) -> Path:
    name = f"llmops-{datetime.now(UTC):%Y%m%d-%H%M%S}.backup.zip"
    place = Path(target or ".").expanduser().absolute()
    place = place / name if place.is_dir() else place
    if not place.parent.is_dir():
        raise InputError(f"there is no folder {str(place.parent)!r}", hint="Make it, or name another one.")
    if place.resolve().is_relative_to(home.root.resolve()):
        raise InputError(
            f"{str(place)!r} lies in the home that is to be backed up",
            hint="Name a file outside of it, best on another disk.",
        )
    if place.exists():
        raise InputError(f"there is a file {str(place)!r} already", hint="Name another one, or move it away.")
    return place


@contextmanager
def _nothing_is_forgotten(home: Home) -> Iterator[None]:
    """Keeps `llmops forget` waiting: a backup holds all of something, or nothing."""
    lock = FileLock(home.locks / "forget.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout as error:
        raise LlmopsError("something is being forgotten, or backed up, now", hint="Wait for its end.") from error
