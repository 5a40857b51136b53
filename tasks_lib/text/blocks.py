"""Blocks of a text: headings, paragraphs, items of lists, rows of tables and code, by the lines that they stand on.

A passage is a fragment of Markdown, of a PDF's text or of anything else: it may begin inside a list or a code block,
and its lines may be wrapped wherever the page ended. A parser of Markdown reads such fragments as what they are not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "prose", "item", "row", "code", "mark"]

LONGEST_LINE_JOINED = 60
"""Characters from which a line without a full stop is wrapped prose; a shorter one may be a heading or an item."""
NARROWEST_COLUMN = 36
"""Characters of the longest line below which lines are not wrapped, but short."""
LONGEST_LABEL = 60
"""Characters of a line that may be the label of the value on the next one."""
LONGEST_VALUE = 30
FRONT_MATTER_LINES = 40

_LINE = re.compile(r"[^\n\f]+")
_QUOTE = r"\s*(?:>\s?)*"
_FENCE = re.compile(_QUOTE + r"\s*(?P<fence>`{3,}|~{3,})(?P<language>[^`\n]*)$")
_ITEM = re.compile(_QUOTE + r"\s*(?:[-*+•▪◦‣·]|\d{1,3}[.)]|\(\d{1,2}\))\s+")
_NUMBERED = re.compile(_QUOTE + r"\s*(?:\d{1,3}[.)]|\(\d{1,2}\))\s")
_HEADING = re.compile(_QUOTE + r"\s*(?:#{1,6}\s|=+ .* =+\s*$|(?:\*\*|__)[^*_]{1,80}(?:\*\*|__):?\s*$)")
_UNDERLINE = re.compile(r"\s{0,3}(?:=+|-{2,})\s*$")
_MARK = re.compile(
    _QUOTE
    + r"\s*(?:[\s|:*_=>+-]+|!{3}.*|\?{3}.*|:{3}.*|\[![A-Z]+\]|<!--.*-->|(?:!\[[^\]]*\]\([^)]*\)\s*)+|</?\w[^>]*>)\s*$"
)
"""Rules, the first lines of notes, comments and pictures: what says nothing by itself."""
_STRUCK = re.compile(_QUOTE + r"\s*(?:[-*+•]\s+)?(?:~~(?:(?!~~).)+~~|<(?P<tag>del|s|strike)>.*</(?P=tag)>)[\s.,;:!?]*$")
_KEY_VALUE = re.compile(r"[\w-]+:(?:\s|$)|\s|-\s")
_VALUE = re.compile(r"\s*[€$£¥]?\s?[+-]?\d[\d.,:/ -]*\s?(?:[%€$£¥]|\w{0,12}\.?)\s*$")
_GOES_ON = re.compile(r"\s*(?:>\s?)?[a-zß-öø-ÿ(\[`,;&]")
_JOINS = ",;–—&/("


@dataclass(frozen=True)
class Block:
    """Characters `start` to `end`; `content` is where an item's text begins behind its mark, else `start`."""

    kind: BlockKind
    start: int
    end: int
    content: int
    indent: int = 0
    numbered: bool = False
    gap: bool = False
    """Whether an empty line is before it."""


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    text: str
    gap: bool

    @property
    def bare(self) -> str:
        """The text without the marks of a quotation."""
        return re.sub(r"^\s*(?:>\s?)+", "", self.text)

    @property
    def indent(self) -> int:
        bare = self.bare.expandtabs(4)
        return len(bare) - len(bare.lstrip())


def blocks(text: str) -> Iterator[Block]:
    """Blocks of `text`, in their order, without the empty lines between them."""
    lines = list(_lines(text))
    position = _front_matter(lines)
    opens = _begins_inside_code(lines[position:])
    in_list: int | None = None
    while position < len(lines):
        line = lines[position]
        if opens or _FENCE.match(line.text):
            end = _fenced(lines, position, inside=opens)
            opens = False
            yield _block("code", line, lines[end - 1])
        elif in_list is None and _is_indented_code(lines, position):
            end = _indented(lines, position)
            yield _block("code", line, lines[end - 1])
        elif _STRUCK.match(line.text) or _MARK.match(line.text):
            end = position + 1
            in_list = 0 if line.bare.lstrip().startswith(("!!!", "???")) else in_list
            yield _block("mark", line, line)
        elif _HEADING.match(line.text) or _is_underlined(lines, position):
            end, in_list = position + 1, None
            yield _block("heading", line, line)
        elif line.bare.lstrip().startswith("|"):
            end = position + 1
            yield _block("row", line, line)
        elif item := _ITEM.match(line.text):
            end, in_list = _wrapped(lines, position, item=True), line.indent
            numbered = bool(_NUMBERED.match(line.text))
            yield _block("item", line, lines[end - 1], content=line.start + item.end(), numbered=numbered)
        else:
            end = _wrapped(lines, position, item=False)
            in_list = in_list if in_list is not None and line.indent > in_list else None
            yield _block("prose", line, lines[end - 1])
        position = end


def _block(kind: BlockKind, first: _Line, last: _Line, *, content: int | None = None, numbered: bool = False) -> Block:
    start = first.start if content is None else content
    return Block(kind, first.start, last.end, start, first.indent, numbered, first.gap)


def _lines(text: str) -> Iterator[_Line]:
    end = 0
    for match in _LINE.finditer(text):
        if match[0].strip():
            between = text[end : match.start()]
            yield _Line(match.start(), match.end(), match[0], between.count("\n") > 1 or "\f" in between)
            end = match.end()


def _front_matter(lines: list[_Line]) -> int:
    """Lines of the metadata with which some files begin, between two rules."""
    if not lines or lines[0].start or lines[0].text.strip() != "---":
        return 0
    for number, line in enumerate(lines[1:FRONT_MATTER_LINES], start=2):
        if line.text.strip() == "---":
            return number
        if not _KEY_VALUE.match(line.text):
            return 0
    return 0


def _begins_inside_code(lines: list[_Line]) -> bool:
    """Whether the first fence closes what was opened before: one is left over, and it follows right on a line."""
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line.text)]
    if len(fences) % 2 == 0:
        return False
    first = lines[fences[0]]
    opening = _FENCE.match(first.text)
    named = bool(opening and opening["language"].strip())
    before = lines[fences[0] - 1].text.rstrip() if fences[0] else ""
    return not named and not first.gap and (not before or before[-1] not in ":.")


def _fenced(lines: list[_Line], position: int, *, inside: bool) -> int:
    """Where the code that a fence opens ends, its last fence included."""
    opening = None if inside else _FENCE.match(lines[position].text)
    for number in range(position if inside else position + 1, len(lines)):
        closing = _FENCE.match(lines[number].text)
        if closing and not closing["language"].strip() and (opening is None or closing["fence"] >= opening["fence"]):
            return number + 1
    return len(lines)


def _is_indented_code(lines: list[_Line], position: int) -> bool:
    line = lines[position]
    return line.indent >= 4 and (line.gap or position == 0) and not _ITEM.match(line.text)


def _indented(lines: list[_Line], position: int) -> int:
    end = position + 1
    while end < len(lines) and lines[end].indent >= 4:
        end += 1
    return end


def _is_underlined(lines: list[_Line], position: int) -> bool:
    following = lines[position + 1] if position + 1 < len(lines) else None
    return (
        following is not None
        and not following.gap
        and bool(_UNDERLINE.match(following.text))
        and len(lines[position].text.strip()) <= LONGEST_LINE_JOINED
        and (position == 0 or lines[position].gap)
    )


def _wrapped(lines: list[_Line], position: int, *, item: bool) -> int:
    """Where the paragraph or item that begins here ends."""
    column = _column(lines, position)
    end = position + 1
    while end < len(lines) and _continues(lines[position], lines[end - 1], lines[end], column, item=item):
        end += 1
    if end == position + 1 and end < len(lines) and _is_value_of(lines, position):
        end += 1
    return end


def _column(lines: list[_Line], position: int) -> int:
    """Characters of the longest line up to the next empty one."""
    end = position + 1
    while end < len(lines) and not lines[end].gap:
        end += 1
    return max(len(line.text.rstrip()) for line in lines[position:end])


def _continues(first: _Line, before: _Line, line: _Line, column: int, *, item: bool) -> bool:
    """Whether a line goes on with the one before it."""
    previous = before.text.rstrip()
    if line.gap or _begins_another(line):
        return False
    if item and line.indent > first.indent:
        return True
    if previous[-1:] == ":":
        return False
    if _GOES_ON.match(line.text) or previous[-1:] in _JOINS or len(previous) >= LONGEST_LINE_JOINED:
        return True
    return column >= NARROWEST_COLUMN and len(previous) + len(line.text.split(maxsplit=1)[0]) >= column


def _begins_another(line: _Line) -> bool:
    return bool(
        _ITEM.match(line.text)
        or _HEADING.match(line.text)
        or _FENCE.match(line.text)
        or _MARK.match(line.text)
        or _STRUCK.match(line.text)
        or line.bare.lstrip().startswith("|")
    )


def _is_value_of(lines: list[_Line], position: int) -> bool:
    """Whether the next line is the value that this one names: `Notice period:` and below it `three months`."""
    label, value = lines[position], lines[position + 1]
    after = lines[position + 2] if position + 2 < len(lines) else None
    if value.gap or _begins_another(value) or len(label.text.strip()) > LONGEST_LABEL:
        return False
    if label.text.rstrip().endswith(":"):
        return len(value.text.strip()) <= LONGEST_LINE_JOINED
    is_amount = bool(_VALUE.match(value.text)) and len(value.text.strip()) <= LONGEST_VALUE
    names = any(character.isalpha() for character in label.text) and not _VALUE.match(label.text)
    alone = after is None or after.gap or not _VALUE.match(after.text)
    return is_amount and names and alone and label.text.rstrip()[-1:] not in ".!?"
