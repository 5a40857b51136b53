"""``DocumentSource``: where documents are listed and read, such as a folder, a bucket, a web site or a repository."""

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
    """Why it cannot be read, in one line; see :attr:`seals`."""
    suffix: str = ""
    """Tells its format, such as `.html`, where the end of its path does not."""
    readers: tuple[str, ...] | None = None
    """Who may read it, as the source names them; `None` where the source does not tell."""

    @property
    def seals(self) -> bool:
        """Whether the problem is that of a folder, and speaks for everything below it."""
        return bool(self.problem) and self.path.endswith("/") and not self.suffix


def with_suffix(path: str, suffix: str) -> str:
    """A path whose end tells the format: that of a page which ends in `/` as if it were a folder's `index`."""
    return f"{path}index{suffix}" if suffix and path.endswith("/") else path + suffix


class DocumentSource(Protocol):
    """Anything that lists files and reads them.

    A sync deletes what a listing leaves out. So a listing that cannot be completed raises, and a file that is there but
    cannot be read is listed with its `problem`: what the index holds of it stays. Every batch of a run opens the source
    anew, perhaps on another machine: `read` knows no more than the path and the `etag` that was listed.

    A source may have `access_files()` as well: the sidecars (`.llmopsaccess`) that its last listing saw. They say who
    may see the files of their folder and of those below.
    """

    uri: str
    """Its identity, see :func:`~tasks_lib.ingestion.sources.name.source_name`."""
    former: tuple[str, ...]
    """Identities under which an index of an earlier version may hold it."""

    def files(self) -> Iterator[SourceFile]:
        """Files that match, sorted by path; streamed.

        :raises InputError: If they cannot be listed to the end.
        """
        ...

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        ...

    def content_hash(self, file: SourceFile) -> str:
        """Digest of the content, without keeping it; an object store's ETag where reading would be a download.

        Equal for equal content, also under another path: a rename is then known as one.

        :raises OSError: If the file cannot be read.
        """
        ...

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one file.

        :param etag: As it was listed; empty to take the content whatever it is.
        :raises OSError: If the file cannot be read, or is no longer the one that was listed.
        """
        ...
