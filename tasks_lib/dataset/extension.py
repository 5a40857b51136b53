"""More questions for a set, made as the set was made: what the gate asks on with while it is undecided."""

from dataclasses import dataclass

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.retrieval.pipeline import index_as_read
from tasks_lib.config.settings import Settings
from tasks_lib.dataset import datasets
from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.estimate import require_affordable
from tasks_lib.dataset.examples import TURN
from tasks_lib.dataset.pipeline import journal_path, questions_pipeline
from tasks_lib.dataset.questions import generate
from tasks_lib.dataset.recipe import recipe_of
from tasks_lib.errors import BudgetError, InputError
from tasks_lib.registry.tracking import connect

IMPORTED = "import"
"""Origin of questions that people gave."""


@dataclass(frozen=True)
class Extension:
    """The set with what could be made, and what is said about it."""

    dataset: Dataset
    said: str


def extend(platform: Platform, settings: Settings, dataset: Dataset, size: int) -> Extension:
    """The next version of `dataset`, with new questions behind its own until there are `size`.

    Only a set that was made here, of these documents and in this way, is added to: questions of another origin are
    another kind of question, and the whole would no longer be one sample.

    :param settings: Their `dataset` says how questions are made, their index which documents are asked about.
    """
    if dataset.origin == IMPORTED:
        return Extension(dataset, f"no more questions were made: the set {dataset.reference} was imported; import more")
    config = settings.dataset.model_copy(update={"name": dataset.name, "size": size})
    settings = settings.model_copy(update={"dataset": config})
    index = index_as_read(platform, settings.rag)
    try:
        pipeline = questions_pipeline(platform, settings)
    except BudgetError as error:
        return Extension(dataset, f"no more questions were made: {error.message}")
    recipe = recipe_of(pipeline, settings, index.name)
    if (difference := recipe.difference(dataset)) or not index.exists():
        return Extension(dataset, f"no more questions were made: {difference or f'there is no index {index.name!r}'}")
    known = {example.id for example in dataset.examples}
    kept = [example for example in dataset.examples if TURN not in example.id]
    try:
        require_affordable(platform, settings, kept)
        made = generate(
            pipeline, index, platform.embedder(settings.embedder), config, model=settings.llm.model, kept=kept
        )
    except InputError as error:
        return Extension(dataset, f"no more questions were made: {error.message}")
    room = max(0, size - len(dataset.examples))
    new = [example for example in made.examples if example.id not in known][:room]
    if not new:
        return Extension(dataset, "no more questions were made: the documents give no more that pass every filter")
    extended = datasets.save(
        connect(platform, settings.assistant),
        dataset.name,
        (*dataset.examples, *new),
        index=index.name,
        index_version=index.version(),
        origin=dataset.origin,
        seed=dataset.seed,
        pipeline=dataset.pipeline,
    )
    journal_path(settings).unlink(missing_ok=True)
    return Extension(extended, f"{len(new)} more questions were made while it was undecided ({extended.reference})")
