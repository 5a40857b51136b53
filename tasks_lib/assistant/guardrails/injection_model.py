"""The English injection classifier: logistic regression over hashed word n-grams and the sentence embedding.

Its weights are a data file of the package, trained by benchmarks/guardrails/train_injection.py.
"""

import json
import math
import re
import zlib
from collections import Counter
from functools import lru_cache
from importlib.resources import files

import numpy as np

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails.vectors import Matrix

BUCKETS = 8192
WINDOW = 1000
"""Characters that are scored at once: about what the embedder reads."""
WEIGHTS = "data/injection.json"
PROBE = "How do I ask for leave?"
_SAME = 0.99
"""Cosine of what two runs of one embedder make of `PROBE`, at least, whatever the processor."""

_TOKEN = re.compile(r"\w+|[:\"`#<>]")
_LONGEST_NGRAM = 3


def ngram_features(text: str) -> dict[int, float]:
    """Bucket → weight of the word 1- to 3-grams of `text`, as a unit vector; numbers of one length are one word."""
    tokens = ["0" * len(token) if token.isdigit() else token for token in _TOKEN.findall(text.lower())]
    counts: Counter[int] = Counter()
    for n in range(1, _LONGEST_NGRAM + 1):
        for i in range(len(tokens) - n + 1):
            counts[zlib.crc32(" ".join(tokens[i : i + n]).encode()) % BUCKETS] += 1
    norm = math.sqrt(sum(c * c for c in counts.values()))
    return {bucket: count / norm for bucket, count in counts.items()}


def windows(text: str) -> list[tuple[int, int]]:
    """Pieces of at most `WINDOW` characters, cut at white space where there is any."""
    spans = []
    start = 0
    while start < len(text):
        end = min(len(text), start + WINDOW)
        if end < len(text):
            space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = space + 1 if space > start + WINDOW // 2 else end
        spans.append((start, end))
        start = end
    return spans


class InjectionModel:
    """The trained weights.

    :param intercept: Shifted so that a logit of 0 is the calibrated cut-off.
    :param probe: What the embedder that the model was trained with makes of `PROBE`.
    """

    def __init__(self, intercept: float, embedding: Matrix, ngrams: dict[int, float], probe: Matrix) -> None:
        self._intercept = intercept
        self._embedding = embedding
        self._ngrams = ngrams
        self._probe = probe

    def reads(self, embedder: Embedder) -> bool:
        """Whether it was trained with vectors of this embedder: others may be as long and mean something else."""
        if embedder.dimension != len(self._embedding):
            return False
        return float(np.asarray(embedder.embed([PROBE])[0], dtype=np.float32) @ self._probe) >= _SAME

    def trained(self, intercept: float, embedding: Matrix) -> "InjectionModel":
        """For the same embedder, with weights that were trained on other texts."""
        return InjectionModel(intercept, np.asarray(embedding, dtype=np.float32), self._ngrams, self._probe)

    def logit(self, text: str, vector: Matrix) -> float:
        """How likely `text` tries to change instructions, 0 being the cut-off."""
        known = self._ngrams
        logit = self._intercept + float(self._embedding @ vector)
        return logit + sum(known[bucket] * value for bucket, value in ngram_features(text).items() if bucket in known)


@lru_cache(maxsize=1)
def injection_model() -> InjectionModel:
    """The model of the package."""
    stored = json.loads(files("tasks_lib.assistant.guardrails").joinpath(WEIGHTS).read_text(encoding="utf-8"))
    return InjectionModel(
        stored["intercept"],
        np.asarray(stored["embedding"], dtype=np.float32),
        {int(bucket): weight for bucket, weight in stored["ngrams"].items()},
        np.asarray(stored["probe"], dtype=np.float32),
    )
