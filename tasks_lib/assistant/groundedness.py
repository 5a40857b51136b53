"""Groundedness: whether the passages of an answer support it, by shared words, by meaning and by its numbers."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.config.rag import GroundingConfig

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]*")
_WORD = re.compile(r"\w+")
_SHORTEST = 3
"""Content words that a sentence has at least to be judged."""
_LEXICAL_ENOUGH = 0.6
"""Share of shared words from which a sentence counts as supported without comparing meanings."""
_COMPARED = 8
"""Sentences of the answer, and of its passages, that are embedded at most: that is what takes time."""
_UNKNOWN_NUMBER = 0.2
"""Support, at most, of a sentence with a number that neither its passages nor the question hold."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBERING = re.compile(
    r"\[[\d,; -]*\]|\(\d{1,2}\)|^\W*\d{1,2}[.)](?!\d)"
    r"|\b(?:step|passage|source|section|page|chapter|point|option|item|no\.?) \d+",
    re.IGNORECASE,
)
"""Numbers that count or cite, and say nothing."""
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        _WORD.findall(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
}
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        "a an the and or but if then than so as of to in on at by for from with without into about over under "
        "after before is are was were be been being am do does did have has had will would can could should "
        "may might must shall not no yes it its this that these those there here he she they them their his "
        "her we our us you your i my me who whom which what when where why how all any each also only just "
        "more most other such own same very s t according based passage passages document documents context "
        "answer provided "
    )
)


Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → one unit vector per row."""


def groundedness(
    response: str,
    sources: Sequence[Source],
    embed: Embed,
    *,
    question: str = "",
    threshold: float = GroundingConfig().threshold,
) -> float | None:
    """Share of the response's sentences whose support reaches `threshold`: those that the guardrail lets through.

    `None` if every sentence is too short to be judged. This is what gate, guardrail and monitoring go by.
    """
    judged = sentence_support(response, sources, embed, question=question, exact=threshold <= _UNKNOWN_NUMBER)
    known = [support for _, _, support in judged if support is not None]
    return sum(support >= threshold for support in known) / len(known) if known else None


def sentence_support(
    text: str, sources: Sequence[Source], embed: Embed, *, question: str = "", numbers: bool = True, exact: bool = True
) -> list[tuple[int, int, float | None]]:
    """Start, end and support, 0 to 1, of every sentence of `text`; `None` for one too short to say anything.

    The share of its words that the passages hold or, where that leaves doubt, the mean of this share and of the
    closeness in meaning of the nearest sentence of a passage; at most :data:`_UNKNOWN_NUMBER` with an unknown number.

    :param numbers: Whether numbers that neither passages nor question hold count.
    :param exact: Whether sentences with such a number are compared by meaning all the same.
    """
    spans = [match.span() for match in _SENTENCE.finditer(text)]
    sentences = [text[a:b].strip() for a, b in spans]
    invented = _with_unknown_numbers(sentences, sources, question) if numbers else frozenset()
    supports = _support(sentences, sources, embed, frozenset() if exact else invented)
    for i in invented:
        supports[i] = None if supports[i] is None else min(supports[i] or 0.0, _UNKNOWN_NUMBER)
    return [(a, b, support) for (a, b), support in zip(spans, supports, strict=True)]


def _support(
    sentences: list[str], sources: Sequence[Source], embed: Embed, left_alone: frozenset[int]
) -> list[float | None]:
    """Support of every sentence by words and meaning; by words only of those `left_alone`."""
    known = frozenset[str]().union(*(_stems(f"{s.title or ''} {s.heading or ''} {s.content}") for s in sources))
    shares = [_share(s, known) for s in sentences]
    doubtful = [i for i, share in enumerate(shares) if share is not None and share < _LEXICAL_ENOUGH]
    doubtful = sorted((i for i in doubtful if i not in left_alone), key=lambda i: shares[i] or 0.0)[:_COMPARED]
    passages = _alike([sentences[i] for i in doubtful], sources) if doubtful else []
    if not passages:
        return shares
    nearest = np.max(embed([sentences[i] for i in doubtful]) @ embed(passages).T, axis=1)
    for i, closeness in zip(doubtful, nearest, strict=True):
        shares[i] = ((shares[i] or 0.0) + max(0.0, float(closeness))) / 2
    return shares


def _with_unknown_numbers(sentences: Sequence[str], sources: Sequence[Source], question: str) -> frozenset[int]:
    """The sentences with a number that neither passages nor question hold."""
    if not any(map(_NUMBER.search, sentences)):
        return frozenset()
    known = _known_numbers(sources, question)
    return frozenset(i for i, s in enumerate(sentences) if not _numbers(_NUMBERING.sub(" ", s)) <= known)


def _known_numbers(sources: Sequence[Source], question: str) -> set[str]:
    """Numbers of the passages and of the question, in digits or in words."""
    text = " ".join([question, *(f"{s.document} {s.title or ''} {s.heading or ''} {s.content}" for s in sources)])
    return _numbers(text) | {_NUMBER_WORDS[w] for w in _WORD.findall(text.lower()) if w in _NUMBER_WORDS}


def _numbers(text: str) -> set[str]:
    """Numbers in digits, however their thousands are separated; zero alone, as in 10:00, is none."""
    found = (m[0] for m in _NUMBER.finditer(text))
    plain = {re.sub(r"[.,](?=\d{3}(?!\d))", "", n).replace(",", ".").lstrip("0") for n in found}
    return {re.sub(r"\.0+$", "", n) for n in plain} - {""}


def _alike(sentences: list[str], sources: Sequence[Source]) -> list[str]:
    """The sentences of the passages that share most words with any of `sentences`."""
    wanted = [_stems(s) for s in sentences]
    passages = dict.fromkeys(m[0].strip() for s in sources for m in _SENTENCE.finditer(s.content) if m[0].strip())
    return sorted(passages, key=lambda p: -max(len(w & _stems(p)) / (1 + len(w)) for w in wanted))[:_COMPARED]


def _share(sentence: str, known: frozenset[str]) -> float | None:
    stems = _stems(sentence)
    return len(stems & known) / len(stems) if len(stems) >= _SHORTEST else None


@lru_cache(maxsize=1024)
def _stems(text: str) -> frozenset[str]:
    """Content words, cut to six letters so that inflected forms meet; the same passages are read for many answers."""
    return frozenset(w[:6] for w in _WORD.findall(text.lower()) if w not in _FUNCTION_WORDS)
