"""Which files of a source are documents: globs, less what an ignore file names, both written as in .gitignore."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".llmopsignore"


class Selection:
    """Which relative paths belong to a source: the globs, less what the ignore file names.

    :param suffixes: Endings of the files that are taken where there are no globs.
    """

    def __init__(
        self, include: Sequence[str], ignore_lines: Sequence[str] = (), suffixes: Collection[str] = FORMATS
    ) -> None:
        self._suffixes = suffixes
        self._include = _spec(include)
        self._ignore = _spec(ignore_lines)

    def takes(self, path: str) -> bool:
        """Whether the file belongs to the source."""
        understood = PurePosixPath(path).suffix.lower() in self._suffixes
        wanted = self._include.match_file(path) if self._include else understood
        return wanted and not self.ignores(path)

    def ignores(self, path: str) -> bool:
        """Whether the ignore file names the path; folders end in `/`."""
        return bool(self._ignore and self._ignore.match_file(path))


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
