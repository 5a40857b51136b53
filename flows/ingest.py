"""Flow `ingest`: the index is what the documents say."""

import time
from functools import partial
from typing import Any

from prefect import flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from blocks.resolve import resolve_platform
from tasks_lib.config.settings import IngestConfig, Settings
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sync import planned_result, write
from tasks_lib.ingestion.tasks import discover, finalize, prepare_on

__all__ = ["IngestResult", "ingest"]

THREADS = 2
"""One thread embeds while the other converts; the embedder itself uses every core."""


@flow(name="ingest", description="Bring the index in sync with one source of documents.")
def ingest(settings: Settings | None = None, platform: str = "local") -> IngestResult:
    """Discover what changed, prepare it in mapped tasks, write it under the index's lock, and tell.

    :raises InputError: If the source is missing or empty, or would lose too many documents.
    :raises IndexUnavailableError: If another writer keeps the index for too long.
    """
    started = time.monotonic()
    settings = settings or Settings()
    resolved = resolve_platform(platform)
    index = resolved.index(settings.rag)
    if settings.ingest.dry_run:
        return planned_result(discover(resolved, settings), index, settings, started)
    with index.writing(settings.ingest.lock_timeout_seconds), task_runner(settings.ingest) as runner:
        plan = discover(resolved, settings)
        prepare = partial(prepare_on, runner, platform=resolved, settings=settings)
        result = write(plan, index, prepare, settings, started)
    finalize(result, resolved)
    return result


def task_runner(config: IngestConfig) -> TaskRunner[Any]:
    """Where the batches run: threads of this process, or a Dask cluster."""
    if config.task_runner == "dask":
        from prefect_dask.task_runners import DaskTaskRunner

        return DaskTaskRunner(address=config.dask_address)
    return ThreadPoolTaskRunner(max_workers=THREADS)
