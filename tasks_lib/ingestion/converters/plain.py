"""Headings of plain text files, which do not mark them."""

import re

from tasks_lib.ingestion.converters.converted import Heading

_LINE = re.compile(r"[^\r\n\f]+")
_LONGEST = 70
_MOST_WORDS = 9


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
