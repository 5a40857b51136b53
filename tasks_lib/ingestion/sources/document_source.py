"""``DocumentSource``: where documents are listed and read, such as a folder or a bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tasks_lib.ingestion.result import SkippedFiles


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, before it is read."""

    path: str
    size: int
    etag: str
    """Changes when the content may have changed; compared only within one source."""
    problem: str = ""
    """Why it cannot be read, in one line; a path that ends in `/` speaks for everything below it."""


class DocumentSource(Protocol):
    """A folder, a bucket, or anything else that lists files and reads them."""

    uri: str
    """Its identity, see :func:`~tasks_lib.ingestion.sources.name.source_name`."""
    former: tuple[str, ...]
    """Identities under which an index of an earlier version may hold it."""

    def files(self) -> Iterator[SourceFile]:
        """Files that match, sorted by path; streamed."""
        ...

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        ...

    def content_hash(self, file: SourceFile) -> str:
        """Digest of the content, without keeping it; an object store's ETag where reading would be a download.

        :raises OSError: If the file cannot be read.
        """
        ...

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one file.

        :param etag: As it was listed; empty to take the content whatever it is.
        :raises OSError: If the file cannot be read, or is no longer the one that was listed.
        """
        ...
