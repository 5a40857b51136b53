"""Documents below an address that fsspec reads: Google Cloud Storage, Azure, SFTP, WebDAV, GitHub, web folders, …."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tasks_lib.assistant.providers.redact import redact
from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.converters.reading import one_line
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile
from tasks_lib.ingestion.sources.fingerprint import Entry, fingerprint, fingerprint_again, is_digest, is_fresh
from tasks_lib.ingestion.sources.fsspec_client import OpenedFolder, open_folder, texts_in
from tasks_lib.ingestion.sources.name import source_name
from tasks_lib.ingestion.sources.selection import ACCESS_FILE, IGNORE_FILE, Selection
from tasks_lib.text.rows import lines_of


class FileSystemSource:
    """The files below a folder of any file system of fsspec; hidden ones and what `.llmopsignore` names are left out.

    What stands for the content is its digest where the file system lists one, else its size and time, as for rsync; its
    bytes where there is neither.
    """

    def __init__(
        self,
        uri: str,
        include: tuple[str, ...] = (),
        options: Mapping[str, Any] | None = None,
        suffixes: Collection[str] = FORMATS,
    ) -> None:
        self.uri = source_name(uri)
        self.former: tuple[str, ...] = ()
        self.include = include
        self.suffixes = suffixes
        self._secrets = tuple(texts_in(options or {}))
        self._options = dict(options or {})
        self._selection = Selection(include, (), suffixes)
        self._opened: OpenedFolder | None = None

    def files(self) -> Iterator[SourceFile]:
        """Matching files in the order of their paths, folder by folder.

        :raises InputError: If the address cannot be reached, does not exist, or fails half way.
        """
        self._connected().fs.invalidate_cache()
        selection = self._selection = Selection(self.include, self._ignore_lines(), self.suffixes)
        yield from self._below("", selection)

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        return self._selection.skipped()

    def access_files(self) -> list[SourceFile]:
        """Sidecars of access that the last listing saw."""
        return list(self._selection.access_files)

    def content_hash(self, file: SourceFile) -> str:
        """The digest that was listed; else name, size and time; the SHA-256 of a file without them, or just written.

        :raises OSError: If the file cannot be read.
        """
        if not file.etag or is_fresh(file.etag):
            return hashlib.sha256(self.read(file.path)).hexdigest()
        # a time is no digest: two files of one time and size are told apart by their names
        name = "" if is_digest(file.etag) else f" {file.path.rpartition('/')[2]}"
        return file.etag + name

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one file.

        :raises OSError: If it cannot be read, or was changed since it was listed as `etag`.
        """
        try:
            opened = self._connected()
            content: bytes = opened.fs.cat_file(opened.location(path))
            current = fingerprint_again(opened.fs.info(opened.location(path)), etag) if etag else ""
        except InputError as error:
            raise OSError(error.message) from error
        except Exception as error:  # each file system raises its client's own
            raise OSError(self._told(error)) from error
        if current != etag:
            msg = "changed while it was read; the next run takes it"
            raise OSError(msg)
        return content

    def _connected(self) -> OpenedFolder:
        if self._opened is None:
            self._opened = open_folder(self.uri, self._options, self._told)
        return self._opened

    def _ignore_lines(self) -> list[str]:
        opened = self._connected()
        try:
            content: bytes = opened.fs.cat_file(opened.location(IGNORE_FILE))
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._unlistable(error) from error
        return lines_of(content.decode("utf-8-sig", "replace"))

    def _below(self, folder: str, selection: Selection) -> Iterator[SourceFile]:
        opened = self._connected()
        try:
            entries = opened.children(folder)
        except PermissionError as error:
            if not folder:
                raise self._unlistable(error) from error
            yield SourceFile(f"{folder}/", 0, "", f"folder cannot be read: {self._told(error)}")
            return
        except Exception as error:
            raise self._unlistable(error) from error
        for name, entry in entries:
            path = f"{folder}/{name}" if folder else name
            if name == ACCESS_FILE:
                selection.access_files.append(self._file(opened, path, entry))
            elif entry["type"] == "directory":
                if not selection.ignores(f"{path}/"):
                    yield from self._below(path, selection)
            elif selection.takes(path):
                yield self._file(opened, path, entry)

    def _file(self, opened: OpenedFolder, path: str, entry: Entry) -> SourceFile:
        """A file, asked for where its folder's listing does not tell its size, or where its link leads."""
        try:
            told = entry.get("size") is not None and entry["type"] == "file"
            known = entry if told else opened.fs.info(opened.location(path))
        except FileNotFoundError:
            return SourceFile(path, 0, "", "cannot be read, though it is listed")
        except Exception as error:  # noqa: BLE001  (each file system raises its client's own)
            return SourceFile(path, 0, "", f"cannot be read: {self._told(error)}")
        if known["type"] == "directory":
            return SourceFile(path, 0, "", "symbolic link to a folder")
        return SourceFile(path, int(known.get("size") or 0), fingerprint(known))

    def _unlistable(self, error: Exception) -> InputError:
        if isinstance(error, FileNotFoundError):
            return InputError(
                f"source {self.uri!r} does not exist, or a folder of it went while it was listed",
                hint="Check the address given as --source (ingest.source); nothing was changed.",
            )
        return InputError(
            f"source {self.uri!r} cannot be listed: {self._told(error)}",
            hint="Check address and credentials; nothing was changed.",
        )

    def _told(self, error: BaseException) -> str:
        return one_line(redact(str(error) or type(error).__name__, self._secrets))
