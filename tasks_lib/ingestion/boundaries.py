"""How strongly a text is divided between two tokens: the places where chunks may be cut."""

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise

from tasks_lib.text.sentences import ends_sentence

_LIST_OR_TABLE = re.compile(r"(?:[-*+•▪◦|]|\d{1,3}[.)]\s|[a-zA-Z][.)]\s)")
_CJK_START = 0x2E80


class Boundary(IntEnum):
    """Kinds of places between two tokens, the weakest first."""

    INSIDE = 0
    """Within a word: cutting here may change how it is tokenised."""
    PUNCTUATION = 1
    WORD = 2
    SENTENCE = 3
    LINE = 4
    """A list item, a table row, or a line that ends where its sentence ends."""
    PARAGRAPH = 5


def boundaries(text: str, spans: Sequence[tuple[int, int]], *, hard_lines: bool) -> list[Boundary]:
    """The boundary before each token; the first one is a paragraph.

    :param hard_lines: Every line stands for itself (CSV, JSON); otherwise lines may be wrapped prose, as in a PDF.
    """
    boundaries = [Boundary.PARAGRAPH]
    for (_, left), (right, _) in pairwise(spans):
        boundaries.append(_between(text, left, right, hard_lines=hard_lines))
    return boundaries[: len(spans)]


def _between(text: str, left: int, right: int, *, hard_lines: bool) -> Boundary:
    if left >= right:
        return _joined(text[right - 1], text[right]) if right else Boundary.PARAGRAPH
    gap = text[left:right]
    lines = gap.count("\n") or gap.count("\r")
    if lines > 1 or "\f" in gap:
        return Boundary.PARAGRAPH
    sentence_ends = ends_sentence(text, left) and not text[right].islower()  # a cut must be certain
    if lines and (hard_lines or sentence_ends or text[left - 1] in ":|;" or _LIST_OR_TABLE.match(text, right)):
        return Boundary.LINE
    return Boundary.SENTENCE if sentence_ends else Boundary.WORD


def _joined(before: str, after: str) -> Boundary:
    """Two tokens without space between them."""
    if before in "。！？":  # noqa: RUF001
        return Boundary.SENTENCE
    if not (before.isalnum() and after.isalnum()) or ord(before) >= _CJK_START or ord(after) >= _CJK_START:
        return Boundary.PUNCTUATION
    return Boundary.INSIDE
