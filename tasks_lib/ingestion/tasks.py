"""The Prefect tasks of ingestion. They prepare; the flow writes, since it holds the lock."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.task_runners import TaskRunner
from prefect.tasks import exponential_backoff
from prefect.utilities.timeout import timeout

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.ingestion.batch import PreparedBatch, prepare_batch
from tasks_lib.ingestion.cache import batch_key, clear, forget
from tasks_lib.ingestion.pipeline import indexing_pipeline, pipeline_key, understood_suffixes
from tasks_lib.ingestion.plan import PlannedDocument, SyncPlan, batches, make_plan, max_bytes
from tasks_lib.ingestion.publish import announce, log_run
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.open import source_of
from tasks_lib.registry.agreement import is_known
from tasks_lib.registry.denials import read_denials
from tasks_lib.registry.retries import again, may_help
from tasks_lib.registry.tracking import connect

LISTING_SECONDS = 3600.0
BATCH_SECONDS = 3600.0
RECORDING_SECONDS = 120.0
ANNOUNCING_SECONDS = 60.0
IN_FLIGHT = 4
"""Batches that are prepared or wait to be written: memory is bounded by them, not by the corpus."""


class BatchTimeoutError(LlmopsError):
    """A batch took too long; it is not tried again."""


def _content_key(context: TaskRunContext, parameters: dict[str, Any]) -> str:  # noqa: ARG001
    return batch_key(parameters["batch"], parameters["source"], parameters["settings"])


@task(name="discover", timeout_seconds=LISTING_SECONDS, **again())
def discover(platform: Platform, settings: Settings) -> SyncPlan:
    """Compare the source with what the index holds of it.

    :raises ConfigurationError: If the indexing pipeline cannot be built as configured.
    """
    pipeline = indexing_pipeline(platform, settings)
    source = source_of(platform, settings, understood_suffixes(pipeline))
    denials = read_denials(Home.from_environment())
    return make_plan(source, platform.index(settings.rag), settings, pipeline_key(platform, settings), denials)


@task(
    name="ingest-batch",
    cache_key_fn=_content_key,
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=may_help,
    cache_result_in_memory=False,
)
def ingest_batch(batch: list[PlannedDocument], source: str, platform: Platform, settings: Settings) -> PreparedBatch:
    """Run the indexing pipeline over one batch; it is built here, with its clients, so that it runs in any process.

    :param source: URI of the source, which tells batches of different sources apart in the cache.
    :raises BatchTimeoutError: After `BATCH_SECONDS`.
    """
    opened = source_of(platform, settings)
    index, pipeline = platform.index(settings.rag), indexing_pipeline(platform, settings)
    earlier = settings.rag.earlier
    beside = platform.open_index(earlier.index_name) if earlier else None
    # Prefect's own `timeout_seconds` is the same, with a warning for every batch that runs in a thread
    try:
        with timeout(BATCH_SECONDS):
            return prepare_batch(batch, opened, index, pipeline, max_bytes(settings.ingest), beside=beside)
    except TimeoutError as error:
        raise BatchTimeoutError(
            f"{len(batch)} documents of {source!r} from {batch[0].path!r} took longer than {BATCH_SECONDS:g} s",
            hint="Make batches smaller (ingest.batch_documents), or leave out what is slow (.llmopsignore).",
        ) from error


@task(name="finalize", timeout_seconds=ANNOUNCING_SECONDS, **again())
def finalize(result: IngestResult) -> None:
    """Tell what was done: artifacts always, an event if something changed."""
    announce(result)


@task(name="record", cache_policy=NO_CACHE, timeout_seconds=RECORDING_SECONDS)
def record(result: IngestResult, platform: Platform, assistant: str, by: str | None = None) -> None:
    """Log an MLflow run of what changed, or begins an assistant. Not tried again: MLflow's client does that itself."""
    if result.changed or not is_known(connect(platform, assistant)):
        log_run(result, platform, assistant, by)


def prepare_here(plan: SyncPlan, platform: Platform, settings: Settings) -> Iterator[PreparedBatch]:
    """The batches of `plan`, prepared in this thread as they are asked for."""
    for batch in batches(plan, settings.ingest.batch_documents):
        yield ingest_batch.fn(batch, plan.source, platform, settings)


def prepare_on(
    runner: TaskRunner[Any], plan: SyncPlan, platform: Platform, settings: Settings, results: Path | None
) -> Iterator[PreparedBatch]:
    """The batches of `plan` as tasks of `runner`, a few in flight, in the order of the plan.

    A batch counts as written when the next one is asked for.

    :param results: Where results are kept until then (`tasks_lib.ingestion.cache`); `None` keeps none.
    """
    if results is None:
        submitted = ingest_batch.with_options(persist_result=False, cache_policy=NO_CACHE)
    else:
        submitted = ingest_batch.with_options(persist_result=True, result_storage=results)
    pending: deque[tuple[str, Any]] = deque()
    for batch in batches(plan, settings.ingest.batch_documents):
        parameters = {"batch": batch, "source": plan.source, "platform": platform, "settings": settings}
        pending.append((batch_key(batch, plan.source, settings), runner.submit(submitted, parameters=parameters)))
        if len(pending) >= IN_FLIGHT:
            yield from _finished(pending, results)
    while pending:
        yield from _finished(pending, results)
    if results is not None:
        clear(results)


def _finished(pending: deque[tuple[str, Any]], results: Path | None) -> Iterator[PreparedBatch]:
    key, future = pending.popleft()
    yield future.result()
    if results is not None:
        forget(results, key)
