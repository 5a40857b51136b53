"""Deleting traces with what MLflow leaves behind of them: their files in the artifact store."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

AT_ONCE = 100
"""Traces that MLflow deletes in one call."""
LOCATION = "mlflow.artifactLocation"


def delete_traces(client: "AssistantClient", experiment: str, ids: Sequence[str]) -> int:
    """Delete traces of an experiment, with tags, assessments, spans and files; how many there were."""
    deleted = 0
    for start in range(0, len(ids), AT_ONCE):
        some = list(ids[start : start + AT_ONCE])
        for trace_id in some:
            _delete_files(client, trace_id)
        deleted += client.delete_traces(experiment_id=experiment, trace_ids=some)
    return deleted


def _delete_files(client: "AssistantClient", trace_id: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with suppress(MlflowException, OSError):  # the trace is gone already, or has no files
        location = client.get_trace(trace_id, display=False).info.tags.get(LOCATION)
        if location:
            get_artifact_repository(location).delete_artifacts()  # type: ignore[no-untyped-call]
