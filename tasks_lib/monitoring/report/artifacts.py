"""The files of a monitoring run, and how later runs read them."""

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

SCORES_FILE = "scores.parquet"
QUESTIONS_FILE = "questions.parquet"
ANSWERS_FILE = "answers.parquet"
METRICS_FILE = "metrics.parquet"
PROMETHEUS_FILE = "metrics.prom"
CANDIDATES_FILE = "candidates.jsonl"
RESULT_FILE = "result.json"
REPORT_FOLDER = "report"
PAGE_FILE = "index.html"
SUMMARY_FILE = "summary.md"
SNAPSHOT_FILE = "evidently-snapshot.json"
"""Evidently's own form of its report, from which a workspace is filled."""


def read_table(client: "MlflowClient", run_id: str, path: str) -> "pd.DataFrame":
    """A Parquet artifact at the top of a run; without rows if the run has none."""
    import pandas as pd

    if path not in {artifact.path for artifact in client.list_artifacts(run_id)}:
        return pd.DataFrame({"trace_id": []})
    with TemporaryDirectory() as folder:
        return pd.read_parquet(client.download_artifacts(run_id, path, folder))
