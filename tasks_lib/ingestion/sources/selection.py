"""Which files of a source are documents: globs, less what an ignore file names, both written as in .gitignore."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".llmopsignore"
ACCESS_FILE = ".llmopsaccess"
"""Says who may see the documents of its folder and of those below; no document itself."""
_MOST_SUFFIXES = 100
_OTHERS = ".*"
"""Counts the suffixes beyond so many."""


class Selection:
    """Which relative paths belong to a source: the globs, less what the ignore file names.

    :param suffixes: Endings of the files that are taken where there are no globs.
    """

    def __init__(
        self, include: Sequence[str], ignore_lines: Sequence[str] = (), suffixes: Collection[str] = FORMATS
    ) -> None:
        self._suffixes = suffixes
        self.access_files: list[SourceFile] = []
        """Those that the listing saw."""
        self._passed_over: dict[str, SkippedFiles] = {}
        self._include = _spec(include)
        self._ignore = _spec(ignore_lines)

    def takes(self, path: str) -> bool:
        """Whether the file belongs to the source."""
        if self._include:
            return bool(self._include.match_file(path)) and not self.ignores(path)
        suffix = PurePosixPath(path).suffix.lower()
        if self.ignores(path):
            return False
        if suffix not in self._suffixes:
            self._pass_over(suffix, path)
            return False
        return True

    def skipped(self) -> list[SkippedFiles]:
        """What was not taken because nobody understands its format, by suffix, the most frequent first."""
        return sorted(self._passed_over.values(), key=lambda files: (-files.count, files.suffix))

    def _pass_over(self, suffix: str, path: str) -> None:
        if suffix not in self._passed_over and len(self._passed_over) >= _MOST_SUFFIXES:
            suffix = _OTHERS
        files = self._passed_over.setdefault(suffix, SkippedFiles(suffix=suffix, count=0, example=_printable(path)))
        files.count += 1

    def ignores(self, path: str) -> bool:
        """Whether the ignore file names the path; folders end in `/`."""
        return bool(self._ignore and self._ignore.match_file(path))


def is_access_file(path: str) -> bool:
    """Whether a file says who may see others; one below a hidden folder speaks of nothing."""
    *folders, name = path.split("/")
    return name == ACCESS_FILE and not any(folder.startswith(".") for folder in folders)


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()


def _spec(lines: Sequence[str]) -> "GitIgnoreSpec | None":
    from pathspec import GitIgnoreSpec

    if not lines:
        return None
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        msg = f"pattern not understood: {error}"
        raise InputError(
            msg, hint="Write globs as in .gitignore, for example '*.md' or 'policies/**/*.pdf'."
        ) from error
