"""How a set was made: questions of another recipe are neither kept nor added to."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from haystack import Pipeline

from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.questions import EXTRACTIVE, origin_of

GENERATOR = "patterns-3"
"""How the built-in pipeline makes questions without a model; those of another name are made anew."""


@dataclass(frozen=True)
class Recipe:
    """What the questions of a set depend on, beside the documents.

    :param pipeline: Digest of the file of `dataset.pipeline`, else the name of the built-in way.
    """

    origin: str
    seed: int
    index: str
    pipeline: str

    def difference(self, dataset: Dataset) -> str:
        """In what the set was made otherwise, in words; empty where it was made so."""
        for name, wanted in vars(self).items():
            if (found := getattr(dataset, name)) != wanted:
                return f"the set {dataset.reference} was made with {name} {found!r}, and now it is {wanted!r}"
        return ""


def recipe_of(pipeline: Pipeline, settings: Settings, index: str) -> Recipe:
    """The recipe of what `pipeline` makes now, of the index of this name."""
    origin = origin_of(pipeline, settings.llm.model)
    digest = _digest(settings) or (GENERATOR if origin == EXTRACTIVE else "")
    return Recipe(origin, settings.dataset.seed, index, digest)


def _digest(settings: Settings) -> str:
    """Of the file of `dataset.pipeline`: questions of another pipeline are not kept."""
    file = settings.dataset.pipeline
    if file is None or not Path(file).expanduser().is_file():
        return ""
    return hashlib.sha256(Path(file).expanduser().read_bytes()).hexdigest()[:12]
