"""Whether an answer is supported by its passages: per sentence, by shared words, by meaning, and by its numbers."""

import re

import numpy as np

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.contract.embedder import Embedder, in_process
from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.assistant.guardrails.vectors import Vectors
from tasks_lib.config.rag import GroundingConfig

KIND = "UNSUPPORTED"

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
        spans = [(m.start() + start, m.end() + start) for m in _SENTENCE.finditer(text[start:end])]
        vectors = Vectors(self._embedder) if context.vectors is None else context.vectors
        sentences = [text[a:b].strip() for a, b in spans]
        scores = support(sentences, context.sources, vectors)
        if self._config.numbers and any(map(_NUMBER.search, sentences)):
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
    known = {w for s in sources for w in _stems(f"{s.title or ''} {s.heading or ''} {s.content}")}
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


def _capped(score: float | None, sentence: str, known: set[str]) -> float | None:
    """`score`, or less where the sentence holds a number that is not known."""
    if score is None or _numbers(_NUMBERING.sub(" ", sentence)) <= known:
        return score
    return min(score, _UNKNOWN_NUMBER)


def _known_numbers(sources: list[Source], question: str) -> set[str]:
    """Numbers of the passages and of the question, in digits or in words."""
    text = " ".join([question, *(f"{s.document} {s.title or ''} {s.heading or ''} {s.content}" for s in sources)])
    return _numbers(text) | {_NUMBER_WORDS[w] for w in _WORD.findall(text.lower()) if w in _NUMBER_WORDS}


def _numbers(text: str) -> set[str]:
    """Numbers in digits, however their thousands are separated; zero alone, as in 10:00, is none."""
    found = (m[0] for m in _NUMBER.finditer(text))
    plain = {re.sub(r"[.,](?=\d{3}(?!\d))", "", n).replace(",", ".").lstrip("0") for n in found}
    return {re.sub(r"\.0+$", "", n) for n in plain} - {""}


def _alike(sentences: list[str], sources: list[Source]) -> list[str]:
    """The sentences of the passages that share most words with any of `sentences`."""
    wanted = [set(_stems(s)) for s in sentences]
    passages = dict.fromkeys(m[0].strip() for s in sources for m in _SENTENCE.finditer(s.content) if m[0].strip())
    return sorted(passages, key=lambda p: -max(len(w & set(_stems(p))) / (1 + len(w)) for w in wanted))[:_COMPARED]


def _share(sentence: str, known: set[str]) -> float | None:
    own = set(_stems(sentence))
    return len(own & known) / len(own) if len(own) >= _SHORTEST else None


def _stems(text: str) -> list[str]:
    """Content words, cut to six letters so that inflected forms meet."""
    return [w[:6] for w in _WORD.findall(text.lower()) if w not in _FUNCTION_WORDS]
