"""Flow `ingest`: synchronise the index with one source of documents."""

import logging
import time
from collections.abc import Callable, Iterable

from blocks.resolve import resolve_platform
from flows.naming import concluded, named_by_source
from flows.orchestration.schedules import PREFIX
from flows.origin import origin
from flows.release import release
from flows.runners import task_runner
from flows.verb import flow
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate.readers import naming
from tasks_lib.errors import ConfigurationError, LlmopsError
from tasks_lib.home import DEFAULT_ASSISTANT, Home
from tasks_lib.ingestion.batch import PreparedBatch
from tasks_lib.ingestion.cache import results_folder
from tasks_lib.ingestion.forgotten import without_forgotten
from tasks_lib.ingestion.gating import is_pending, keep_released, release_first
from tasks_lib.ingestion.languages import tell_languages
from tasks_lib.ingestion.plan import SyncPlan
from tasks_lib.ingestion.publish import with_progress
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.retention import clean_up
from tasks_lib.ingestion.sources.named import with_chosen_source
from tasks_lib.ingestion.sources.open import source_of
from tasks_lib.ingestion.sync import planned_result, warn_of_truncation, write
from tasks_lib.ingestion.tasks import discover, finalize, prepare_here, prepare_on, record
from tasks_lib.registry.denials import read_denials
from tasks_lib.registry.tasks import call_models

__all__ = ["IngestResult", "ingest", "synchronise"]

LONGEST_SECONDS = 24 * 3600
THREADS = 2
"""One thread embeds while the other converts; the embedder itself uses every core."""

FIRST = "it is the first state of this index; what changes from now on passes the documents' gate before it is read"
"""Why it is released."""

logger = logging.getLogger(__name__)


@flow(
    name="ingest",
    flow_run_name=named_by_source,
    description="Synchronise the index with one source of documents.",
    timeout_seconds=LONGEST_SECONDS,
)
def ingest(settings: Settings | None = None, platform: str = "local", assistant: str | None = None) -> IngestResult:
    """Synchronise the index: discover changes, prepare in mapped tasks, write under the index's lock, announce.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.

    :raises ConfigurationError: If the schedule of a source started it, and names none.
    :raises InputError: If the source is missing or empty, or would lose too many documents.
    :raises IndexUnavailableError: If another writer keeps the index for too long.
    :raises ModelUnavailableError: If the embedder does not answer when it is called once; nothing is written then.
    """
    started = time.monotonic()
    settings = with_chosen_source(for_assistant(settings, assistant))
    _require_a_source_of_its_schedule(settings)
    resolved = resolve_platform(platform)
    if settings.index_name not in resolved.indexes():  # a new index needs to know how long the vectors are
        source_of(resolved, settings)
        call_models(resolved, settings.embedder)
    if settings.ingest.dry_run:
        return _concluded(planned_result(discover(resolved, settings), resolved.index(settings.rag), settings, started))
    results = results_folder(Home.from_environment(), settings)
    with task_runner(settings.ingest, THREADS) as runner:

        def prepare(plan: SyncPlan, platform: Platform, settings: Settings) -> Iterable[PreparedBatch]:
            return with_progress(prepare_on(runner, plan, platform, settings, results), plan.work, plan.source)

        result = synchronise(resolved, settings, discover=discover, call_models=call_models, prepare=prepare)
    _announce(result, resolved, settings.assistant)
    if is_pending(resolved.index(settings.rag), settings, changed=result.changed):
        _gate_documents(result, settings, platform)
    return _concluded(result)


def _gate_documents(result: IngestResult, settings: Settings, platform: str) -> None:
    """Run the documents' gate. What was ingested is not read before it is released, so a failure here harms nobody."""
    unattended = settings.release.model_copy(update={"approve": False})  # nobody is waited for here
    settings = naming(settings, settings.rag).model_copy(update={"release": unattended})
    try:
        decided = release(settings, platform)
    except LlmopsError as error:
        told = f"the change is not read yet, since it could not be measured: {error.message}"
        result.warnings.append(f"{told}; run `llmops release`")
        logger.warning(result.warnings[-1])
        return
    result.decision, result.reasons = decided.decision, decided.reasons
    result.released_state = decided.released_state


def _require_a_source_of_its_schedule(settings: Settings) -> None:
    """Refuse the sample handbook where a schedule stood for another source.

    Prefect takes a schedule's parameters away when its times or its switch are changed without them.
    """
    started = origin()
    schedule = started.by.removeprefix("schedule ")
    if settings.ingest.source is None and not started.attended and schedule.startswith(PREFIX):
        raise ConfigurationError(
            f"the schedule {schedule!r} names no source any more: a change of it in Prefect took its parameters away",
            hint="Run `llmops bootstrap` or `llmops up` with the configuration that names the source: it comes back.",
        )


def _concluded(result: IngestResult) -> IngestResult:
    """End the run with what it changed behind its name."""
    return concluded(result, f"{named_by_source()}: {result.title}")


def synchronise(
    platform: Platform,
    settings: Settings,
    *,
    discover: Callable[[Platform, Settings], SyncPlan] = discover.fn,
    call_models: Callable[[Platform, str], None] = call_models.fn,
    prepare: Callable[[SyncPlan, Platform, Settings], Iterable[PreparedBatch]] = prepare_here,
) -> IngestResult:
    """Synchronise the index under its lock: plan, prepare and write in batches, delete, commit, clean up.

    By default it runs in this process without Prefect; the flow passes tasks instead.

    :raises InputError: As :func:`ingest`.
    """
    started = time.monotonic()
    index = platform.index(settings.rag)
    with index.writing(settings.ingest.lock_timeout_seconds):
        first = keep_released(index, settings)
        plan = discover(platform, settings)
        if plan.work and index.exists():
            call_models(platform, settings.embedder)
        denials, prepared = read_denials(Home.from_environment()), prepare(plan, platform, settings)
        if denials.any_text:
            prepared = without_forgotten(prepared, denials, platform.embedder(settings.embedder))
        result = write(plan, index, prepared, settings, started)
        if result.changed:
            warn_of_truncation(result, platform.embedder(settings.embedder), settings)
            clean_up(index, platform, settings, result)
        if first and release_first(index):
            result.decision, result.reasons = "released", [FIRST]
        result.released_state = index.states().released if index.exists() else None
        tell_languages(result, index, settings.embedder)
    return result


def _announce(result: IngestResult, platform: Platform, assistant: str) -> None:
    """Record and announce `result`. The index is committed already, so a failure here fails no ingest."""
    if result.changed or assistant != DEFAULT_ASSISTANT:
        state = record(result, platform, assistant, origin().by, return_state=True)
        if not state.is_completed():
            warning = f"the ingest is not recorded in MLflow: {state.message}"
            logger.warning(warning)
            result.warnings.append(warning)
    finalize(result)
