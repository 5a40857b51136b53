"""The classifier of attempts by meaning: logistic regression over the embedding of multilingual-e5-small.

It reads every language that its embedder does, and counts together with the classifier of cue words. Its weights are a
data file of the package, trained by benchmarks/guardrails/train_injection_meaning.py.
"""

import json
from functools import lru_cache
from importlib.resources import files

import numpy as np

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.guardrails.injection_model import InjectionModel
from tasks_lib.assistant.guardrails.vectors import Matrix

WEIGHTS = "data/injection_by_meaning.json"
OF_MEANING = 0.5
"""Share of this classifier's logit in what decides."""


class MeaningModel:
    """The trained weights.

    :param model: Its logit alone.
    :param cut_off: Of both logits together, and `english` that for English.
    """

    def __init__(self, model: InjectionModel, cut_off: float, english: float) -> None:
        self._model = model
        self._cut_off = cut_off
        self._english = english

    def reads(self, embedder: Embedder) -> bool:
        """Whether it was trained with vectors of this embedder."""
        return self._model.reads(embedder)

    def with_cues(self, vector: Matrix, cues: float, *, english: bool) -> float:
        """How likely a text tries to change instructions, 0 being the cut-off.

        :param cues: Logit of the classifier of cue words.
        """
        both = OF_MEANING * self._model.logit("", vector) + (1 - OF_MEANING) * cues
        return both - (self._english if english else self._cut_off)

    def trained(self, intercept: float, weights: Matrix) -> "MeaningModel":
        """The same cut-offs, with weights that were trained on other texts."""
        return MeaningModel(self._model.trained(intercept, weights), self._cut_off, self._english)


@lru_cache(maxsize=1)
def meaning_model() -> MeaningModel:
    """The model of the package."""
    stored = json.loads(files("tasks_lib.assistant.guardrails").joinpath(WEIGHTS).read_text(encoding="utf-8"))
    weights, probe = (np.asarray(stored[name], dtype=np.float32) for name in ("embedding", "probe"))
    model = InjectionModel(stored["intercept"], weights, {}, probe)  # it has no n-grams
    return MeaningModel(model, stored["cut_off"], stored["english"])
