"""Retention: traces and reports that are older than they may become."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tasks_lib.home import Home
from tasks_lib.monitoring.report.artifacts import (
    ANSWERS_FILE,
    CANDIDATES_FILE,
    QUESTIONS_FILE,
    REPORT_FOLDER,
    RESULT_FILE,
)
from tasks_lib.monitoring.window import VERB
from tasks_lib.registry.trace_deletion import delete_traces
from tasks_lib.registry.tracking import VERB_TAG

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

QUOTING = (ANSWERS_FILE, CANDIDATES_FILE, QUESTIONS_FILE, REPORT_FOLDER, RESULT_FILE)
"""Artifacts of a monitored window that hold what people asked and were told; the others hold numbers."""
PAGE = 500
MONITOR = "monitor-"
"""Of the folder of a report in the home, before its run's id."""


def old_traces(client: "AssistantClient", before: datetime) -> int:
    """Traces of the assistant that began before a moment."""
    return sum(1 for _ in _traces(client, before))


def delete_old_traces(client: "AssistantClient", before: datetime) -> int:
    """Delete them; how many there were."""
    experiment = client.known_experiment_id
    return delete_traces(client, experiment, list(_traces(client, before))) if experiment else 0


def old_reports(client: "AssistantClient", before: datetime) -> list[str]:
    """Runs of `monitor` that ended before a moment and still quote people."""
    experiment = client.known_experiment_id
    if experiment is None:
        return []
    condition = f"tags.`{VERB_TAG}` = '{VERB}' AND attributes.end_time < {int(before.timestamp() * 1000)}"
    runs, token = [], None
    while True:
        page = client.search_runs([experiment], condition, max_results=PAGE, page_token=token)
        runs += [run.info.run_id for run in page if _quotes(client, run.info.run_id)]
        token = page.token
        if not token:
            return runs


def delete_report(client: "AssistantClient", run_id: str, home: Home) -> None:
    """Delete what a run quotes, in MLflow and in the home; its numbers stay."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(client.get_run(run_id).info.artifact_uri)
    for path in _quotes(client, run_id):
        repository.delete_artifacts(path)  # type: ignore[no-untyped-call]
    for folder in _copies(home, run_id):
        shutil.rmtree(folder, ignore_errors=True)


def _quotes(client: "AssistantClient", run_id: str) -> list[str]:
    return [artifact.path for artifact in client.list_artifacts(run_id) if artifact.path in QUOTING]


def _copies(home: Home, run_id: str) -> Iterator[Path]:
    return (path for path in home.reports.glob(f"{MONITOR}*") if run_id.startswith(path.name.removeprefix(MONITOR)))


def _traces(client: "AssistantClient", before: datetime) -> Iterator[str]:
    experiment, token = client.known_experiment_id, None
    while experiment is not None:
        page = client.search_traces(
            locations=[experiment],
            filter_string=f"timestamp_ms < {int(before.timestamp() * 1000)}",
            max_results=PAGE,
            page_token=token,
            include_spans=False,
        )
        yield from (trace.info.trace_id for trace in page)
        token = page.token
        if not token:
            return
