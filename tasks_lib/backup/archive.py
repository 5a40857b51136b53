"""Write the archive of a home while it is used, and take one apart, file by file, against its manifest."""

import hashlib
import os
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile

from pydantic import ValidationError

from tasks_lib.backup.contents import SNAPSHOTS, databases, index_files, other_files
from tasks_lib.backup.manifest import FILES, FORMAT, NAME, BackedUpFile, Manifest
from tasks_lib.backup.scratch import scratch_of
from tasks_lib.errors import HomeError, InputError
from tasks_lib.home import Home
from tasks_lib.home_replacement import REPLACEMENT

_CHUNK = 1 << 20
_IN_MEMORY = 32 << 20
_QUICK = 1
"""Level of compression: vectors hardly get smaller, and a backup should not take the machine."""
PATIENCE_SECONDS = 60.0
"""For which another process may hold a database."""


class ArchiveWriter:
    """An archive that is being written. A file is read to its end before its size and digest are noted."""

    def __init__(self, archive: zipfile.ZipFile, home: Home) -> None:
        self._archive, self._home = archive, home
        self.files: list[BackedUpFile] = []

    def databases(self) -> None:
        """Copy each database with sqlite's own backup, as it is at one moment.

        :raises HomeError: If one is damaged.
        """
        folder = self._home.unfinished / SNAPSHOTS
        folder.mkdir(parents=True, exist_ok=True)
        for path in databases(self._home):
            copy = folder / "snapshot.db"
            copy.unlink(missing_ok=True)  # of a backup that was killed
            try:
                _snapshot(path, copy)
                self._add(copy, path.relative_to(self._home.root), path.stat().st_mode)
            finally:
                copy.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()

    def indexes(self) -> None:
        """Add the indexes. Their writers must be kept out meanwhile."""
        self._add_all(index_files(self._home))

    def others(self) -> None:
        """Add everything else; a file that has gone since it was listed was somebody's scratch."""
        self._add_all(other_files(self._home))

    def close(self, version: str, indexes: list[str]) -> Manifest:
        """Write the manifest."""
        manifest = Manifest(
            format=FORMAT,
            version=version,
            created_at=datetime.now(UTC),
            home=str(self._home.root),
            indexes=indexes,
            files=self.files,
        )
        self._archive.writestr(NAME, manifest.model_dump_json(indent=1))
        return manifest

    def _add_all(self, paths: Iterator[Path]) -> None:
        for path in paths:
            with suppress(FileNotFoundError):
                self._add(path, path.relative_to(self._home.root), path.stat().st_mode)

    def _add(self, path: Path, name: Path, mode: int) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file, SpooledTemporaryFile(_IN_MEMORY, dir=str(self._home.unfinished)) as spool:
            while data := file.read(_CHUNK):
                digest.update(data)
                size += len(data)
                spool.write(data)
            spool.seek(0)
            member = zipfile.ZipInfo(FILES + _writable(name))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (mode & 0o777) << 16
            with self._archive.open(member, "w", force_zip64=True) as target:
                while data := spool.read(_CHUNK):
                    target.write(data)
        entry = BackedUpFile(path=name.as_posix(), size=size, sha256=digest.hexdigest(), mode=mode & 0o777)
        self.files.append(entry)


@contextmanager
def writing_archive(target: Path, home: Home) -> Iterator[ArchiveWriter]:
    """An archive that has its name once it is whole; only its owner may read it."""
    home.unfinished.mkdir(exist_ok=True)
    with (
        scratch_of(target) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as archive,
    ):
        yield ArchiveWriter(archive, home)


@contextmanager
def opened_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A backup with its manifest.

    :raises InputError: If it is none, was cut off, is of a later format, or holds other files than its manifest names.
    """
    if not path.is_file():
        raise InputError(f"there is no backup {str(path)!r}", hint="Name a file that `llmops backup` has written.")
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            _require_same_names(archive, manifest, path)
            yield archive, manifest
    except (zipfile.BadZipFile, KeyError) as error:
        raise InputError(
            f"{str(path)!r} is no backup, or was cut off: {error}",
            hint="Name a file that `llmops backup` has written, whole; an earlier one, if there is one.",
        ) from error


def check(archive: zipfile.ZipFile, manifest: Manifest, tell: Callable[[int], None]) -> None:
    """Compare every file with the manifest.

    :raises InputError: Naming the first that differs.
    """
    for number, file in enumerate(manifest.files):
        tell(number)
        for _ in _read(archive, file):
            pass


def extract(archive: zipfile.ZipFile, manifest: Manifest, folder: Path, tell: Callable[[int], None]) -> None:
    """Write every file below `folder`, and compare it with the manifest.

    :raises InputError: Naming the first that differs.
    """
    for number, file in enumerate(manifest.files):
        tell(number)
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            for data in _read(archive, file):
                target.write(data)
            target.flush()
            os.fsync(target.fileno())
        path.chmod(file.mode)


def _snapshot(path: Path, copy: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            found = target.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, no space, no permission: told as such
            raise
        found = str(error)
    if found != "ok":
        raise HomeError(
            f"the database {str(path)!r} is damaged: {found}",
            hint="Nothing was backed up. Restore the home from an earlier backup, or move the database away.",
        )


def _writable(name: Path) -> str:
    try:
        name.as_posix().encode()
    except UnicodeEncodeError as error:
        raise HomeError(
            f"the file {str(name)!r} has a name that is no UTF-8, which an archive cannot hold",
            hint="Rename it or move it out of the home.",
        ) from error
    return name.as_posix()


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    text = archive.read(NAME)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise InputError(
            f"the manifest of {str(path)!r} cannot be read by this release",
            hint="Restore it with the release that made it, or a later one.",
        ) from error


def _require_same_names(archive: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    if manifest.format > FORMAT:
        raise InputError(
            f"{str(path)!r} was made by llmops-flows {manifest.version}, in format {manifest.format}; this release "
            f"reads {FORMAT}",
            hint=f"Install llmops-flows {manifest.version} or later, then restore it.",
        )
    named = [FILES + file.path for file in manifest.files]
    held = [name for name in archive.namelist() if name != NAME]
    if sorted(named) != sorted(held) or len({*named}) != len(named):
        raise InputError(
            f"{str(path)!r} holds other files than its manifest names", hint="Restore another backup: it was changed."
        )
    for file in manifest.files:
        parts = PurePosixPath(file.path).parts
        if file.path.startswith("/") or ".." in parts or not parts or parts[0] in {REPLACEMENT, "locks"}:
            raise InputError(
                f"{str(path)!r} names a file outside the home: {file.path!r}",
                hint="Restore another backup: this one was changed.",
            )


def _read(archive: zipfile.ZipFile, file: BackedUpFile) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(FILES + file.path) as source:
            while data := source.read(_CHUNK):
                digest.update(data)
                size += len(data)
                yield data
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _differs(file) from error
    if size != file.size or digest.hexdigest() != file.sha256:
        raise _differs(file)


def _differs(file: BackedUpFile) -> InputError:
    return InputError(
        f"the backup is damaged: {file.path!r} is not what was backed up",
        hint="Nothing was restored. Take another copy of it, or an earlier backup.",
    )
