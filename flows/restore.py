"""`llmops restore`: a backup is checked, brought up to what was decided since, and put in the home's place."""

import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil
from filelock import FileLock, Timeout
from pydantic import BaseModel, Field

from blocks.local import LocalPlatform
from flows.command.environment import require_usable_databases
from flows.erasure import erase
from flows.origin import origin
from tasks_lib.backup.archive import check, extract, opened_archive
from tasks_lib.backup.block_keys import places_of_keys
from tasks_lib.backup.contents import is_empty
from tasks_lib.backup.manifest import Manifest
from tasks_lib.backup.since import Since, ToForget, carry_over, find_forgotten
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, StorageError
from tasks_lib.forgetting.documents import states_of
from tasks_lib.home import DEFAULT_HOME, ENVIRONMENT_VARIABLE, Home
from tasks_lib.home_replacement import discard_replacement, prepare_replacement, replace_contents
from tasks_lib.progress import advance
from tasks_lib.registry.audit import write_audit
from tasks_lib.registry.tracking import connect

ENDPOINT = "serving"
"""Module that the endpoint's processes run."""
SERVERS = {"mcp", "review", "serve", "up"}


class Again(BaseModel):
    """What the backup held, though it was forgotten after it was made: it was forgotten once more."""

    documents: int = 0
    texts: int = 0
    traces: int = 0


class RestoreResult(BaseModel):
    """What was restored."""

    archive: str
    home: str
    version: str = Field(description="Release that made the backup.")
    created_at: datetime
    files: int
    bytes: int
    indexes: list[str]
    restored: bool = Field(description="False of a check, which changes nothing.")
    replaced: bool = Field(default=False, description="Whether the home held something, which is gone.")
    forgotten_again: Again = Field(default_factory=Again)
    kept_keys: bool = Field(default=False, description="Whether the API keys are those of the home as it was.")
    keys_outside: list[str] = Field(
        default_factory=list, description="Places of API keys outside of the home, which stay as they are."
    )
    closed_blocks: list[str] = Field(
        default_factory=list, description="Blocks with API keys that were taken out: nobody knows what was ended since."
    )
    seconds: float = 0.0


def restore(
    archive: Path,
    settings: Settings,
    *,
    replace: bool = False,
    check_only: bool = False,
    forgotten: Path | None = None,
) -> RestoreResult:
    """Put a backup in the place of the home's contents, once every file of it was found to be what was backed up.

    A kill leaves the home as it was, or as it is to be: the next command goes on with the last step.

    :param replace: Whether the home may hold something.
    :param check_only: Only compare the files with the manifest.
    :param forgotten: Folder with what was decided since (`forgotten.json`, `forget-secret`, `audit.jsonl`); the home
        itself without it.
    :raises InputError: If the backup is none, is damaged or of a later format, the home holds something or is in use.
    :raises StorageError: If there is no room for it.
    """
    started, home = time.monotonic(), Home.from_environment()
    later = _later(forgotten, home)
    with opened_archive(archive.expanduser().absolute()) as (opened, manifest):
        result = RestoreResult(
            archive=str(archive.absolute()),
            home=str(home.root),
            version=manifest.version,
            created_at=manifest.created_at,
            files=len(manifest.files),
            bytes=manifest.size,
            indexes=manifest.indexes,
            restored=not check_only,
        )
        if check_only:
            check(opened, manifest, lambda done: advance("check", done, len(manifest.files)))
            return result
        home.ensure()
        with _alone(home, replace=replace):
            full = not is_empty(home)
            _require_room(home, manifest)
            since, again = _prepare(opened, manifest, home, later, settings)
            replace_contents(home.root)
    done: dict[str, object] = {"replaced": full, "kept_keys": since.keys, "closed_blocks": since.closed}
    done |= {"keys_outside": places_of_keys(home), "seconds": round(time.monotonic() - started, 2)}
    counts = Again(documents=len(again.documents), texts=len(again.texts), traces=len(again.traces))
    return result.model_copy(update={**done, "forgotten_again": counts})


def _prepare(
    opened: zipfile.ZipFile, manifest: Manifest, home: Home, later: Home, settings: Settings
) -> tuple[Since, ToForget]:
    """The new contents, whole, in the folder from which they will be moved."""
    new = Home(prepare_replacement(home.root))
    try:
        extract(opened, manifest, new.root, lambda done: advance("restore", done, len(manifest.files)))
        require_usable_databases(new)
        since = carry_over(later, new)
        again = _forget_again(since, new, settings)
        before = f"{opened.filename and Path(opened.filename).name} of {manifest.created_at:%Y-%m-%d %H:%M}"
        write_audit(new, "restored", {"by": origin().by, "about": "home", "after": before})
        shutil.rmtree(new.locks)
    except BaseException:
        discard_replacement(home.root)
        raise
    return since, again


def _forget_again(since: Since, new: Home, settings: Settings) -> ToForget:
    if not since.forgot:
        return ToForget()
    platform = LocalPlatform(new)
    found = find_forgotten(since, platform, connect(platform, settings.assistant), new)
    for source, path in found.documents:
        if (source, path) in set(_present(platform)):  # attachments and copies go with another one
            erase("document", path, settings, platform, source=source)
    for text in found.texts:
        erase("text", text, settings, platform)
    for trace in found.traces:
        with suppress(InputError):  # it went with a document or a text
            erase("trace", trace, settings, platform)
    return found


def _present(platform: LocalPlatform) -> Iterator[tuple[str, str]]:
    for name in platform.indexes():
        for state in states_of(platform.open_index(name)):
            for source in state.info().sources:
                yield from ((source, path) for path in state.manifest(source))


def _later(forgotten: Path | None, home: Home) -> Home:
    if forgotten is None:
        return home
    folder = Home(forgotten.expanduser().absolute())
    if not folder.forgotten.is_file() and not folder.audit.is_file():
        raise InputError(
            f"{str(folder.root)!r} has no {folder.forgotten.name} and no {folder.audit.name}",
            hint="Name a folder with copies of them, and of forget-secret, as they were last.",
        )
    return folder


@contextmanager
def _alone(home: Home, *, replace: bool) -> Iterator[None]:
    """Nobody else restores, forgets or backs up; the home is empty, or may be replaced and is used by nobody."""
    try:
        with FileLock(home.locks / "forget.lock", timeout=0), FileLock(home.locks / "up.lock", timeout=0):
            if not is_empty(home) and not replace:
                raise InputError(
                    f"{str(home.root)!r} holds something already",
                    hint=f"Set {ENVIRONMENT_VARIABLE} to another folder, or replace what it holds with --replace; "
                    "`llmops backup` keeps it first.",
                )
            if users := _users_of(home):
                raise InputError(
                    f"{str(home.root)!r} is in use by {', '.join(users)}",
                    hint="Stop the endpoint, `llmops up` and the workers, then run this again.",
                )
            yield
    except Timeout as error:
        raise InputError(
            f"{str(home.root)!r} is in use: `llmops up` runs on it, or something is being forgotten or backed up",
            hint="Stop it or wait for its end, then run this again.",
        ) from error


def _users_of(home: Home) -> list[str]:
    """Processes of this machine that have files of the home open, or run its endpoint."""
    own = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    found, root = [], os.path.realpath(home.root)
    for process in psutil.process_iter():
        try:
            if process.pid not in own and (_holds(process, root) or _serves(process, root)):
                found.append(f"process {process.pid} ({process.name()})")
        except (psutil.Error, OSError):  # of another user, or just ended
            continue
    return found


def _holds(process: psutil.Process, root: str) -> bool:
    return any(file.path.startswith(f"{root}{os.sep}") for file in process.open_files())


def _serves(process: psutil.Process, root: str) -> bool:
    """Whether it is an endpoint on the home: between two requests it has no file open."""
    words = {Path(part).name for part in process.cmdline()}
    if ENDPOINT not in words and not ("llmops" in words and words & SERVERS):
        return False
    named = process.environ().get(ENVIRONMENT_VARIABLE) or DEFAULT_HOME
    return os.path.realpath(Path(process.cwd()) / Path(named).expanduser()) == root


def _require_room(home: Home, manifest: Manifest) -> None:
    free = shutil.disk_usage(home.root).free
    if free < manifest.size:
        raise StorageError(
            f"the backup takes {manifest.size:,} bytes, and {free:,} are free at {str(home.root)!r}",
            hint="What the home holds stays until the backup is in its place: free space for both.",
        )
