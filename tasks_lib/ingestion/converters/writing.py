"""``TextWriter``: one text out of the parts of a document, and where its headings and pages begin in it."""

from collections.abc import Callable
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument, Heading, UnreadableDocumentError
from tasks_lib.ingestion.converters.reading import extracted
from tasks_lib.ingestion.converters.tables import Table, table_lines

_APART = "\n\n"
_MOST_IN_CELLS = 100_000_000
_MOST_CHARACTERS = 500_000_000
_RAISED = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")


class TextWriter:
    """Takes what a document holds in reading order. Blank lines stand between parts, and a form feed between pages.

    Each method raises :class:`UnreadableDocumentError` once the text is too large to be one: a cell that is merged
    over others, or a text that many cells share, makes gigabytes out of a small file.

    :param form: Brings each part into the form in which it is stored.
    :param bounded: Whether that is looked at; no need in a format that writes each of its cells.
    """

    def __init__(self, form: Callable[[str], str] = extracted, *, bounded: bool = True) -> None:
        self._form = form
        self._bounded = bounded
        self._parts: list[str] = []
        self._length = 0
        self._in_cells = 0
        self._after_item = False
        self.headings: list[Heading] = []
        self.pages: list[int] = []
        self.doubt = ""
        """What of the document is missing in the text."""

    @property
    def text(self) -> str:
        """What was written so far."""
        return "".join(self._parts)

    def paragraph(self, text: str) -> None:
        """A paragraph, whose line breaks stay; nothing if it is blank."""
        self._write(text, _APART)

    def item(self, text: str) -> None:
        """An item of a list, or another line that goes with the one before: they follow each other line by line."""
        after = self._after_item
        if self._write(text, "\n" if after else _APART) is not None:
            self._after_item = True

    def end_items(self) -> None:
        """The next item stands apart from those before."""
        self._after_item = False

    def note(self, text: str) -> None:
        """A line below the part that was written last, such as its footnote."""
        self._write(text, "\n")

    def heading(self, level: int, text: str) -> None:
        """A heading in a line of its own; `level` counts from 1."""
        line = " ".join(text.split())
        position = self._write(line, _APART)
        if position is not None:
            self.headings.append(Heading(position, level, self._parts[-1]))

    def table(self, table: Table) -> None:
        """The rows of a table, a line each."""
        self._in_cells += sum(len(cell) for row in table.rows for cell in row)
        self._check(self._in_cells, _MOST_IN_CELLS, "text in the cells of its tables")
        self._write("\n".join(table_lines(table)), _APART)

    def prepared(self, text: str) -> None:
        """What another writer wrote, as it is."""
        if text.strip():
            self._append(_APART)
            self._append(text)

    def page(self) -> None:
        """The next page or slide begins."""
        if self.pages:
            self._append("\f")
        self.pages.append(self._length)

    def document(self, file_format: str, *, doubt: str | None = None, **about: Any) -> ConvertedDocument:
        """The document, with further fields as :class:`ConvertedDocument` has them."""
        return ConvertedDocument(
            self.text,
            file_format,
            headings=tuple(self.headings),
            pages=tuple(self.pages),
            doubt="; ".join(filter(None, (doubt, self.doubt))),
            **about,
        )

    def _write(self, text: str, before: str) -> int | None:
        """Append a part, and tell where it begins."""
        content = "\n".join(line.rstrip() for line in self._form(text).split("\n")).strip("\n")
        self._after_item = False
        if not content.strip():
            return None
        if self._parts and not self._parts[-1].endswith("\f"):
            self._append(before)
        position = self._length
        self._append(content)
        return position

    def _append(self, text: str) -> None:
        self._length += len(text)
        self._check(self._length, _MOST_CHARACTERS, "text")
        self._parts.append(text)

    def _check(self, size: int, limit: int, of_what: str) -> None:
        if self._bounded and size > limit:
            reason = f"too large: more than {limit // 10**6:,} million characters of {of_what}, much of it repeated"
            raise UnreadableDocumentError(reason)


def raised(text: str, tag: str) -> str:
    """Superscript or subscript digits as such, since 10⁶ is not 106; other text as it is.

    :param tag: `sup` or `sub`.
    """
    signs = _RAISED if tag == "sup" else _LOWERED
    bare = text.strip()
    return text.translate(signs) if bare and all(ord(sign) in signs for sign in bare) else text
