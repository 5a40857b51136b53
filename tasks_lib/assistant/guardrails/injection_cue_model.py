"""The classifier of attempts in any language: logistic regression over the concepts that cue words stand for.

It knows no words, only which concepts a sentence speaks of together. So what it learnt in one language holds in those
that it never saw, as far as their cue words are listed. Its weights are a data file of the package, trained by
benchmarks/guardrails/train_injection_cues.py.
"""

import json
import math
import re
from functools import lru_cache
from importlib.resources import files
from itertools import combinations

from tasks_lib.assistant.guardrails.injection_cues import cue_words

WEIGHTS = "data/injection_by_cues.json"
READ = 1500
"""Characters of a text that are read: more than a window of the other classifier."""
SHARES = 5
"""Classes of how much of a text cue words are: tenths, from none to four or more."""
_OF_ENGLISH = 0.2
"""Share of the English classifier's logit in what decides about English below its own cut-off."""

_ENDS = re.compile(r"[.!?…。！？؟।\n]+")  # noqa: RUF001
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_LETTERS_OF_A_WORD = 2
"""Where a script has no blanks."""


def cue_features(text: str) -> dict[str, float]:
    """Feature → weight, as a unit vector: concepts, pairs of them in one sentence, and the share of cue words."""
    known = cue_words()
    features: set[str] = set()
    cues = 0
    for sentence in _ENDS.split(text[:READ]):
        found = list(known.found(sentence))
        cues += len(found)
        concepts = sorted(frozenset[str]().union(*found))
        features.update(concepts)
        features.update(f"{one} {other}" for one, other in combinations(concepts, 2))
    share = cues / max(1, _words(text[:READ]))
    features.add(f"share {min(SHARES - 1, int(share * 10))}")
    norm = math.sqrt(len(features))
    return dict.fromkeys(sorted(features), 1 / norm)


def _words(text: str) -> int:
    return sum(
        math.ceil(len(word) / _LETTERS_OF_A_WORD) if _UNSPACED.match(word) else 1 for word in _WORD.findall(text)
    )


class CueModel:
    """The trained weights.

    :param intercept: Shifted so that a logit of 0 is the calibrated cut-off for languages other than English.
    :param english: The cut-off of `in_english`.
    """

    def __init__(self, intercept: float, english: float, weights: dict[str, float]) -> None:
        self._intercept = intercept
        self._weights = weights
        self.english = english

    def logit(self, text: str) -> float:
        """How much `text` speaks of what attempts speak of."""
        features = cue_features(text)
        return self._intercept + sum(self._weights.get(name, 0.0) * value for name, value in features.items())


def in_english(english: float, cues: float) -> float:
    """Logit of both classifiers together, for texts in English."""
    return _OF_ENGLISH * english + (1 - _OF_ENGLISH) * cues


@lru_cache(maxsize=1)
def cue_model() -> CueModel:
    """The model of the package."""
    stored = json.loads(files("tasks_lib.assistant.guardrails").joinpath(WEIGHTS).read_text(encoding="utf-8"))
    return CueModel(stored["intercept"], stored["english"], stored["weights"])
