"""Documents in a git repository, at a branch or a tag."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile
from tasks_lib.ingestion.sources.git.address import GitAddress
from tasks_lib.ingestion.sources.git.repository import Blob, GitError, Repository
from tasks_lib.ingestion.sources.selection import IGNORE_FILE, Selection, is_access_file
from tasks_lib.text.rows import lines_of

_LINK, _SUBMODULE = "120000", "160000"
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_SIZE = 1024


class GitSource:
    """Files of the newest commit of a branch or a tag. Git's name for a content stands for it, so renames are known.

    :param folder: Where the copy of the repository is kept.
    :param options: As of :class:`~tasks_lib.ingestion.sources.git.repository.Repository`.
    """

    def __init__(
        self,
        uri: str,
        folder: Path,
        include: tuple[str, ...] = (),
        options: Mapping[str, Any] | None = None,
        suffixes: Collection[str] = FORMATS,
    ) -> None:
        self.address = GitAddress.parse(uri)
        self.uri = self.address.uri
        self.former: tuple[str, ...] = ()
        self.include = include
        self.suffixes = suffixes
        self._repository = Repository(self.address.repository, folder, options)
        self._selection = Selection(include, (), suffixes)

    def files(self) -> Iterator[SourceFile]:
        """Matching files in the order of their paths.

        :raises InputError: If the repository cannot be reached, or has no such branch or folder.
        """
        commit = self._repository.fetch(self.address.revision)
        blobs = self._blobs(commit)
        selection = self._selection = Selection(self.include, self._ignore_lines(blobs), self.suffixes)
        for blob in blobs:
            if is_access_file(blob.path):
                selection.access_files.append(_file(blob))
            hidden = any(part.startswith(".") for part in blob.path.split("/"))
            if not hidden and blob.mode != _SUBMODULE and selection.takes(blob.path):
                yield _file(blob)

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        return self._selection.skipped()

    def access_files(self) -> list[SourceFile]:
        """Sidecars of access that the last listing saw."""
        return list(self._selection.access_files)

    def content_hash(self, file: SourceFile) -> str:
        """Git's name for the content."""
        return file.etag

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one file, fetched first where this machine has no copy of it.

        :raises OSError: If it cannot be read, or is no longer in the branch as it was listed.
        """
        try:
            if not etag or not self._repository.holds(etag):
                found = {blob.path: blob.digest for blob in self._blobs(self._repository.fetch(self.address.revision))}
                if path not in found or etag not in {"", found[path]}:
                    msg = "changed while it was read; the next run takes it"
                    raise OSError(msg)
                etag = found[path]
            content = self._repository.read(etag)
        except LlmopsError as error:
            raise OSError(error.message) from error
        if len(content) <= _LFS_SIZE and content.startswith(_LFS):
            msg = "a pointer of Git LFS: its content is not in the repository"
            raise OSError(msg)
        return content

    def _blobs(self, commit: str) -> list[Blob]:
        try:
            return list(self._repository.blobs(commit, self.address.folder))
        except GitError as error:
            raise InputError(
                f"source {self.uri!r}: the commit {commit[:12]} has no folder {self.address.folder!r}"
                if self.address.folder
                else f"source {self.uri!r} cannot be listed: {error}",
                hint="Check #subdirectory=… of the address, and the branch.",
            ) from error

    def _ignore_lines(self, blobs: list[Blob]) -> list[str]:
        found = next((blob for blob in blobs if blob.path == IGNORE_FILE), None)
        return lines_of(self._repository.read(found.digest).decode("utf-8-sig", "replace")) if found else []


def _file(blob: Blob) -> SourceFile:
    try:
        blob.path.encode()
    except UnicodeEncodeError:
        shown = blob.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return SourceFile(shown, 0, "", "the name is not valid UTF-8")
    if blob.mode == _LINK:
        return SourceFile(blob.path, 0, "", "a symbolic link, which is not followed in a repository")
    return SourceFile(blob.path, blob.size, blob.digest)
