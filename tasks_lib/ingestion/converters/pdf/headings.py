"""Headings of a PDF: its bookmarks, and rows that are larger or heavier than the text."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tasks_lib.ingestion.converters.pdf.blocks import Block, Paragraph, Row
from tasks_lib.ingestion.converters.pdf.opening import Bookmark
from tasks_lib.text.forms import searchable

MOST_LEVELS = 6
_MOST_ROWS = 3
_MOST_WORDS = 20
_LARGER = 1.08
_WORD = re.compile(r"[^\W\d_]{3,}|[\u3040-\u9fff\uac00-\ud7af]{2,}")
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|[A-Z]\.|[IVX]{1,5}\.)\s+\S")
_DEEP = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s+[^\W\d_a-z]")
_UNFINISHED = (".", ",", ";", "-", "…")
_CAPTION = re.compile(r"(?:Figure|Fig\.|Table|Tab\.|Abbildung|Tabelle|Figura|Tableau|Source)\s*:?\s*\d*", re.IGNORECASE)
_NUMBER = re.compile(
    r"^\W*(?:(?:chapter|section|part|kapitel)\s+)?(?:\d{1,2}(?:\.\d{1,2})*|[A-Z]|[IVX]{1,5})[.:)]?\s+", re.IGNORECASE
)
_UNIFORM = 0.98
_SHORT = 0.7
_FEW_WORDS = 9

Key = tuple[float, bool]


class Sizes:
    """Sizes of a document's text.

    :ivar body: The size of most characters.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        counts: Counter[float] = Counter()
        heavy: Counter[bool] = Counter()
        for row in rows:
            counts[round(row.size * 2) / 2] += len(row.text)
            heavy[row.bold] += len(row.text)
        self.body = counts.most_common(1)[0][0] if counts else 10.0
        self.bold = heavy[True] > heavy[False]
        self.uniform = counts[self.body] >= _UNIFORM * counts.total() and not min(heavy[True], heavy[False])

    def level_key(self, paragraph: Paragraph) -> Key | None:
        """How strongly a paragraph stands out as a heading; `None` if it is text."""
        size, bold = round(paragraph.size * 2) / 2, all(row.bold for row in paragraph.rows)
        larger = size >= _LARGER * self.body
        heavier = bold and not self.bold and size >= 0.95 * self.body
        if not (larger or heavier) or not reads_like_a_heading(paragraph):
            return None
        return (size if larger else self.body), bold


class Outline:
    """Tells which paragraphs are headings, and of which level.

    :param paragraphs: All of the document.
    """

    def __init__(self, sizes: Sizes, bookmarks: Sequence[Bookmark], paragraphs: Sequence[Paragraph]) -> None:
        self._sizes = sizes
        self._bookmarks: dict[int, list[Bookmark]] = {}
        for bookmark in bookmarks:
            self._bookmarks.setdefault(bookmark.page, []).append(bookmark)
        keys = {key for each in paragraphs if (key := sizes.level_key(each))}
        self._levels = _levels(keys)
        self._widest = max((row.x1 - row.x0 for each in paragraphs for row in each.rows), default=0.0)
        self._under = 0

    def level(self, block: Block, page: int, text: str, following: Block | None) -> int | None:
        """Level of a heading, from 1; `None` for other blocks.

        :param page: Counted from 0.
        :param text: Of the whole block.
        """
        if not isinstance(block, Paragraph):
            return None
        bookmark = self._bookmark(page, text)
        if bookmark is not None:
            self._under = bookmark.level
            return min(bookmark.level, MOST_LEVELS)
        key = self._sizes.level_key(block)
        if key is not None:
            return min(self._under + 1, MOST_LEVELS) if self._under else self._levels[key]
        return self._numbered(block, text) or self._plain(block, following)

    def _bookmark(self, page: int, text: str) -> Bookmark | None:
        """The bookmark of this page whose title the text is, each once."""
        there = self._bookmarks.get(page, [])
        said = _letters(text)
        found = next((each for each in there if said and said in {_letters(each.title), _unnumbered(each.title)}), None)
        if found is None:
            found = next((each for each in there if _unnumbered(text) == _letters(each.title) != ""), None)
        if found is not None:
            there.remove(found)
        return found

    @staticmethod
    def _numbered(block: Paragraph, text: str) -> int | None:
        """A row that stands alone under a number such as 5.1, whatever it looks like."""
        found = _DEEP.match(text) if block.apart and len(block.rows) == 1 and reads_like_a_heading(block) else None
        return min(found[1].count(".") + 1, MOST_LEVELS) if found else None

    def _plain(self, block: Paragraph, following: Block | None) -> int | None:
        """Where all text looks the same, a short row above a longer paragraph."""
        if not self._sizes.uniform or len(block.rows) > 1 or not isinstance(following, Paragraph):
            return None
        row = block.rows[0]
        short = row.x1 - row.x0 < _SHORT * self._widest and len(row.text.split()) <= _FEW_WORDS
        longer = sum(len(each.text) for each in following.rows) > 1.5 * len(row.text)
        opens = short and longer and not row.text.endswith((":", "!", "?"))
        if not opens or not reads_like_a_heading(block) or not following.rows[0].text[:1].isupper():
            return None
        return 2


def _levels(keys: Iterable[Key]) -> dict[Key, int]:
    """Level of each kind of heading, the largest first; sizes that differ little are one."""
    found: dict[Key, int] = {}
    level, largest = 0, (0.0, False)
    for key in sorted(keys, key=lambda key: (-key[0], not key[1])):
        if not level or key[0] < largest[0] / _LARGER or (key[0] == largest[0] and key[1] != largest[1]):
            level, largest = level + 1, key
        found[key] = min(level, MOST_LEVELS)
    return found


def _letters(text: str) -> str:
    return "".join(character for character in searchable(text).casefold() if character.isalnum())


def _unnumbered(text: str) -> str:
    return _letters(_NUMBER.sub("", text))


def reads_like_a_heading(paragraph: Paragraph) -> bool:
    """Whether it is short, holds a word, and is no sentence, caption, figure or item."""
    text = " ".join(row.text for row in paragraph.rows).strip()
    if len(paragraph.rows) > _MOST_ROWS or not text or len(text.split()) > _MOST_WORDS:
        return False
    letters = sum(character.isalpha() for character in text)
    if letters < 0.5 * len(text.replace(" ", "")) or not _WORD.search(text):
        return False
    if paragraph.item and not _NUMBERED.match(text):
        return False
    if text.endswith(_UNFINISHED) and not _NUMBERED.match(text):
        return False
    return not _CAPTION.match(text) and not text[0].islower()
