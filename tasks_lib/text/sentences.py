"""Sentences of a text: one rule for where a sentence ends, asked by whoever splits, cuts or compares texts.

Question making alone has its sentences from spaCy, which parses them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tasks_lib.text.blocks import Block, BlockKind, blocks

_WIDE = "。！？｡؟۔।॥።፧၊။។"  # noqa: RUF001
"""Stops that nothing else is written with; a sentence may follow without a blank."""
_STOPS = ".!?…" + _WIDE
_CLOSING = "\"')]}»”’」』）】》"  # noqa: RUF001
_QUOTES = re.escape(_CLOSING)
_STOP = re.compile(rf"(?<![.!?…])[.!?…]++[{_QUOTES}]*+(?=\s++(\S))|(?<![{_WIDE}])[{_WIDE}]++[{_QUOTES}]*+(?=\s*+(\S))")
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
_STRUCK_OUT = re.compile(r"~~(?:(?!~~).)+~~|<(?P<tag>del|s|strike)>.*?</(?P=tag)>", re.DOTALL)
_FEWEST_LEFT = 4
"""Words beside what is struck out that say what holds instead."""
_CAPTION = re.compile(
    r"(?:table|tab\.|figure|fig\.|chart|tabelle|abbildung|abb\.|tabla|figura|tableau)\s*[\w.-]*\d", re.IGNORECASE
)
LONGEST_CAPTION = 250
"""Characters."""
_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\s*\|?[\s|:=-]*-[\s|:=-]*(?:\n|$)")
_BARE_LABEL = re.compile(r"\w+(?: \w+)?:")
"""Such as `Example:`, which introduces nothing that the line before it has not introduced already."""
_NAMED_HEADING = re.compile(r"<[^>]*>|^\s*(?:>\s?)*")
LONGEST_ITEM = 400
"""Characters of an item that is one piece; a longer one is read sentence by sentence."""
SentenceKind = Literal["prose", "item", "step", "row", "code"]


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
    """Characters `start` to `end` of a passage: a sentence, an item of a list, a row of a table, or a block of code.

    `lead` introduces it: the line before a list or a block of code, the caption and the header of a table. What stands
    in one paragraph, list, table or code has one `block`; `heading` is the nearest one above it in the passage.
    """

    start: int
    end: int
    text: str
    lead: str = ""
    kind: SentenceKind = "prose"
    block: int = 0
    heading: str = ""

    @property
    def in_context(self) -> str:
        """The sentence below the line that introduces it."""
        return f"{self.lead} {self.text}" if self.lead else self.text


def split_sentences(text: str) -> list[Sentence]:
    """Sentences, items of lists, rows of tables and blocks of code; headings, rules and struck-out lines are left out.

    An item is one piece with all its sentences, up to :data:`LONGEST_ITEM` characters.
    """
    reading = _Reading()
    return [sentence for block in blocks(text) for sentence in reading.sentences(text, block)]


class _Reading:
    """What the blocks before tell of the next one."""

    def __init__(self) -> None:
        self._number = 0
        self._said = ""
        """The last sentence or item before this block, below the same heading."""
        self._heading = ""
        self._header: str | None = None
        """The header of the table that is open; empty where it has none."""
        self._leads: list[tuple[int, str]] = []
        """Indents of the lists that are open, with what introduces them."""
        self._before: BlockKind | None = None

    def sentences(self, text: str, block: Block) -> Iterator[Sentence]:
        """What `block` says."""
        goes_on = self._before == block.kind and block.kind in {"item", "row"}
        self._number += not goes_on and block.kind != "mark"
        if block.kind == "mark":
            return
        self._before = block.kind
        if block.kind != "row":
            self._header = None
        if block.kind == "heading":
            self._heading = _NAMED_HEADING.sub("", text[block.start : block.end]).strip(" #*_=:")
            self._said, self._leads = "", []
        elif block.kind == "row":
            yield from self._row(text, block)
        elif block.kind == "code":
            yield self._sentence(text, block.start, block.end, self._said, "code")
        else:
            yield from self._paragraph(text, block)

    def _paragraph(self, text: str, block: Block) -> Iterator[Sentence]:
        """Sentences of a paragraph, or an item; the last one may introduce what follows."""
        lead = self._lead_of(block)
        kind: SentenceKind = ("step" if block.numbered else "item") if block.kind == "item" else "prose"
        length = block.end - block.content
        whole = length <= LONGEST_ITEM if block.kind == "item" else is_caption(text[block.content : block.end])
        spans = [(block.content, block.end)] if whole else list(_spans(text, block.content, block.end))
        for start, end in spans:
            sentence = self._sentence(text, start, end, lead, kind)
            self._said = self._introduction(sentence.text)
            if sentence.text and not is_struck_out(sentence.text):
                yield sentence

    def _introduction(self, text: str) -> str:
        """What would introduce a list, a table or code that comes next, now that `text` was said."""
        if self._said.endswith(":") and _BARE_LABEL.fullmatch(text):
            return self._said
        if is_caption(self._said) and text[-1:] not in _STOPS and is_caption(f"{self._said} {text}"):
            return f"{self._said} {text}"  # a caption of two paragraphs
        return text

    def _lead_of(self, block: Block) -> str:
        """What introduces the list of an item; nothing for a paragraph."""
        if block.kind == "prose":
            self._leads = [entry for entry in self._leads if entry[0] < block.indent]
            return ""
        deeper = bool(self._leads) and block.indent > self._leads[-1][0]
        self._leads = [entry for entry in self._leads if entry[0] <= block.indent]
        if not self._leads or deeper:
            outer = self._leads[-1][1] if self._leads else ""
            self._leads.append((block.indent, self._said if self._said.endswith(":") else outer))
        return self._leads[-1][1]

    def _row(self, text: str, block: Block) -> Iterator[Sentence]:
        """A row below the header and the caption of its table; the header itself is none."""
        content = text[block.start : block.end]
        if _names_columns(content):
            left = block.start + content.index("|") + 1
            right = left + len(content[left - block.start :].rstrip().rstrip("|"))
            yield self._sentence(text, left, right, self._caption(), "row")
        elif self._header is None and self._has_header(text, block):
            self._header = content
        else:
            self._header = self._header or ""
            above = "\n".join(part for part in (self._caption(), self._header.strip()) if part)
            yield self._sentence(text, block.start, block.end, above, "row")

    @staticmethod
    def _has_header(text: str, block: Block) -> bool:
        """Whether a table begins with this row: a fragment that begins inside one has the header elsewhere."""
        return bool(text[: block.start].strip()) or bool(_RULE.match(text, block.end))

    def _caption(self) -> str:
        return self._said if is_caption(self._said) or self._said.endswith(":") else ""

    def _sentence(self, text: str, start: int, end: int, lead: str, kind: SentenceKind) -> Sentence:
        content = text[start:end]
        left = start + len(content) - len(content.lstrip())
        right = left + len(content.strip())
        return Sentence(left, right, content.strip(), lead.strip(), kind, self._number, self._heading)


def is_caption(text: str) -> bool:
    """Whether a text names a table or a figure, as `Table 3 - Issuance` does."""
    return bool(_CAPTION.match(text)) and len(text) <= LONGEST_CAPTION


def is_struck_out(text: str) -> bool:
    """Whether most of a text is struck out and the rest is no sentence: it is to be read as what no longer holds."""
    struck = sum(len(match[0]) for match in _STRUCK_OUT.finditer(text))
    rest = without_struck_out(text).strip()
    return struck > len(text) / 2 and not (rest[:1].isupper() and len(rest.split()) >= _FEWEST_LEFT)


def without_struck_out(text: str) -> str:
    """`text` without the words that are struck out in it."""
    return _STRUCK_OUT.sub("", text)


def _names_columns(row: str) -> bool:
    """Whether the cells of a table's row say themselves which column they belong to, as `| rate: 7.5% |` does."""
    cells = [cell.strip() for cell in _CELL_END.split(row.strip().strip("|"))]
    named = sum(": " in cell or cell.endswith(":") for cell in cells)
    return bool(named) and named >= len(cells) - 1


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
