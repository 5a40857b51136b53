"""Whether an answer is supported by its passages: per sentence, by shared words, by meaning, and by its numbers."""

import re

import numpy as np

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.embedder import Embedder, in_process
from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.rag import GroundingConfig
from tasks_lib.text.sentences import sentence_spans
from tasks_lib.text.words import content_stems, numbers

KIND = "UNSUPPORTED"

_SHORTEST = 3
"""Content words that a sentence has at least to be judged."""
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


class GroundingDetector:
    """Compares every sentence of the answer with every sentence of its passages."""

    def __init__(self, config: GroundingConfig, embedder: Embedder) -> None:
        self._config = config
        self._embedder = embedder
        self.ends_by_itself = in_process(embedder)

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """The sentences whose support is below the threshold."""
        if context.sources is None:
            return []
        start, end = context.window or (0, len(text))
        spans = [(a + start, b + start) for a, b in sentence_spans(text[start:end])]
        vectors = Vectors(self._embedder) if context.vectors is None else context.vectors
        sentences = [text[a:b] for a, b in spans]
        scores = support(sentences, context.sources, vectors)
        if self._config.numbers and any(numbers(s, spelled_out=False) for s in sentences):
            known = _known_numbers(context.sources, context.question)
            scores = [_capped(score, s, known) for score, s in zip(scores, sentences, strict=True)]
        return [
            Finding(KIND, a, b, 1.0 - score)
            for (a, b), score in zip(spans, scores, strict=True)
            if score is not None and score < self._config.threshold
        ]


def support(sentences: list[str], sources: list[Source], vectors: Vectors) -> list[float | None]:
    """Support of every sentence, 0 to 1; `None` for sentences too short to say anything.

    The share of its words that the passages hold or, where that leaves doubt, the mean of this share and of the
    closeness in meaning of the nearest sentence of a passage.
    """
    known = frozenset[str]().union(*(_stems(f"{s.title or ''} {s.heading or ''} {s.content}") for s in sources))
    shares = [_share(s, known) for s in sentences]
    doubtful = [i for i, share in enumerate(shares) if share is not None and share < _LEXICAL_ENOUGH]
    if not doubtful or not sources:
        return shares
    doubtful = sorted(doubtful, key=lambda i: shares[i] or 0.0)[:_COMPARED]
    passages = _alike([sentences[i] for i in doubtful], sources)
    if not passages:
        return shares
    nearest = np.max(vectors.of([sentences[i] for i in doubtful]) @ vectors.of(passages).T, axis=1)
    for i, closeness in zip(doubtful, nearest, strict=True):
        shares[i] = ((shares[i] or 0.0) + max(0.0, float(closeness))) / 2
    return shares


def _capped(score: float | None, sentence: str, known: frozenset[str]) -> float | None:
    """`score`, or less where the sentence holds a number that is not known."""
    if score is None or numbers(_NUMBERING.sub(" ", sentence), spelled_out=False) <= known:
        return score
    return min(score, _UNKNOWN_NUMBER)


def _known_numbers(sources: list[Source], question: str) -> frozenset[str]:
    """Numbers of the passages and of the question, in digits or in words; nothing is made of a zero."""
    texts = (question, *(f"{s.document} {s.title or ''} {s.heading or ''} {s.content}" for s in sources))
    return frozenset("0").union(*map(numbers, texts))


def _alike(sentences: list[str], sources: list[Source]) -> list[str]:
    """The sentences of the passages that share most words with any of `sentences`."""
    wanted = [_stems(s) for s in sentences]
    passages = dict.fromkeys(s.content[a:b] for s in sources for a, b in sentence_spans(s.content))
    return sorted(passages, key=lambda p: -max(len(w & _stems(p)) / (1 + len(w)) for w in wanted))[:_COMPARED]


def _share(sentence: str, known: frozenset[str]) -> float | None:
    stems = _stems(sentence)
    return len(stems & known) / len(stems) if len(stems) >= _SHORTEST else None


def _stems(text: str) -> frozenset[str]:
    return content_stems(text) - _ABOUT_THE_SOURCES
