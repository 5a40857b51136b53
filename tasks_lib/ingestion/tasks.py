"""The Prefect tasks of ingestion. They prepare; the flow writes, since it holds the lock."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.task_runners import TaskRunner
from prefect.tasks import Task, exponential_backoff

from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.plan import PlannedDocument, SyncPlan, make_plan
from tasks_lib.ingestion.prepare import PreparedBatch, prepare_batch
from tasks_lib.ingestion.publish import publish
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.platform import Platform

LISTING_SECONDS = 3600.0
PUBLISHING_SECONDS = 300.0
IN_FLIGHT = 4
"""Batches that are prepared or wait to be written: memory is bounded by them, not by the corpus."""


def _may_help(task: Task[Any, Any], task_run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001
    """Trying again does not mend wrong input."""
    return not isinstance(state.data, InputError)


@task(
    name="discover",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=5,
    retry_condition_fn=_may_help,
    timeout_seconds=LISTING_SECONDS,
)
def discover(platform: Platform, settings: Settings) -> SyncPlan:
    """Compare the source with what the index holds of it."""
    source = platform.document_source(settings.ingest.source, settings.ingest.include)
    return make_plan(source, platform.index(settings.rag), settings.ingest)


@task(
    name="ingest-batch",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=_may_help,
)
def ingest_batch(batch: list[PlannedDocument], platform: Platform, settings: Settings) -> PreparedBatch:
    """Convert, chunk and embed one batch; clients are built here, so that it runs in any process."""
    source = platform.document_source(settings.ingest.source, settings.ingest.include)
    return prepare_batch(batch, source, platform.index(settings.rag), platform.embedder(settings.embedder), settings)


@task(
    name="finalize",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=5,
    retry_condition_fn=_may_help,
    timeout_seconds=PUBLISHING_SECONDS,
)
def finalize(result: IngestResult, platform: Platform) -> None:
    """Record what was done: an MLflow run and an event if something changed, an artifact always."""
    publish(result, platform)


def prepare_on(
    runner: TaskRunner[Any], work: Iterable[list[PlannedDocument]], platform: Platform, settings: Settings
) -> Iterator[PreparedBatch]:
    """Batches as tasks of `runner`, a few in flight, in the order of `work`."""
    pending: deque[Any] = deque()
    for batch in work:
        pending.append(
            runner.submit(ingest_batch, parameters={"batch": batch, "platform": platform, "settings": settings})
        )
        if len(pending) >= IN_FLIGHT:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
