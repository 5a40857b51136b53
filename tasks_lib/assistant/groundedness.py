"""Groundedness: whether the passages of an answer support it, by shared words, by meaning and by its numbers."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.embedder import stretched, unrelated_cosine
from tasks_lib.config.guardrails import GroundingConfig
from tasks_lib.text.forms import searchable
from tasks_lib.text.languages import language_of
from tasks_lib.text.sentences import sentence_spans
from tasks_lib.text.words import CACHED_TEXTS, content_stems
from tasks_lib.text.words import numbers as numbers_in

_SHORTEST = 3
"""Content words that a sentence has at least to be judged."""
_FEWEST_LETTERS = 8
"""Letters of a sentence that may count as copied; twice as many where a script has no blanks between words."""
_ENDS = " .!?…。！？।\"'»”’)"  # noqa: RUF001
_CITED = re.compile(r"\[\d[\d,; -]*\]")
_LEXICAL_ENOUGH = 0.6
"""Share of shared words from which a sentence counts as supported without comparing meanings."""
_COMPARED = 8
"""Sentences of the answer, and of its passages, that are embedded at most: that is what takes time."""
_UNKNOWN_NUMBER = 0.2
"""Support, at most, of a sentence with a number that neither its passages nor the question hold."""
_NUMBERING = re.compile(
    r"\[[\d,; -]*\]|\(\d{1,2}\)|^\W*\d{1,2}[.)](?!\d)"
    r"|\b(?:step|passage|source|section|page|chapter|point|option|item|no\.?) \d+",
    re.IGNORECASE,
)
"""Numbers that count or cite, and say nothing."""
_ABOUT_THE_SOURCES = content_stems("according based passage document context answer provided")
"""What a model says about its passages, and not from them."""
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
_STEMMED = frozenset({"da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "pt", "ro", "ru", "sv"})
"""Languages with stop words and a stemmer."""
_TELLING = 500
"""Characters of each passage that tell its language."""

NONE: Mapping[str, float] = MappingProxyType({})
"""Unrelated texts have a cosine of about 0."""
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → one unit vector per row."""


def groundedness(
    response: str,
    sources: Sequence[Source],
    embed: Embed,
    *,
    question: str = "",
    threshold: float = GroundingConfig().threshold,
    unrelated: Mapping[str, float] = NONE,
) -> float | None:
    """Share of the response's sentences whose support reaches `threshold`: those that the guardrail lets through.

    `None` if every sentence is too short to be judged. This is what gate, guardrail and monitoring go by.
    """
    exact = threshold <= _UNKNOWN_NUMBER
    judged = sentence_support(response, sources, embed, question=question, exact=exact, unrelated=unrelated)
    known = [support for _, _, support in judged if support is not None]
    return sum(support >= threshold for support in known) / len(known) if known else None


def sentence_support(
    text: str,
    sources: Sequence[Source],
    embed: Embed,
    *,
    question: str = "",
    numbers: bool = True,
    exact: bool = True,
    unrelated: Mapping[str, float] = NONE,
) -> list[tuple[int, int, float | None]]:
    """Start, end and support, 0 to 1, of every sentence of `text`; `None` for one too short to say anything.

    1 for a sentence that a passage holds word for word, in whatever language, script and Unicode form. For others the
    share of its words that the passages hold or, where that leaves doubt, the mean of this share and of the
    closeness in meaning of the nearest sentence of a passage; at most :data:`_UNKNOWN_NUMBER` with an unknown number.

    :param numbers: Whether numbers that neither passages nor question hold count.
    :param exact: Whether sentences with such a number are compared by meaning all the same.
    :param unrelated: Cosines of unrelated texts, as the embedder tells them by language.
    """
    spans = list(sentence_spans(text))
    sentences = [text[a:b] for a, b in spans]
    copied = _copied(sentences, sources)
    own = [sentence for i, sentence in enumerate(sentences) if i not in copied]
    invented = _with_unknown_numbers(own, sources, question) if numbers else frozenset()
    supports = _support(own, sources, embed, frozenset() if exact else invented, unrelated)
    for i in invented:
        supports[i] = None if supports[i] is None else min(supports[i] or 0.0, _UNKNOWN_NUMBER)
    rest = iter(supports)
    return [(a, b, 1.0 if i in copied else next(rest)) for i, (a, b) in enumerate(spans)]


def _copied(sentences: Sequence[str], sources: Sequence[Source]) -> frozenset[int]:
    """The sentences that stand in a passage word for word, those too short to say anything left out."""
    passages = [_one_form(source.content) for source in sources]
    return frozenset(i for i, s in enumerate(sentences) if _says_something(s) and _stands_in(_one_form(s), passages))


def _says_something(sentence: str) -> bool:
    letters = sum(character.isalpha() for character in sentence)
    return (len(sentence.split()) >= _SHORTEST and letters >= _FEWEST_LETTERS) or letters >= 2 * _FEWEST_LETTERS


def _stands_in(sentence: str, passages: Sequence[str]) -> bool:
    """Whether a passage holds the words, and no word or number of it goes on at their ends."""
    if not any(sentence in passage for passage in passages):
        return False
    whole = re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(sentence)}(?!\w)(?![.,]\d)")
    return any(whole.search(passage) for passage in passages)


@lru_cache(maxsize=CACHED_TEXTS)
def _one_form(text: str) -> str:
    """Words as they are compared: in one Unicode form, whatever the case, blanks and citations; without a last stop."""
    return " ".join(searchable(_CITED.sub(" ", text)).casefold().split()).strip(_ENDS)


def _support(
    sentences: list[str],
    sources: Sequence[Source],
    embed: Embed,
    left_alone: frozenset[int],
    unrelated: Mapping[str, float],
) -> list[float | None]:
    """Support of every sentence by words and meaning; by words only of those `left_alone`."""
    language = _language(sources)
    shares = _shares(sentences, sources, language)
    if language != "en" and None in shares:  # its stop words leave too little: by all words, as if it were English
        shares = [
            known if known is not None else other
            for known, other in zip(shares, _shares(sentences, sources, "en"), strict=True)
        ]
    doubtful = [i for i, share in enumerate(shares) if share is not None and share < _LEXICAL_ENOUGH]
    doubtful = sorted((i for i in doubtful if i not in left_alone), key=lambda i: shares[i] or 0.0)[:_COMPARED]
    passages = _alike([sentences[i] for i in doubtful], sources) if doubtful else []
    if not passages:
        return shares
    cosines = np.max(embed([sentences[i] for i in doubtful]) @ embed(passages).T, axis=1)
    nearest = stretched(cosines, unrelated_cosine(unrelated, language))
    for i, closeness in zip(doubtful, nearest, strict=True):
        shares[i] = ((shares[i] or 0.0) + max(0.0, float(closeness))) / 2
    return shares


def _with_unknown_numbers(sentences: Sequence[str], sources: Sequence[Source], question: str) -> frozenset[int]:
    """The sentences with a number that neither passages nor question hold."""
    if not any(numbers_in(sentence, spelled_out=False) for sentence in sentences):
        return frozenset()
    known = _known_numbers(sources, question)
    stated = (numbers_in(_NUMBERING.sub(" ", sentence), spelled_out=False) for sentence in sentences)
    return frozenset(i for i, numbers in enumerate(stated) if not numbers <= known)


def _known_numbers(sources: Sequence[Source], question: str) -> frozenset[str]:
    """Numbers of the passages and of the question, in digits or in words; nothing is made of a zero."""
    texts = (question, *(f"{s.document} {s.title or ''} {s.heading or ''} {s.content}" for s in sources))
    return frozenset("0").union(*map(numbers_in, texts))


def _alike(sentences: list[str], sources: Sequence[Source]) -> list[str]:
    """The sentences of the passages that share most words with any of `sentences`."""
    language = _language(sources)
    wanted = [_stems(s, language) for s in sentences]
    passages = dict.fromkeys(s.content[a:b] for s in sources for a, b in sentence_spans(s.content))
    return sorted(passages, key=lambda p: -max(len(w & _stems(p, language)) / (1 + len(w)) for w in wanted))[:_COMPARED]


def _shares(sentences: Sequence[str], sources: Sequence[Source], language: str) -> list[float | None]:
    """Share of the content words of each sentence that the passages hold."""
    texts = (f"{s.title or ''} {s.heading or ''} {s.content}" for s in sources)
    known = frozenset[str]().union(*(_stems(text, language) for text in texts))
    return [_share(_stems(sentence, language), known) for sentence in sentences]


def _share(stems: frozenset[str], known: frozenset[str]) -> float | None:
    return len(stems & known) / len(stems) if len(stems) >= _SHORTEST else None


def _language(sources: Sequence[Source]) -> str:
    """The language whose stop words and stems are looked at: the passages', if there are such, else English."""
    told = language_of(" ".join(source.content[:_TELLING] for source in sources))
    return told if told in _STEMMED else "en"


@lru_cache(maxsize=CACHED_TEXTS)
def _stems(text: str, language: str) -> frozenset[str]:
    """Stems of the words that carry meaning; of scripts that write no blanks, each two letters that stand together."""
    runs = _UNSPACED.findall(text)
    pairs = (run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1)))
    spaced = _UNSPACED.sub(" ", text) if runs else text
    return (content_stems(spaced, language) - _ABOUT_THE_SOURCES) | frozenset(pairs)
