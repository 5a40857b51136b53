"""A document as blocks: headings, prose, list items, table rows and lines of code, each at its exact position."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from haystack import Document

from tasks_lib.text.languages import language_of
from tasks_lib.text.sentences import sentence_spans

HEADING, PROSE, ITEM, ROW, CODE = "heading", "prose", "item", "row", "code"

_FENCE = re.compile(r"\s*(?:```|~~~)")
_HEADING = re.compile(r"#{1,6}\s+(?P<words>.*?)\s*#*\s*$")
_ITEM = re.compile(r"(?P<marker>\s*(?:[-*+•]|\d{1,3}[.)])\s+)\S")
_BEGINS_LINE = re.compile(r"\s*(?:\||#|[-*+•>]\s|\d{1,3}[.)]\s|```)")
_QUOTE = re.compile(r"(?:\s*>\s?)+")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->")
_EMPHASIS = re.compile(r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)")
_APART = "\n\n"
_APART_IN_NAMES = re.compile(r"[\s_.-]+")
_SHORTEST_TO_TELL = 60
"""Characters of prose that tell a language."""
_VOTERS = 50


@dataclass(frozen=True)
class Block:
    """Characters `start` to `end` of a page, without the marker of its line.

    :param heading: The heading above it; for a heading, the one that it stands below.
    :param lead: The two paragraphs before it, in the same section; for a row, those before the table.
    """

    kind: str
    start: int
    end: int
    text: str
    heading: str = ""
    lead: str = ""
    number: bool = False
    """Whether it is an item of a numbered list."""


@dataclass(frozen=True)
class Page:
    """A document, put together from the chunks that were read of it; what was not read counts as line breaks."""

    source: str
    document: str
    title: str
    text: str
    headings: tuple[tuple[int, str], ...] = ()
    """Starts of chunks with the heading above them, for formats whose headings bear no mark."""

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in their order."""
        return tuple(_blocks(self))

    @cached_property
    def language(self) -> str | None:
        """ISO 639-1: that of most of its prose, or of everything where there is little of it.

        One foreign word does not make a document foreign, so its paragraphs vote.
        """
        prose = [plain(block.text) for block in self.blocks if block.kind in {PROSE, ITEM}]
        long = [text for text in prose if len(text) >= _SHORTEST_TO_TELL][:_VOTERS]
        votes = Counter(filter(None, map(language_of, long)))
        if votes:
            return votes.most_common(1)[0][0]
        return language_of(" ".join(prose)) or language_of(plain(self.text))

    @property
    def name(self) -> str:
        """The name of the file in words, where it is some: `hotel limits`; else empty."""
        words = _APART_IN_NAMES.sub(" ", PurePosixPath(self.document).stem).strip()
        return words if re.fullmatch(r"[^\W\d_]{3,}(?: [^\W\d_]+)*", words) else ""


def pages_of(chunks: Iterable[Document]) -> list[Page]:
    """One page a document, in the order in which their first chunks come.

    :param chunks: With metadata `source`, `document`, `start` and `end`, and maybe `title` and `heading`.
    """
    by_document: dict[tuple[str, str], list[Document]] = {}
    for chunk in chunks:
        by_document.setdefault((chunk.meta["source"], chunk.meta["document"]), []).append(chunk)
    return [_page(*key, sorted(parts, key=lambda part: part.meta["start"])) for key, parts in by_document.items()]


def plain(text: str) -> str:
    """The words of Markdown: without links' addresses, emphasis, code marks, tags and line breaks."""
    text = _TAG.sub(" ", _LINK.sub(r"\1", text)).replace("`", "")
    text = _EMPHASIS.sub(r"\2", text)
    return re.sub(r"\s+", " ", text.replace("\\|", "|").replace("\\_", "_")).strip()


def first_sentence(text: str) -> str:
    """The first sentence of a text without line breaks."""
    return next((text[start:end] for start, end in sentence_spans(text)), "")


def _page(source: str, document: str, chunks: list[Document]) -> Page:
    text = ["\n"] * max(chunk.meta["end"] for chunk in chunks)
    read = 0
    for chunk in chunks:
        start, end, content = chunk.meta["start"], chunk.meta["end"], chunk.content or ""
        if start - read == 1 and not _BEGINS_LINE.match(content):  # a long line that was cut into several chunks
            text[read] = " "
        text[start:end] = content
        read = max(read, end)
    headings = tuple((int(c.meta["start"]), str(c.meta.get("heading") or "").rpartition(" > ")[2]) for c in chunks)
    return Page(source, document, str(chunks[0].meta.get("title") or ""), "".join(text), headings)


def _blocks(page: Page) -> Iterator[Block]:
    reader = _Reader(page)
    offset = 0
    for line in page.text.split("\n"):
        yield from reader.line(offset, line)
        offset += len(line) + 1
    yield from reader.ended()


class _Reader:
    """Reads a page line by line; a paragraph or an item is given when the next one begins."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._marked = bool(re.search(r"^#{1,6}\s", page.text, re.MULTILINE))
        self._heading = ""
        self._lead = ""
        self._fenced = False
        self._open: tuple[str, int, int, bool] | None = None
        """Kind, start, end and whether numbered."""

    def line(self, offset: int, line: str) -> Iterator[Block]:
        if _FENCE.match(line):
            yield from self.ended()
            self._fenced = not self._fenced
            return
        if self._fenced:
            if line.strip():
                yield self._block(CODE, offset, offset + len(line))
            return
        if not line.strip():
            yield from self.ended()
            return
        yield from self._text(offset, line)

    def ended(self) -> Iterator[Block]:
        if self._open is None:
            return
        kind, start, end, number = self._open
        self._open = None
        block = self._block(kind, start, end, number=number)
        if kind == PROSE:
            self._lead = f"{self._lead.rpartition(_APART)[2]}{_APART}{block.text}" if self._lead else block.text
        yield block

    def _text(self, offset: int, line: str) -> Iterator[Block]:
        heading, item = _HEADING.match(line), _ITEM.match(line)
        if heading:
            yield from self.ended()
            yield self._block(HEADING, offset + heading.start("words"), offset + heading.end("words"))
            self._heading, self._lead = plain(heading["words"]), ""
        elif line.lstrip().startswith("|"):
            yield from self.ended()
            yield self._block(ROW, offset, offset + len(line.rstrip()))
        elif item:
            yield from self.ended()
            marker = item["marker"]
            number = marker.strip()[0].isdigit()
            self._open = (ITEM, offset + len(marker), offset + len(line.rstrip()), number)
        elif self._open is not None:
            kind, start, _, number = self._open
            self._open = (kind, start, offset + len(line.rstrip()), number)
        else:
            quoted = _QUOTE.match(line)
            self._open = (PROSE, offset + (quoted.end() if quoted else 0), offset + len(line.rstrip()), False)

    def _block(self, kind: str, start: int, end: int, *, number: bool = False) -> Block:
        heading = self._heading if self._marked else self._heading_at(start)
        return Block(kind, start, end, self._page.text[start:end], heading, self._lead, number)

    def _heading_at(self, offset: int) -> str:
        return next((words for start, words in reversed(self._page.headings) if start <= offset), "")
