"""A converted document: one text, and where its headings and pages begin in it."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks_lib.errors import InputError


class UnreadableDocumentError(InputError):
    """A file that cannot become text: corrupt, encrypted, empty, oversized or of an unknown format.

    The message is the reason alone, in one line; the caller knows the path.
    """


@dataclass(frozen=True)
class Heading:
    """A heading; `level` counts from 1."""

    position: int
    level: int
    text: str


@dataclass(frozen=True)
class ConvertedDocument:
    """Text of one file. All positions are characters of `text`: for text formats the decoded file, composed (NFC)."""

    text: str
    format: str
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    """In order of position."""
    pages: tuple[int, ...] = ()
    """Where each page or slide begins; empty for formats without pages."""
    body: int = 0
    """Where the content begins, after front matter."""
    modified: str | None = None
    """ISO date or time that the document itself states."""
    doubt: str = ""
    """Why the text may not be what the file says; empty where it is sure."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Further single values that a converter of another package tells of it."""

    def page_at(self, position: int) -> int | None:
        """Page of a character, counted from 1; `None` without pages."""
        return bisect_right(self.pages, position) if self.pages else None
