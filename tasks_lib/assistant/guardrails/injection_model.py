"""The injection classifier: logistic regression over hashed word n-grams and the sentence embedding.

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

from tasks_lib.assistant.guardrails.vectors import Matrix

BUCKETS = 8192
WINDOW = 1000
"""Characters that are scored at once: about what the embedder reads."""
WEIGHTS = "data/injection.json"

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

    :param intercept: Shifted so that 0.5 is the calibrated cut-off.
    """

    def __init__(self, intercept: float, embedding: Matrix, ngrams: dict[int, float]) -> None:
        self._intercept = intercept
        self._embedding = embedding
        self._ngrams = ngrams

    @property
    def dimension(self) -> int:
        """Dimensions of the embeddings that the model was trained on."""
        return len(self._embedding)

    def score(self, text: str, vector: Matrix) -> float:
        """Probability, 0 to 1, that `text` tries to change instructions."""
        known = self._ngrams
        logit = self._intercept + float(self._embedding @ vector)
        logit += sum(known[bucket] * value for bucket, value in ngram_features(text).items() if bucket in known)
        return 1.0 / (1.0 + math.exp(-logit))


@lru_cache(maxsize=1)
def injection_model() -> InjectionModel:
    """The model of the package."""
    stored = json.loads(files("tasks_lib.assistant.guardrails").joinpath(WEIGHTS).read_text(encoding="utf-8"))
    return InjectionModel(
        stored["intercept"],
        np.asarray(stored["embedding"], dtype=np.float32),
        {int(bucket): weight for bucket, weight in stored["ngrams"].items()},
    )
