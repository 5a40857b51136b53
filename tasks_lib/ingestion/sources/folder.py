"""Documents below a folder."""

import hashlib
import os
import shlex
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile
from tasks_lib.ingestion.sources.name import folder_of, former_names, source_name
from tasks_lib.ingestion.sources.selection import ACCESS_FILE, IGNORE_FILE, Selection
from tasks_lib.text.rows import lines_of


class FolderSource:
    """The files below a folder. Hidden files are left out, and so is what `.llmopsignore` names, written as .gitignore.

    Links to files are followed, and links to folders outside; a link to a folder inside is no second way in. Where the
    folder itself is a link, one run reads what it points to at the beginning; the source's name is that of the link.
    """

    def __init__(self, root: Path, include: tuple[str, ...] = (), suffixes: Collection[str] = FORMATS) -> None:
        root = folder_of(str(root))
        if not root.exists():
            msg = f"folder {str(root)!r} does not exist"
            raise InputError(
                msg,
                hint="Check the path given as --source (ingest.source). If it is gone for good, take its documents out "
                f"of the index: llmops index remove-source {shlex.quote(str(root))}",
            )
        if not root.is_dir():
            msg = f"source {str(root)!r} is a file, not a folder"
            raise InputError(msg, hint=f"Name its folder, and pick the file with --include {root.name!r}.")
        self.root = root.resolve()
        self.uri = source_name(str(root))
        self.former = former_names(root)
        self.include = include
        self.suffixes = suffixes
        self._selection = Selection(include, (), suffixes)

    def files(self) -> Iterator[SourceFile]:
        """Matching files in the order of their paths; what cannot be read comes with its `problem`."""
        selection = self._selection = Selection(self.include, self._ignore_lines(), self.suffixes)
        yield from self._below(self.root, "", selection, {str(self.root)})

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        return self._selection.skipped()

    def access_files(self) -> list[SourceFile]:
        """Sidecars of access that the last listing saw."""
        return list(self._selection.access_files)

    def content_hash(self, file: SourceFile) -> str:
        """SHA-256 of the bytes."""
        with (self.root / file.path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one file.

        :raises OSError: If it cannot be read, or was changed since it was listed as `etag`.
        """
        with (self.root / path).open("rb") as stream:
            content = stream.read()
            current = _etag(os.fstat(stream.fileno()))
        if etag and current != etag:
            msg = "changed while it was read; the next run takes it"
            raise OSError(msg)
        return content

    def _ignore_lines(self) -> list[str]:
        path = self.root / IGNORE_FILE
        try:
            return lines_of(path.read_text(encoding="utf-8-sig")) if path.is_file() else []
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{IGNORE_FILE} of {str(self.root)!r} cannot be read: {error}"
            raise InputError(msg, hint="Save it as UTF-8 text that you may read.") from error

    def _below(self, folder: Path, prefix: str, selection: Selection, seen: set[str]) -> Iterator[SourceFile]:
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=_path_order)
        except OSError as error:
            yield _unreadable(prefix, f"folder cannot be read: {error.strerror or error}")
            return
        for entry in entries:
            path = prefix + entry.name
            if entry.name == ACCESS_FILE:
                selection.access_files.append(_file(entry, path))
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                yield from self._folder(entry, f"{path}/", selection, seen)
            elif selection.takes(path):
                yield _file(entry, path)

    def _folder(self, entry: os.DirEntry[str], path: str, selection: Selection, seen: set[str]) -> Iterator[SourceFile]:
        if selection.ignores(path):
            return
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if Path(target).is_relative_to(self.root) or self.root.is_relative_to(target):
                yield _unreadable(path.removesuffix("/"), "symbolic link to a folder of the same source (a loop)")
                return
            if target in seen:
                return
            seen.add(target)
        yield from self._below(Path(entry.path), path, selection, seen)


def _path_order(entry: os.DirEntry[str]) -> str:
    """Sorts folders among files as their full paths sort."""
    return f"{entry.name}/" if _is_folder(entry) else entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points to itself
        return False


def _file(entry: os.DirEntry[str], path: str) -> SourceFile:
    try:
        path.encode()
    except UnicodeEncodeError:
        return _unreadable(os.fsencode(path).decode("utf-8", "backslashreplace"), "the name is not valid UTF-8")
    try:
        status = entry.stat()
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror or error}")
    if not stat.S_ISREG(status.st_mode):
        return _unreadable(path, "not a regular file")
    return SourceFile(path, status.st_size, _etag(status))


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}"


def _unreadable(path: str, problem: str) -> SourceFile:
    return SourceFile(path or "/", 0, "", problem)
