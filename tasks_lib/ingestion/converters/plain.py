"""Headings of texts that do not mark them: plain text files and PDF."""

import re
from itertools import pairwise

from tasks_lib.ingestion.converters.converted import Heading

_LINE = re.compile(r"[^\r\n\f]+")
_LONGEST = 70
_MOST_WORDS = 9
_SENTENCE_END = (".", "!", "?", ":", ";", '"', ")", "”")
_SHORT_SHARE = 0.7
_FEWEST_LINES = 3


def spaced_headings(text: str) -> tuple[Heading, ...]:
    """Lines of a text file that stand alone between blank lines and read like a title.

    Level 1 is the first of them if it opens the file; the others are level 2.
    """
    lines = list(_LINE.finditer(text))
    titles = []
    for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
        alone = (before is None or _blank_between(text, before, line)) and (
            after is not None and _blank_between(text, line, after)
        )
        if alone and _like_a_title(line[0]):
            titles.append(line)
    return _levels(lines, titles)


def wrapped_headings(text: str) -> tuple[Heading, ...]:
    """Lines of a PDF's text that are short, follow the end of a sentence and open a longer line."""
    lines = [line for line in _LINE.finditer(text) if line[0].strip()]
    if len(lines) < _FEWEST_LINES:
        return ()
    width = sorted(len(line[0]) for line in lines)[len(lines) * 9 // 10]
    titles = []
    for before, (line, after) in zip([None, *lines], pairwise(lines), strict=False):
        opens = before is None or text[line.start() - 1] == "\f" or before[0].rstrip().endswith(_SENTENCE_END)
        short = len(line[0]) < width * _SHORT_SHARE and len(line[0]) < len(after[0])
        if opens and short and _like_a_title(line[0]) and after[0].lstrip()[:1].isupper():
            titles.append(line)
    return _levels(lines, titles)


def _like_a_title(line: str) -> bool:
    line = line.strip()
    return (
        len(line) <= _LONGEST
        and len(line.split()) <= _MOST_WORDS
        and line[:1].isupper()
        and not line.endswith((".", ",", ";", "!", "?", ":"))
    )


def _blank_between(text: str, before: re.Match[str], after: re.Match[str]) -> bool:
    gap = text[before.end() : after.start()]
    return "\f" in gap or gap.replace("\r\n", "\n").count("\n") > 1


def _levels(lines: list[re.Match[str]], titles: list[re.Match[str]]) -> tuple[Heading, ...]:
    return tuple(Heading(line.start(), 1 if line is lines[0] else 2, " ".join(line[0].split())) for line in titles)
