"""Converted documents to chunks: by structure or by count, within a budget of the embedder's own tokens."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.ingestion.boundaries import Boundary, boundaries
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.contents import passed_over
from tasks_lib.ingestion.converters.converted import ConvertedDocument

CHUNKER_VERSION = "3"
"""Part of every document hash: raise it when chunks change, and documents are ingested again."""

WINDOW_CHARACTERS = 2**18
"""Longer texts are tokenised a window at a time, which bounds memory; a window ends at a line's end."""
LONGEST_TOKEN = 100
"""WordPiece takes a longer word for one unknown token; cut into pieces it may be a token per character."""
TINY_SHARE = 4
"""Sections below a quarter of the budget are merged with their neighbours."""

MARKS = 200
"""Characters that marks add to a heading at most, such as the line below it."""

_WORD = re.compile(r"\w+")
_HARD_LINES = {"csv", "xlsx", "json", "jsonl", "xml", "yaml"}


def chunk_document(
    converted: ConvertedDocument,
    chunking: ChunkingConfig,
    embedder: Embedder,
    *,
    source: str,
    document: str,
    document_hash: str,
) -> Iterator[Chunk]:
    """Chunks in the order of the text; each is exactly `converted.text[chunk.start:chunk.end]`.

    Nothing but white space, inline binary data (`data:…;base64,…`) and tables of contents lies outside of all chunks.
    A chunk never has more than `chunking.tokens` tokens. Its heading is the path it lies under, without the title.
    """
    paths = heading_paths(converted)
    meta = chunk_meta(converted)
    for start, end in _windows(converted.text, converted.body):
        for piece in _pieces(converted, start, end, chunking, embedder):
            yield Chunk(
                source=source,
                document=document,
                content=converted.text[piece.start : piece.end],
                start=piece.start,
                end=piece.end,
                document_hash=document_hash,
                title=converted.title,
                heading=" > ".join(_common([paths[position] for position in piece.headings])) or None,
                page=converted.page_at(piece.start),
                meta=dict(meta),
            )


def chunk_meta(converted: ConvertedDocument) -> dict[str, Any]:
    """Metadata of a document that all of its chunks have."""
    stated = {"format": converted.format, "modified": converted.modified}
    return {**converted.meta, **{key: value for key, value in stated.items() if value}}


@dataclass(frozen=True)
class _Piece:
    """A span and the positions of the headings whose sections it touches (-1 before the first)."""

    start: int
    end: int
    headings: tuple[int, ...]


@dataclass(frozen=True)
class _Section:
    """Tokens `first` up to `last` of a window, below the heading at `headings[-1]`."""

    first: int
    last: int
    headings: tuple[int, ...]

    @property
    def size(self) -> int:
        return self.last - self.first


def heading_paths(converted: ConvertedDocument) -> dict[int, tuple[str, ...]]:
    """Position of a heading → headings from the top to it; the title is not repeated."""
    paths: dict[int, tuple[str, ...]] = {-1: ()}
    stack: list[tuple[int, str]] = []
    for heading in converted.headings:
        stack = [entry for entry in stack if entry[0] < heading.level]
        stack.append((heading.level, heading.text))
        names = tuple(text for _, text in stack)
        paths[heading.position] = names[1:] if names[0] == converted.title else names
    return paths


def _common(paths: list[tuple[str, ...]]) -> list[str]:
    """What the deepest of the paths share: a heading does not hide the one directly below it."""
    deepest = [path for path in paths if not any(len(path) < len(o) and o[: len(path)] == path for o in paths)]
    together = takewhile(lambda names: len(set(names)) == 1, zip(*deepest, strict=False))
    return [names[0] for names in together]


def _windows(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Spans to tokenise: the text that is worth it, in windows."""
    for left, right in passed_over(text, start):
        yield from _split(text, start, left)
        start = right
    yield from _split(text, start, len(text))


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > WINDOW_CHARACTERS:
        limit = start + WINDOW_CHARACTERS
        cuts = (text.rfind(separator, start, limit) for separator in ("\n", " "))
        cut = next((position + 1 for position in cuts if position > start), limit)
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def _pieces(
    converted: ConvertedDocument, start: int, end: int, chunking: ChunkingConfig, embedder: Embedder
) -> Iterator[_Piece]:
    cutter = _Cutter(converted.text, _spans(converted.text, start, end, embedder), chunking, embedder)
    cutter.hard_lines = converted.format in _HARD_LINES
    for section in _sections(converted, cutter.spans, chunking):
        for first, last in cutter.cut(section.first, section.last):
            left, right = cutter.spans[first][0], cutter.spans[last - 1][1]
            yield _Piece(left, right, _touched(section.headings, left, right))


def _touched(headings: tuple[int, ...], start: int, end: int) -> tuple[int, ...]:
    """The headings of a section that a piece of it lies under: the last before it, and those within."""
    before = [position for position in headings if position <= start]
    return (*before[-1:], *(position for position in headings if start < position < end))


def _spans(text: str, start: int, end: int, embedder: Embedder) -> list[tuple[int, int]]:
    """Tokens of a window, as spans of the whole text."""
    spans: list[tuple[int, int]] = []
    for left, right in embedder.token_spans(text[start:end]):
        if right <= left:
            continue
        if right - left > LONGEST_TOKEN:
            spans.extend((start + position, start + position + 1) for position in range(left, right))
        else:
            spans.append((start + left, start + right))
    return spans


def _sections(
    converted: ConvertedDocument, spans: list[tuple[int, int]], chunking: ChunkingConfig
) -> Iterator[_Section]:
    """What is cut by itself: the parts between headings, the tiny ones merged; for `fixed`, everything at once."""
    levels = {heading.position: heading.level for heading in converted.headings}
    bare = _bare_headings(converted, spans)
    parts = list(_between_headings(converted, spans))
    current: _Section | None = None
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        opens = following is not None and levels[following.headings[0]] > levels.get(part.headings[0], 0)
        if current is None:
            current = part
        elif (
            chunking.strategy == "fixed"
            or bare.issuperset(current.headings)
            or _belong_together(current, part, chunking.tokens, opens=opens)
        ):
            current = _Section(current.first, part.last, current.headings + part.headings)
        else:
            yield current
            current = part
    if current:
        yield current


def _bare_headings(converted: ConvertedDocument, spans: list[tuple[int, int]]) -> set[int]:
    """Positions of the headings without any text of their own: each goes with the section that it opens."""
    names = {heading.position: heading.text for heading in converted.headings}
    bare = set()
    for part in _between_headings(converted, spans):
        name = names.get(part.headings[0])
        content = converted.text[spans[part.first][0] : spans[part.last - 1][1]]
        if name is not None and len(content) < len(name) + MARKS and _words(content) == _words(name):
            bare.add(part.headings[0])
    return bare


def _words(text: str) -> list[str]:
    """Letters and digits, without the marks of headings and emphasis."""
    return _WORD.findall(text)


def _belong_together(current: _Section, part: _Section, budget: int, *, opens: bool) -> bool:
    """Whether one of two neighbours is tiny and both fit; one that opens a subsection waits for that."""
    tiny = budget // TINY_SHARE
    return current.size + part.size <= budget and (current.size < tiny or (part.size < tiny and not opens))


def _between_headings(converted: ConvertedDocument, spans: list[tuple[int, int]]) -> Iterator[_Section]:
    heading, first, token = -1, 0, 0
    for upcoming in converted.headings:
        while token < len(spans) and spans[token][0] < upcoming.position:
            token += 1
        if token > first:
            yield _Section(first, token, (heading,))
            first = token
        if token == len(spans):
            return
        heading = upcoming.position
    if first < len(spans):
        yield _Section(first, len(spans), (heading,))


class _Cutter:
    """Cuts a run of tokens into pieces within the budget."""

    def __init__(self, text: str, spans: list[tuple[int, int]], chunking: ChunkingConfig, embedder: Embedder) -> None:
        self.text = text
        self.spans = spans
        self.hard_lines = False
        self._chunking = chunking
        self._embedder = embedder
        self._before: list[Boundary] | None = None

    def cut(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Pieces of tokens `first` up to `last`, each as (first, last) and within the budget."""
        done = start = first
        while done < last:
            end = last if last - start <= self._chunking.tokens else self._best_cut(start, done)
            end = self._within_budget(start, end, done)
            yield start, end
            done = end
            start = self._with_overlap(end, start)

    def _boundary(self, token: int) -> Boundary:
        if self._before is None:
            self._before = boundaries(self.text, self.spans, hard_lines=self.hard_lines)
        return self._before[token] if token < len(self._before) else Boundary.PARAGRAPH

    def _best_cut(self, start: int, done: int) -> int:
        """The strongest boundary in the second half of the budget, the last of its kind."""
        limit = start + self._chunking.tokens
        strongest_wanted = Boundary.WORD if self._chunking.strategy == "fixed" else Boundary.PARAGRAPH
        best, strength = limit, Boundary.INSIDE
        earliest = start + max(self._chunking.tokens // 2, self._chunking.overlap)
        for token in range(limit, max(done, earliest), -1):
            kind = min(self._boundary(token), strongest_wanted)
            if kind > strength:
                best, strength = token, kind
                if strength == strongest_wanted:
                    break
        return best

    def _within_budget(self, start: int, end: int, done: int) -> int:
        """A cut inside a word may be tokenised otherwise than the whole word was: count again, and take less."""
        if self._boundary(start) != Boundary.INSIDE and self._boundary(end) != Boundary.INSIDE:
            return end
        while end > done + 1:
            content = self.text[self.spans[start][0] : self.spans[end - 1][1]]
            excess = len(self._embedder.token_spans(content)) - self._chunking.tokens
            if excess <= 0:
                break
            end = max(done + 1, end - excess)
        return end

    def _with_overlap(self, end: int, start: int) -> int:
        """Where the next piece starts: `overlap` tokens back, at a sentence if one begins there, else at a word."""
        earliest = max(start + 1, end - self._chunking.overlap)
        kinds = [Boundary.WORD] if self._chunking.strategy == "fixed" else [Boundary.SENTENCE, Boundary.WORD]
        for kind in kinds:
            for token in range(earliest, end):
                if self._boundary(token) >= kind:
                    return token
        return end
