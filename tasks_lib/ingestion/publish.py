"""Publish an ingest: an MLflow run, Prefect's events and artifacts."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import cast
from uuid import UUID

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.ingestion.batch import PreparedBatch
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.registry.changes import CHANGED_TAG
from tasks_lib.registry.tracking import STARTED_BY_TAG, connect, run_of

EVENT = "llmops.ingestion.completed"
INDEX_TAG = "llmops.index"
INDEX_VERSION_TAG = "llmops.index_version"
SOURCE_TAG = "llmops.ingest_source"
PROGRESS_SECONDS = 3.0
SHOWN_PATHS = 20
NAMED_PATHS = 5
"""Of each kind of change, in the history."""
LONGEST_PATH = 200
"""Characters."""
_COUNTS = ("added", "updated", "unchanged", "deleted", "chunks", "embedded_chunks", "seconds")


def announce(result: IngestResult) -> None:
    """Tables for people, and an event if something changed."""
    from prefect.artifacts import create_table_artifact

    create_table_artifact(key="ingest", table=rows(result), description=f"Ingest of {result.source}")
    if result.failed:
        create_table_artifact(
            key="ingest-failed",
            table=[failure.model_dump() for failure in result.failed],
            description=f"Documents of {result.source} that were not ingested",
        )
    if result.doubtful:
        create_table_artifact(
            key="ingest-doubtful",
            table=[doubt.model_dump() for doubt in result.doubtful],
            description=f"Documents of {result.source} whose text may not be what their files say",
        )
    if result.changed:
        emit(result)


def log_run(result: IngestResult, platform: Platform, assistant: str, by: str | None = None) -> None:
    """One MLflow run with the counts as metrics and the whole result as an artifact.

    :param by: Who started it; without one, the user of this machine as MLflow knows them.
    """
    import mlflow

    client = connect(platform, assistant)
    tags = {INDEX_TAG: result.index, INDEX_VERSION_TAG: result.index_version, SOURCE_TAG: result.source}
    tags |= {CHANGED_TAG: in_words(result)} if result.changed else {}
    tags |= {STARTED_BY_TAG: by} if by else {}
    with run_of(client, "ingest", tags, name=f"ingest: {result.title}"):
        mlflow.log_metrics({**{name: float(getattr(result, name)) for name in _COUNTS}, "failed": len(result.failed)})
        mlflow.log_dict(result.model_dump(mode="json") | {"documents": result.documents.model_dump()}, "ingest.json")


def in_words(result: IngestResult) -> str:
    """`added a.md; deleted b.md, c.md`: the names, but of many the first ones and their number."""
    documents = result.documents
    changed = {"added": documents.add, "updated": documents.update, "deleted": documents.delete}
    named = [f"{change} {_named(paths)}" for change, paths in changed.items() if paths]
    if result.renamed_from:
        named.append(f"the source {result.renamed_from} is called {result.source} now")
    return "; ".join(named) or f"{result.title} of {result.source}"


def _named(paths: Sequence[str]) -> str:
    shown = [path if len(path) <= LONGEST_PATH else f"…{path[-LONGEST_PATH:]}" for path in paths[:NAMED_PATHS]]
    more = len(paths) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def emit(result: IngestResult) -> None:
    """The event that an index changed."""
    from prefect.events import emit_event

    counts = {"failed": len(result.failed), "doubtful": len(result.doubtful)}
    emit_event(
        event=EVENT,
        resource={"prefect.resource.id": f"llmops.index.{result.index}", "prefect.resource.name": result.index},
        payload=result.model_dump(mode="json", exclude={"plan", "failed", "doubtful"}) | counts,
    )


def rows(result: IngestResult) -> list[dict[str, str]]:
    """The result as a table for people."""
    facts = [("index", result.index), ("index version", result.index_version or "none"), ("source", result.source)]
    facts += [(name.replace("_", " "), f"{getattr(result, name):,}") for name in _COUNTS]
    facts += [("failed", f"{len(result.failed):,}"), ("doubtful", f"{len(result.doubtful):,}")]
    facts += [
        (f"skipped {files.suffix or 'without suffix'}", f"{files.count:,}, such as {files.example}")
        for files in result.skipped
    ]
    if result.access:
        facts += [
            ("not for everybody", f"{result.access.restricted:,}"),
            ("access changed", f"{result.access.changed:,}"),
        ]
        facts += [(f"access: {problem.path}", problem.reason) for problem in result.access.problems]
    plan = result.documents
    for change, paths in (("added", plan.add), ("updated", plan.update), ("deleted", plan.delete)):
        facts += [(f"{change}: document", path) for path in paths[:SHOWN_PATHS]]
        if len(paths) > SHOWN_PATHS:
            facts.append((f"{change}: documents", f"{len(paths) - SHOWN_PATHS:,} more, in ingest.json of MLflow's run"))
    facts += [("warning", warning) for warning in result.warnings]
    return [{"what": name, "value": value} for name, value in facts]


def with_progress(batches: Iterable[PreparedBatch], total: int, source: str) -> Iterator[PreparedBatch]:
    """Pass `batches` on and show in an artifact how many of `total` documents they hold, at most every few seconds."""
    from prefect.artifacts import create_progress_artifact, update_progress_artifact

    artifact, done, shown = None, 0, -PROGRESS_SECONDS
    for batch in batches:
        if artifact is None:
            artifact = cast(
                "UUID", create_progress_artifact(0.0, key="ingest-progress", description=f"Documents of {source}")
            )
        yield batch
        done += len(batch.documents) + len(batch.failed)
        if done >= total or time.monotonic() - shown >= PROGRESS_SECONDS:
            update_progress_artifact(artifact, round(100 * done / total, 1), description=f"{done:,} of {total:,}")
            shown = time.monotonic()
