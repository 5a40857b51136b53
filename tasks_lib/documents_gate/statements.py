"""``Statement``: a sentence as what it says of its subject, and the values that it gives: numbers, dates, units."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from haystack import Document

from tasks_lib.text.languages import language_of
from tasks_lib.text.sentences import Sentence, is_struck_out, split_sentences
from tasks_lib.text.words import (
    AMOUNTS,
    MONTHS,
    NEGATIONS,
    WEEKDAYS,
    listed,
    plain_numbers,
    stem,
    stop_words,
    words,
)

Value = tuple[str, str]
"""What is said, and of what: `("27", "day")`, `("3", "@march")`, `("14:30", "@time")`."""

MONTH, WEEKDAY, TIME, YEAR, AMOUNT = "@month", "@weekday", "@time", "@year", "@amount"
_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:[-'’.][^\W\d_]+)*")
_SYMBOLS = {"%": " percent ", "€": " euros ", "$": " dollars ", "£": " pounds ", "°": " degrees "}
_SYMBOL = re.compile("|".join(map(re.escape, _SYMBOLS)))
_CURRENCY = re.compile(r"([€$£])\s?(\d+(?:[.,]\d+)*)")
_PLAIN_YEAR = re.compile(r"(?:19|20)\d\d")
_VERSION = re.compile(r"\d+\.\d+\.\d+[\d.]*")
_IDENTIFIER = re.compile(r"[\w./:-]*(?:[a-z][A-Z]|[\w][_/:]|\w\.\w|--\w|\w-\w+-)[\w./:-]*")
_CODE = re.compile(r"`([^`]+)`")
_MARKUP = re.compile(r"[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}|!?\[([^\]]*)\]\([^)]*\)|<[^>]+>")
_COUNTED = frozenset(
    listed(
        "step section chapter table figure fig page part item no number phase level tier grade room floor appendix "
        "article version versions release releases v paragraph note line row column option point rule type class group "
        "stage sprint issue pr"
    )
)
"""Nouns before a number that names something instead of counting it."""
_LIGHT = frozenset(
    listed(
        "get gets receive receives received have has had obtain give gives given take takes taken make makes made use "
        "uses used must should can may might shall will would could need needs allow allows allowed want usually "
        "normally generally typically also now currently always please note however therefore each every per one"
    )
)
"""Words that change nothing about what is said of a subject."""
_HEDGES = frozenset(
    listed("over more less fewer least almost nearly about around approximately roughly than below above under minimum")
)
_CURRENCIES = frozenset(listed("us usd eur gbp chf"))
_POINTING = frozenset(listed("this that these those it its he she they their his her such"))
_OPENING = frozenset(listed("in during for since until by on from"))
UNITS = frozenset(
    stem(word)
    for word in listed(
        "second seconds s ms millisecond minute minutes min hour hours h day days week weeks month months year years "
        "quarter euro euros eur dollar dollars usd pound pounds gbp percent byte bytes kb mb gb tb kib mib gib mi gi "
        "metre metres meter meters km mile miles kilometre kilometres kg gram grams tonne tonnes"
    )
)
_FEWEST_STEMS = 2


@dataclass(frozen=True)
class Statement:
    """A sentence of a document.

    :param stems: What it is about: stems of its words but for stop words, values, units and negations.
    :param units: Stems of the units that it counts in.
    :param names: Its names and identifiers, in lower case.
    :param labels: Numbers that name something: versions, years as in *the 2019 season*, *step 3*.
    :param leaning: Whether it begins with a word that points at what was said before.
    :param title: Stems of the document's title; `heading` those of the nearest heading.
    :param scope: Years and versions of title, headings and path.
    """

    text: str
    document: str
    stems: frozenset[str]
    units: frozenset[str]
    values: tuple[Value, ...]
    names: frozenset[str]
    labels: frozenset[str]
    negated: bool
    hedged: bool
    leaning: bool
    title: frozenset[str]
    heading: frozenset[str]
    scope: frozenset[str]

    @property
    def context(self) -> frozenset[str]:
        """Stems of title and heading."""
        return self.title | self.heading


def statements_of(chunks: Iterable[Document]) -> list[Statement]:
    """What the sentences, items and rows of the chunks say that can be contradicted; each once for a document."""
    found: dict[tuple[str, str, str], Statement] = {}
    for chunk in chunks:
        for sentence in split_sentences(chunk.content or ""):
            said = _statement(chunk, sentence) if sentence.kind != "code" else None
            if said is not None:
                heading = chunk.meta.get("heading") or ""
                found.setdefault((said.document, heading, said.text), said)
    return list(found.values())


def _statement(chunk: Document, sentence: Sentence) -> Statement | None:
    if is_struck_out(sentence.text):
        return None
    lead = sentence.lead if sentence.kind in {"row", "item"} else ""
    said = _said(sentence.text, lead, _language(chunk))
    if len(said.stems) < _FEWEST_STEMS:
        return None
    title, headings = chunk.meta.get("title") or "", chunk.meta.get("heading") or ""
    own = sentence.heading if sentence.heading not in {title, *headings.split(" > ")} else ""
    last = f"{headings.rpartition(' > ')[2]} {own}" if headings != title else own
    return Statement(
        text=sentence.text,
        document=chunk.meta["document"],
        stems=said.stems,
        units=said.units,
        values=said.values,
        names=said.names,
        labels=said.labels,
        negated=said.negated,
        hedged=said.hedged,
        leaning=said.leaning,
        title=_content(title),
        heading=_content(last),
        scope=scope_of(f"{title} {headings} {own} {chunk.meta['document']}"),
    )


@dataclass(frozen=True)
class _Said:
    stems: frozenset[str]
    units: frozenset[str]
    values: tuple[Value, ...]
    names: frozenset[str]
    labels: frozenset[str]
    negated: bool
    hedged: bool
    leaning: bool


@lru_cache(maxsize=65_536)
def _said(text: str, lead: str, language: str) -> _Said:
    """Read the words of a sentence once, from left to right."""
    codes = frozenset(code.strip().lower() for code in _CODE.findall(text))
    plain = _plain(text)
    tokens = [(match[0], match.start()) for match in _TOKEN.finditer(plain)]
    reading = _Reading([token for token, _ in tokens], language)
    for position in range(len(tokens)):
        reading.read(position)
    identifiers = frozenset(match[0].lower() for match in _IDENTIFIER.finditer(plain) if not match[0][0].isdigit())
    if lead:
        reading.stems |= _content(lead)
    return _Said(
        frozenset(reading.stems),
        frozenset(reading.units),
        tuple(sorted(reading.values)),
        frozenset(reading.names) | identifiers | codes,
        frozenset(reading.labels) | frozenset(_VERSION.findall(plain)),
        reading.negated,
        reading.hedged,
        not _POINTING.isdisjoint(reading.lower[:2]),
    )


class _Reading:
    """The words of one sentence, and what was made of those that were read."""

    def __init__(self, tokens: list[str], language: str) -> None:
        self.tokens = tokens
        self.lower = [words(token)[0] if words(token) else token.lower() for token in tokens]
        self.language = language
        self.stops = stop_words(language)
        self.stems: set[str] = set()
        self.units: set[str] = set()
        self.values: list[Value] = []
        self.names: set[str] = set()
        self.labels: set[str] = set()
        self.negated = self.hedged = False

    def read(self, at: int) -> None:
        """Take in one word."""
        token, word = self.tokens[at], self.lower[at]
        if word[0].isdigit():
            self._number(at, word)
        elif word in NEGATIONS or word.endswith("n't"):
            self.negated = not self.negated
        elif self._is_month(at):
            self._dated(at, word, MONTH)
        elif token[0].isupper() and word.removesuffix("s") in WEEKDAYS:
            self._dated(at, word.removesuffix("s"), WEEKDAY)
        elif word in _HEDGES:
            self.hedged = True
        elif word in AMOUNTS and self.language == "en":
            self.values.append((word, AMOUNT))
        elif word not in self.stops and word not in _LIGHT:
            self._word(at, token, word)

    def _number(self, at: int, word: str) -> None:
        before = self.lower[at - 1] if at else ""
        if _VERSION.fullmatch(self.tokens[at]) or before in _COUNTED or self._is_name(at - 1):
            self.labels.add(word)
        elif _PLAIN_YEAR.fullmatch(self.tokens[at]):
            opening = at == 1 and before in _OPENING
            attributive = at + 1 < len(self.tokens) and self._carries(at + 1) and not self._counts(at + 1)
            if opening or attributive:
                self.labels.add(word)
            else:
                self.values.append((word, YEAR))
        elif ":" in self.tokens[at]:
            self.values.append((word, TIME))
        else:
            self.values.append((word, self._unit(at)))

    def _unit(self, at: int) -> str:
        """What is counted: the next word with a meaning, else the one before."""
        following = [other for other in range(at + 1, min(at + 4, len(self.tokens))) if self._carries(other)]
        if following:
            word = self.lower[following[0]]
            return f"@{word}" if self._is_month(following[0]) else stem(word, self.language)
        preceding = [other for other in range(at - 1, -1, -1) if self._carries(other)]
        return stem(self.lower[preceding[0]], self.language) if preceding else ""

    def _dated(self, at: int, word: str, unit: str) -> None:
        if at == 1 and self.lower[0] in _OPENING:
            self.labels.add(word)
        else:
            self.values.append((word, unit))

    def _word(self, at: int, token: str, word: str) -> None:
        stemmed = stem(word, self.language)
        if self._counts(at) and at and self.lower[at - 1][0].isdigit():
            self.units.add(stemmed)
            return
        self.stems.add(stemmed)
        if at and token[0].isupper():
            self.names.add(stemmed)

    def _carries(self, at: int) -> bool:
        """Whether a word has a meaning of its own."""
        word = self.lower[at]
        return not word[0].isdigit() and word not in self.stops and word not in _LIGHT

    def _is_month(self, at: int) -> bool:
        return self.tokens[at][0].isupper() and self.lower[at] in MONTHS

    def _counts(self, at: int) -> bool:
        return stem(self.lower[at]) in UNITS

    def _is_name(self, at: int) -> bool:
        """Whether a number behind this word is part of a name, as in *Java 17*."""
        if at < 1:
            return False
        token, word = self.tokens[at], self.lower[at]
        return token[0].isupper() and word not in MONTHS | _CURRENCIES and word.removesuffix("s") not in WEEKDAYS


def _plain(text: str) -> str:
    """Without markup, and with currencies behind their numbers."""
    text = _MARKUP.sub(lambda match: match[1] or " ", text.replace("`", " "))
    text = _CURRENCY.sub(lambda match: f"{match[2]}{match[1]}", plain_numbers(text))
    return _SYMBOL.sub(lambda match: _SYMBOLS[match[0]], text)


def _language(chunk: Document) -> str:
    """The language whose stop words are looked at; English where there are none of its own."""
    told = str(chunk.meta.get("language") or language_of((chunk.content or "")[:500]) or "en")
    return told if told in {"da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "pt", "ro", "ru", "sv"} else "en"


@lru_cache(maxsize=8192)
def _content(text: str) -> frozenset[str]:
    stops = stop_words("en")
    return frozenset(stem(word) for word in words(_plain(text)) if word not in stops and not word[0].isdigit())


@lru_cache(maxsize=8192)
def scope_of(text: str) -> frozenset[str]:
    """Years and versions that a title, a heading or a path names."""
    return frozenset(re.findall(r"(?<![\d.])(?:(?:19|20)\d\d|\d+\.\d+(?:\.\d+)*)(?!\d)", text))
