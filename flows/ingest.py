"""Flow `ingest`: the index is what the documents say."""

import logging
import time
from collections.abc import Iterable

from prefect import flow

from blocks.resolve import resolve_platform
from flows.runners import task_runner
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.cache import clear, results_folder
from tasks_lib.ingestion.plan import PlannedDocument
from tasks_lib.ingestion.prepare import PreparedBatch
from tasks_lib.ingestion.publish import with_progress
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.retention import clean_up
from tasks_lib.ingestion.sync import planned_result, warn_of_truncation, write
from tasks_lib.ingestion.tasks import discover, finalize, prepare_on, record

__all__ = ["IngestResult", "ingest"]

LONGEST_SECONDS = 24 * 3600
THREADS = 2
"""One thread embeds while the other converts; the embedder itself uses every core."""

logger = logging.getLogger(__name__)


@flow(
    name="ingest",
    description="Bring the index in sync with one source of documents.",
    timeout_seconds=LONGEST_SECONDS,
)
def ingest(settings: Settings | None = None, platform: str = "local") -> IngestResult:
    """Discover what changed, prepare it in mapped tasks, write it under the index's lock, and tell.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.

    :raises InputError: If the source is missing or empty, or would lose too many documents.
    :raises IndexUnavailableError: If another writer keeps the index for too long.
    """
    started = time.monotonic()
    settings = settings or Settings()
    resolved = resolve_platform(platform)
    index = resolved.index(settings.rag)
    if settings.ingest.dry_run:
        return planned_result(discover(resolved, settings), index, settings, started)
    results = results_folder(Home.from_environment(), settings)
    with index.writing(settings.ingest.lock_timeout_seconds), task_runner(settings.ingest, THREADS) as runner:
        plan = discover(resolved, settings)

        def prepare(work: Iterable[list[PlannedDocument]]) -> Iterable[PreparedBatch]:
            prepared = prepare_on(runner, work, plan.source, resolved, settings, results)
            return with_progress(prepared, plan.work, plan.source)

        result = write(plan, index, prepare, settings, started)
        if results is not None:
            clear(results)
        if result.changed:
            warn_of_truncation(result, resolved.embedder(settings.embedder), settings)
            clean_up(index, resolved, settings, result)
    _tell(result, resolved)
    return result


def _tell(result: IngestResult, platform: Platform) -> None:
    """Record and announce `result`. The index is right whatever becomes of that, so it fails no ingest."""
    if result.changed:
        state = record(result, platform, return_state=True)
        if not state.is_completed():
            warning = f"the ingest is not recorded in MLflow: {state.message}"
            logger.warning(warning)
            result.warnings.append(warning)
    finalize(result)
