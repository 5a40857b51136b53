"""Flow `dataset`: make, import or extend the evaluation set."""

import time
from collections.abc import Sequence
from typing import Literal

from blocks.resolve import resolve_platform
from flows.naming import named_by_assistant
from flows.verb import flow
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load
from tasks_lib.dataset.proposals import Settled, settle
from tasks_lib.dataset.questions import require_documents
from tasks_lib.dataset.shown import Shown, show
from tasks_lib.dataset.tasks import (
    DatasetResult,
    import_questions,
    make_questions,
    propose_candidates,
    require_affordable,
    save_dataset,
)
from tasks_lib.registry.agreement import require_known, require_production_collection
from tasks_lib.registry.tasks import call_models
from tasks_lib.registry.tracking import connect
from tasks_lib.untraversed import untraversed

__all__ = ["DatasetResult", "dataset", "settled", "shown"]

LONGEST_SECONDS = 12 * 3600


@flow(
    name="dataset",
    flow_run_name=named_by_assistant("dataset"),
    description="Make, import or extend the evaluation set.",
    timeout_seconds=LONGEST_SECONDS,
)
def dataset(settings: Settings | None = None, platform: str = "local", assistant: str | None = None) -> DatasetResult:
    """Generate questions from the index or import a file, and save an immutable version of the evaluation set.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.

    :raises InputError: If nothing was ingested, there is no such assistant, its production reads another collection,
        or the file to import is wrong (naming line and field).
    :raises BudgetError: If the questions are known to cost more than `dataset.budget`, or nobody knows what they cost,
        before any model is called; or once another call could exceed it.
    :raises ModelUnavailableError: If a model that makes questions does not answer when it is called once.
    """
    started = time.monotonic()
    settings = for_assistant(settings, assistant)
    resolved = resolve_platform(platform)
    require_production_collection(resolved, settings)
    if settings.dataset.add_from_traces or not resolved.index(settings.rag).exists():
        require_known(connect(resolved, settings.assistant))
    if settings.dataset.add_from_traces:
        result = propose_candidates(resolved, settings)
    elif settings.dataset.import_file:
        imported = import_questions(resolved, settings, settings.dataset.import_file)
        result = save_dataset(resolved, settings, untraversed(imported))
    else:
        require_documents(resolved.open_index(settings.index_name))
        if settings.dataset.budget is not None:
            require_affordable(resolved, settings)
        call_models(resolved, settings.embedder, [settings.llm], judge=True)
        result = save_dataset(resolved, settings, untraversed(make_questions(resolved, settings)))
    result.seconds = round(time.monotonic() - started, 2)
    return result


def shown(settings: Settings, platform: str, only: Sequence[str] = ()) -> Shown:
    """Questions of the newest version of the set, without a run: nothing is made.

    :param only: Filters; see :func:`tasks_lib.dataset.shown.show`.
    :raises InputError: If there is no set, or no question passes.
    """
    client = connect(resolve_platform(platform), settings.assistant)
    return show(load(client, settings.gate.dataset or settings.dataset.name), only)


def settled(settings: Settings, platform: str, choice: Literal["take", "drop"], only: Sequence[str] = ()) -> Settled:
    """Take proposed questions into what versions are measured by, or drop them; the next version of the set.

    :param only: Filters; see :func:`tasks_lib.dataset.shown.choose`.
    :raises InputError: If there is no set, or no proposed question passes.
    """
    client = connect(resolve_platform(platform), settings.assistant)
    return settle(client, load(client, settings.gate.dataset or settings.dataset.name), only, take=choice == "take")
