"""Sentences of a text: one rule for where a sentence ends, asked by whoever splits, cuts or compares texts.

Question making alone has its sentences from spaCy, which parses them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STOPS = ".!?…。！？"  # noqa: RUF001
_CLOSING = "\"')]}»”’"
_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"')\]}»”’]*+(?=\s++(\S))|(?<![。！？])[。！？]++[\"')\]}»”’]*+(?=\s*+(\S))")  # noqa: RUF001
_LAST_WORD = re.compile(r"([\w.]+)\.\W*$")
_ABBREVIATION = re.compile(
    r"al|approx|bzw|ca|cf|co|corp|d\.h|dept|dr|e\.g|est|etc|fig|i\.e|inc|jr|ltd|mrs?|ms|no|nr|pp|prof|sr|st|vol|vs|z\.b"
    r"|[a-z]",
    re.IGNORECASE,
)
"""Words, initials among them, whose full stop ends no sentence."""
_INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}$")
"""Such as U.S., behind which a chunk may be cut, but which ends no sentence."""
_LOOK_BACK = 16
_CITATION = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_LINE = re.compile(r"[^\n]+")
_CELL_END = re.compile(r"(?<!\\)\|")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|=+ .* =+\s*$)")
_RULE = re.compile(r"[\s|:*_=-]+$")
LONGEST_LINE_JOINED = 60
"""Characters; a shorter line without a full stop is a heading or an item, not wrapped prose."""


def ends_sentence(text: str, end: int) -> bool:
    """Whether a sentence ends before `end`, where a word ends."""
    last = end - 1
    while last > 0 and end - last < _LOOK_BACK and text[last] in _CLOSING:
        last -= 1
    if text[last] != ".":
        return text[last] in _STOPS
    word = _LAST_WORD.search(text[max(0, last - _LOOK_BACK) : last + 1])
    return word is None or not _ABBREVIATION.fullmatch(word[1])


def sentence_spans(text: str, *, every_stop: bool = False) -> Iterator[tuple[int, int]]:
    """Start and end of every sentence, without the blanks around it; a line ends a sentence, too.

    :param every_stop: Split behind every full stop, also that of an abbreviation: nobody hides one sentence in another.
    """
    for line in _LINE.finditer(text):
        yield from _spans(text, line.start(), line.end(), every_stop=every_stop)


def sentences(text: str) -> list[str]:
    """Sentences and lines of `text`, without citation marks such as `[1]` and without those that hold no word."""
    parts = (_CITATION.sub("", text[start:end]).strip() for start, end in sentence_spans(text))
    return [part for part in parts if _ALPHANUMERIC.search(part)]


@dataclass(frozen=True)
class Sentence:
    """Characters `start` to `end` of a passage; `lead` is the line that introduces it, such as a table's header."""

    start: int
    end: int
    text: str
    lead: str = ""

    @property
    def in_context(self) -> str:
        """The sentence below the line that introduces it."""
        return f"{self.lead} {self.text}" if self.lead else self.text


def split_sentences(text: str) -> list[Sentence]:
    """Sentences, list items and table rows; headings and rules are left out."""
    split: list[Sentence] = []
    lead, header = "", ""
    for start, end in _blocks(text):
        block = text[start:end]
        if _HEADING.match(block) or _RULE.fullmatch(block):
            continue
        if block.lstrip().startswith("|"):
            if _names_columns(block):
                left = start + block.index("|") + 1
                split.append(_sentence(text, left, left + len(block[left - start :].rstrip().rstrip("|")), ""))
                continue
            header = header or block
            if header != block:
                split.append(_sentence(text, start, end, header))
            continue
        header = ""
        item = _ITEM.match(block)
        spans = list(_spans(text, start + (item.end() if item else 0), end))
        split.extend(_sentence(text, left, right, lead if item else "") for left, right in spans)
        if not item:
            lead = text[slice(*spans[-1])].strip() if spans and block.rstrip().endswith(":") else ""
    return split


def _names_columns(row: str) -> bool:
    """Whether the cells of a table's row say themselves which column they belong to, as `| rate: 7.5% |` does."""
    cells = [cell.strip() for cell in _CELL_END.split(row.strip().strip("|"))]
    named = sum(": " in cell or cell.endswith(":") for cell in cells)
    return bool(named) and named >= len(cells) - 1


def _sentence(text: str, start: int, end: int, lead: str) -> Sentence:
    content = text[start:end]
    left = start + len(content) - len(content.lstrip())
    return Sentence(left, left + len(content.strip()), content.strip(), lead.strip())


def _blocks(text: str) -> list[tuple[int, int]]:
    """Lines, with the lines of wrapped prose joined."""
    blocks: list[tuple[int, int]] = []
    for match in _LINE.finditer(text):
        line = match[0]
        if not line.strip():
            continue
        if blocks and _continues(text, blocks[-1], match):
            blocks[-1] = (blocks[-1][0], match.end())
        else:
            blocks.append((match.start(), match.end()))
    return blocks


def _continues(text: str, before: tuple[int, int], line: re.Match[str]) -> bool:
    previous = text[slice(*before)].rstrip()
    if text[before[1] : line.start()].count("\n") > 1 or len(previous.rsplit("\n", 1)[-1]) < LONGEST_LINE_JOINED:
        return False
    if previous[-1:] in ".!?:|" or previous.lstrip().startswith("|") or _HEADING.match(previous):
        return False
    return not (_ITEM.match(line[0]) or _HEADING.match(line[0]) or line[0].lstrip().startswith("|"))


def _spans(text: str, start: int, end: int, *, every_stop: bool = False) -> Iterator[tuple[int, int]]:
    """Sentences of one line, or of the lines of one paragraph."""
    left = start + len(text[start:end]) - len(text[start:end].lstrip())
    for match in _STOP.finditer(text, left, end):
        stop = match.end()
        if every_stop or (ends_sentence(text, stop) and not _INITIALS.search(text, max(left, stop - _LOOK_BACK), stop)):
            yield left, stop
            left = match.start(match.lastindex or 0)
    right = left + len(text[left:end].rstrip())
    if right > left:
        yield left, right
