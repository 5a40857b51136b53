"""Sentences of a passage, as spans, with the lines that introduce them."""

import re
from dataclasses import dataclass

_ABBREVIATIONS = re.compile(
    r"(?:\b(?:al|approx|ca|cf|co|corp|dept|dr|e\.g|est|etc|fig|i\.e|inc|jr|ltd|mrs?|ms|no|nr|prof|sr|st|vol|vs)|\b[a-z])\.$",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s+\S)")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|=+ .* =+\s*$)")
_RULE = re.compile(r"[\s|:*_=-]+$")
LONGEST_LINE_JOINED = 60
"""Characters; a shorter line without a full stop is a heading or an item, not wrapped prose."""


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
    found: list[Sentence] = []
    lead, header = "", ""
    for start, end in _blocks(text):
        block = text[start:end]
        if _HEADING.match(block) or _RULE.fullmatch(block):
            continue
        if block.lstrip().startswith("|"):
            header = header or block
            if header != block:
                found.append(_sentence(text, start, end, header))
            continue
        header = ""
        item = _ITEM.match(block)
        spans = list(_sentence_spans(text, start + (item.end() if item else 0), end))
        found.extend(_sentence(text, left, right, lead if item else "") for left, right in spans)
        if not item:
            lead = text[slice(*spans[-1])].strip() if spans and block.rstrip().endswith(":") else ""
    return [sentence for sentence in found if sentence.text]


def _sentence(text: str, start: int, end: int, lead: str) -> Sentence:
    content = text[start:end]
    left = start + len(content) - len(content.lstrip())
    return Sentence(left, left + len(content.strip()), content.strip(), lead.strip())


def _blocks(text: str) -> list[tuple[int, int]]:
    """Lines, with the lines of wrapped prose joined."""
    blocks: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\n]+", text):
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


def _sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    left = start
    for match in _END.finditer(text, start, end):
        if match[0] == "." and _ABBREVIATIONS.search(text, left, match.end()):
            continue
        spans.append((left, match.end()))
        left = match.end()
    if text[left:end].strip():
        spans.append((left, end))
    return spans
