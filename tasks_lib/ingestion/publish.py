"""What others learn of an ingest: MLflow, Prefect's events and artifacts."""

from tasks_lib.ingestion.result import IngestResult
from tasks_lib.platform import Platform
from tasks_lib.registry.tracking import connect, run_of

EVENT = "llmops.ingestion.completed"
INDEX_TAG = "llmops.index"
INDEX_VERSION_TAG = "llmops.index_version"
SOURCE_TAG = "llmops.ingest_source"
_COUNTS = ("added", "updated", "unchanged", "deleted", "chunks", "embedded_chunks", "seconds")


def publish(result: IngestResult, platform: Platform) -> None:
    """Record `result`; a run that changed nothing leaves no MLflow run and no event."""
    if result.changed:
        log_run(result, platform)
        _emit(result)
    _create_artifacts(result)


def log_run(result: IngestResult, platform: Platform) -> None:
    """One MLflow run with the counts as metrics and the whole result as an artifact."""
    import mlflow

    connect(platform)
    tags = {INDEX_TAG: result.index, INDEX_VERSION_TAG: result.index_version, SOURCE_TAG: result.source}
    with run_of("ingest", tags):
        mlflow.log_metrics({**{name: float(getattr(result, name)) for name in _COUNTS}, "failed": len(result.failed)})
        mlflow.log_dict(result.model_dump(mode="json"), "ingest.json")


def _emit(result: IngestResult) -> None:
    from prefect.events import emit_event

    emit_event(
        event=EVENT,
        resource={"prefect.resource.id": f"llmops.index.{result.index}", "prefect.resource.name": result.index},
        payload=result.model_dump(mode="json", exclude={"plan", "failed"}) | {"failed": len(result.failed)},
    )


def _create_artifacts(result: IngestResult) -> None:
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    create_markdown_artifact(key="ingest", markdown=markdown(result), description=f"Ingest of {result.source}")
    if result.failed:
        create_table_artifact(
            key="ingest-failed",
            table=[failure.model_dump() for failure in result.failed],
            description=f"Documents of {result.source} that were not ingested",
        )


def markdown(result: IngestResult) -> str:
    """The result as a table for people."""
    rows = [("index", result.index), ("index version", result.index_version or "none"), ("source", result.source)]
    rows += [(name.replace("_", " "), f"{getattr(result, name):,}") for name in _COUNTS]
    rows += [("failed", f"{len(result.failed):,}")]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
