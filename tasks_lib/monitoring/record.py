"""Record one MLflow run per window: scores, report and verdict. It counts only once it is finished."""

import json
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.monitoring.analyse import Analysis, spoken_languages
from tasks_lib.monitoring.assess import assess
from tasks_lib.monitoring.report.artifacts import PAGE_FILE, REPORT_FOLDER, RESULT_FILE, SNAPSHOT_FILE, SUMMARY_FILE
from tasks_lib.monitoring.report.evidently_report import add_to_workspace, evidently_snapshot, save
from tasks_lib.monitoring.report.page import page, window_of
from tasks_lib.monitoring.report.panels import panels
from tasks_lib.monitoring.report.summary import summary
from tasks_lib.monitoring.report.tables import write_tables
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.window import (
    CLOSED_TAG,
    COVERS_TAG,
    INDEX_TAG,
    PUBLISHED_TAG,
    SINCE_TAG,
    UNTIL_TAG,
    VERB,
    VERDICT_TAG,
    VERSION_TAG,
    Window,
    iso,
    past_windows,
)
from tasks_lib.progress import advance
from tasks_lib.registry.tracking import run_of
from tasks_lib.storage_errors import storage_error

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

DRIFTED_TAG = "llmops.drifted"
REPORT_TAG = "llmops.report"


def record(
    client: "AssistantClient", window: Window, analysis: Analysis, config: MonitorConfig, home: Home, started: float
) -> MonitorResult:
    """Write assessments, tables and report into a new run. The window counts once the run is finished.

    :param started: `time.monotonic()` at the start of the monitoring.
    """
    import mlflow

    with (
        run_of(client, VERB, name=f"{client.assistant}: {analysis.verdict.title}") as run,
        TemporaryDirectory() as folder,
    ):
        target = Path(folder)
        result = _with_addresses(analysis, run.info.run_id, home)
        if analysis.verdict.covers:
            limit, seed = config.assessed_traces, config.seed
            assessed = assess(client, analysis.scores, analysis.worst, limit=limit, seed=seed)
            result = result.model_copy(update={"assessed": assessed})
        advance("write the report", 0, 1)
        _write_report(client, result, analysis, config, target / REPORT_FOLDER)
        write_tables(result, analysis.scores, target, config.seed)
        result = result.model_copy(update={"seconds": round(time.monotonic() - started, 2)})
        (target / RESULT_FILE).write_text(result.model_dump_json(indent=2), encoding="utf-8")
        mlflow.log_artifacts(str(target))
        mlflow.log_metrics(result.metrics)
        mlflow.set_tags(_tags(window, analysis, result))
        advance("write the report", 1, 1)
    return result


def keep(client: "AssistantClient", result: MonitorResult, home: Home) -> None:
    """Copy the report of a finished run to the home, and add it to Evidently's workspace there."""
    path = Path(result.report)
    with TemporaryDirectory() as folder:
        report = client.download_artifacts(result.run_id, REPORT_FOLDER, folder)
        shutil.copytree(report, path.parent, dirs_exist_ok=True)
    if path.with_name(SNAPSHOT_FILE).is_file():
        workspace = home.root / "evidently"
        add_to_workspace(path.parent, workspace, window_of(result), result.run_id, client.assistant)


def stored_result(client: "AssistantClient", run_id: str, home: Home) -> MonitorResult:
    """The result of a closed window, as it was reported.

    :raises LlmopsError: If the run has lost its result.
    """
    from mlflow.exceptions import MlflowException

    with TemporaryDirectory() as folder:
        try:
            text = Path(client.download_artifacts(run_id, RESULT_FILE, folder)).read_text(encoding="utf-8")
            result = MonitorResult.model_validate_json(text)
        except (MlflowException, OSError, ValueError) as error:
            if known := storage_error(error, home.root):
                raise known from error
            raise LlmopsError(
                f"the stored report of run {run_id!r} cannot be read: {error}",
                hint="Delete that MLflow run to have the window reported again.",
            ) from error
    return result.model_copy(update={"stored": True, "report": str(_page_path(home, run_id))})


def _with_addresses(analysis: Analysis, run_id: str, home: Home) -> MonitorResult:
    addresses = {
        "run_id": run_id,
        "report": str(_page_path(home, run_id)),
        "report_uri": f"runs:/{run_id}/{REPORT_FOLDER}/{PAGE_FILE}",
    }
    return analysis.result.model_copy(update=addresses)


def _page_path(home: Home, run_id: str) -> Path:
    return home.reports / f"monitor-{run_id[:12]}" / PAGE_FILE


def _write_report(
    client: "AssistantClient", result: MonitorResult, analysis: Analysis, config: MonitorConfig, folder: Path
) -> None:
    folder.mkdir()
    columns, reference = analysis.scores.columns, analysis.reference.columns
    snapshot = None
    if analysis.verdict.covers:
        metadata = {"run": result.run_id, "version": result.version, "index": result.index}
        languages = (spoken_languages(analysis.scores.records), analysis.reference.languages)
        snapshot = evidently_snapshot(columns, reference, analysis.changes, config, metadata, languages)
    if snapshot is not None:
        save(snapshot, folder)
    shown = panels(result, past_windows(client), config, columns, reference)
    text = page(result, shown, config, evidently=snapshot is not None)
    (folder / PAGE_FILE).write_text(text, encoding="utf-8")
    (folder / SUMMARY_FILE).write_text(summary(result, shown), encoding="utf-8")


def _tags(window: Window, analysis: Analysis, result: MonitorResult) -> dict[str, Any]:
    covers = analysis.verdict.covers
    closed = covers or (window.explicit and result.verdict == "not_enough_traffic")
    return {
        SINCE_TAG: iso(window.since),
        UNTIL_TAG: iso(window.until),
        VERDICT_TAG: result.verdict,
        VERSION_TAG: result.version,
        INDEX_TAG: result.index,
        DRIFTED_TAG: ", ".join(result.drifted),
        REPORT_TAG: result.report,
        "llmops.traces": str(result.traces),
        "llmops.reasons": json.dumps(result.reasons)[:4000],
        COVERS_TAG: str(covers).lower(),
        PUBLISHED_TAG: "false",
        CLOSED_TAG: str(closed).lower(),
    }
