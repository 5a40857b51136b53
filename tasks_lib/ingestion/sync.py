"""Synchronise an index by a plan: each document is written as a whole or not at all."""

import logging
import time
from collections.abc import Iterable, Sequence

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.batch import PreparedBatch
from tasks_lib.ingestion.plan import SyncPlan, check_plan
from tasks_lib.ingestion.result import FailedDocument, IngestPlan, IngestResult
from tasks_lib.progress import advance

DELETED_AT_ONCE = 500

logger = logging.getLogger(__name__)


def write(
    plan: SyncPlan, index: Index, prepared: Iterable[PreparedBatch], settings: Settings, started: float
) -> IngestResult:
    """Carry out a plan; the caller holds the right to write. A plan without differences writes nothing.

    What was written before an error is committed, so that a second run goes on from there.

    :param prepared: The batches of the plan in any order, asked for one after the other.
    :param started: `time.monotonic()` at the beginning of the run.
    :raises InputError: As :func:`check_plan`.
    :raises IndexUnavailableError: If not everybody may see all of it, and the index cannot hold that.
    """
    check_plan(plan, settings.ingest)
    result = IngestResult(
        index=index.name,
        index_version=None,
        source=plan.source,
        unchanged=plan.unchanged,
        failed=list(plan.failed),
        warnings=list(plan.warnings),
        skipped=list(plan.skipped),
        quarantined=list(plan.quarantined),
        forgotten=plan.forgotten,
        access=plan.access.result if plan.access else None,
        renamed_from=plan.former or None,
    )
    for warning in plan.warnings:
        logger.warning(warning)
    if plan.access and plan.access.differs:
        index.save_access(plan.access.access)  # first, so that no closed document is open for a moment
    try:
        if plan.former:
            index.rename(plan.former, plan.source)
        _write_batches(plan, index, prepared, result)
        _delete(plan, index, result)
    finally:
        # also when nothing changed: the run before may have been killed ahead of its commit
        result.index_version = index.commit() if index.exists() else None
    result.documents = _without(plan.paths(), {failure.path for failure in result.failed})
    result.failed.sort(key=lambda failure: failure.path)
    result.doubtful.sort(key=lambda doubt: doubt.path)
    result.chunks = index.count() if index.exists() else 0
    result.seconds = round(time.monotonic() - started, 3)
    return result


def _without(changed: IngestPlan, failed: set[str]) -> IngestPlan:
    """What was carried out of a plan."""
    return IngestPlan(
        add=[path for path in changed.add if path not in failed],
        update=[path for path in changed.update if path not in failed],
        delete=list(changed.delete),
    )


def warn_of_truncation(result: IngestResult, embedder: Embedder, settings: Settings) -> None:
    """Note in `result` that the embedder does not read chunks to their end."""
    tokens, limit = settings.chunking.tokens, embedder.max_tokens
    if result.embedded_chunks and tokens > limit and settings.chunking.splitter is None:
        result.warnings.append(
            f"chunks have up to {tokens} tokens (chunking.tokens), {settings.embedder} reads {limit}: "
            "vectors do not know what comes after"
        )
        logger.warning(result.warnings[-1])


def _write_batches(plan: SyncPlan, index: Index, prepared: Iterable[PreparedBatch], result: IngestResult) -> None:
    new = {document.path for document in plan.add}
    done = 0
    for batch in prepared:
        if batch.documents:
            former = [path for document in batch.documents for path in plan.parts.get(document, ())]
            index.replace(plan.source, list(dict.fromkeys([*batch.documents, *batch.parts, *former])), batch.records())
        added = sum(path in new for path in batch.documents)
        result.added += added
        result.updated += len(batch.documents) - added
        result.embedded_chunks += batch.embedded
        result.failed.extend(batch.failed)
        result.doubtful.extend(batch.doubtful)
        _log_failures(batch.failed)
        done += len(batch.documents) + len(batch.failed)
        advance("ingest", done, plan.work)


def _delete(plan: SyncPlan, index: Index, result: IngestResult) -> None:
    """Last, so that the vectors of a renamed document are found under its old name."""
    remove(index, plan.source, [path for each in plan.delete for path in (each, *plan.parts.get(each, ()))])
    result.deleted += len(plan.delete)


def remove(index: Index, source: str, documents: Sequence[str]) -> int:
    """Delete documents of `source`, and count them; the caller holds the right to write."""
    for first in range(0, len(documents), DELETED_AT_ONCE):
        index.replace(source, documents[first : first + DELETED_AT_ONCE], [])
    return len(documents)


def _log_failures(failed: Sequence[FailedDocument]) -> None:
    for failure in failed:
        logger.warning("not ingested: %s: %s", failure.path, failure.reason)


def planned_result(plan: SyncPlan, index: Index, settings: Settings, started: float) -> IngestResult:
    """The result of a dry run.

    :raises InputError: As the run itself would.
    """
    check_plan(plan, settings.ingest)
    exists = index.exists()
    return IngestResult(
        index=index.name,
        index_version=index.version() if exists else None,
        source=plan.source,
        added=len(plan.add),
        updated=len(plan.update),
        unchanged=plan.unchanged,
        deleted=len(plan.delete),
        failed=plan.failed,
        warnings=plan.warnings,
        skipped=plan.skipped,
        quarantined=plan.quarantined,
        forgotten=plan.forgotten,
        access=plan.access.result if plan.access else None,
        renamed_from=plan.former or None,
        chunks=index.count() if exists else 0,
        seconds=round(time.monotonic() - started, 3),
        dry_run=True,
        plan=plan.paths(),
    )
