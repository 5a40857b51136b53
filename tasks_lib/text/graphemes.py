"""Where a text may be cut: between graphemes, so that no accent, vowel sign or part of an emoji stands alone."""

import regex

_GRAPHEME = regex.compile(r"\X")
_LOOK_BACK = 64
"""Characters before a place from which graphemes are counted: longer ones are nobody's writing."""


def grapheme_start(text: str, position: int) -> int:
    """Start of the grapheme that `position` lies in; `position` itself where one begins, or the text ends."""
    if not 0 < position < len(text) or text[position].isascii():
        return position - _is_line_end(text, position)
    begin = max(0, position - _LOOK_BACK)
    ends = (match.end() for match in _GRAPHEME.finditer(text, begin, position + _LOOK_BACK, concurrent=False))
    return max((end for end in ends if end <= position), default=begin)


def grapheme_end(text: str, position: int) -> int:
    """End of the grapheme that `position` lies in; `position` itself where one ends."""
    start = grapheme_start(text, position)
    if start == position:
        return position
    match = _GRAPHEME.match(text, start, concurrent=False)
    return match.end() if match else position


def shown_end(text: str) -> int:
    """Characters of a text that goes on which may be shown: the last grapheme waits, if more may join it.

    Nothing waits behind a character of ASCII: no common keyboard or model writes an accent after its letter.
    """
    if not text or text[-1].isascii():
        return len(text)
    begin = max(0, len(text) - _LOOK_BACK)
    starts = [match.start() for match in _GRAPHEME.finditer(text, begin, concurrent=False)]
    return starts[-1] if starts else len(text)


def _is_line_end(text: str, position: int) -> bool:
    return 0 < position < len(text) and text[position] == "\n" and text[position - 1] == "\r"
