"""Publish a monitored window to Prefect: artifacts, and a drift event if something got worse. Only flows call this."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tasks_lib.monitoring.report.artifacts import PAGE_FILE, REPORT_FOLDER, SUMMARY_FILE
from tasks_lib.monitoring.report.page import MEANINGS, window_of
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.verdict import number, p_in_words
from tasks_lib.registry.events import artifact_key

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

EVENT = "llmops.drift.detected"


def publish(result: MonitorResult, model: str, address: str) -> None:
    """Create an assistant's artifacts `monitor`, `monitor-metrics` and `monitor-report`, and emit the event.

    :param address: Where a browser finds the report.
    """
    from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

    text = Path(result.report).with_name(SUMMARY_FILE).read_text(encoding="utf-8")
    create_markdown_artifact(text, key=artifact_key("monitor", model), description=f"Monitoring, {window_of(result)}")
    key = artifact_key("monitor-metrics", model)
    create_table_artifact(metric_rows(result), key=key, description=result.reference or None)
    key = artifact_key("monitor-report", model)
    create_link_artifact(address, link_text=f"Report, {window_of(result)}", key=key)
    if result.drifted:
        from prefect.events import emit_event

        resource = {"prefect.resource.id": f"llmops.monitor.{model}", "prefect.resource.name": f"monitoring of {model}"}
        emit_event(EVENT, resource=resource, payload=drift_payload(result, model))


def report_address(client: "AssistantClient", result: MonitorResult) -> str:
    """The report in MLflow's pages; without a server, in the home's folder."""
    server = urlsplit(client.tracking_uri)
    if server.scheme not in {"http", "https"}:
        return Path(result.report).as_uri()
    place = f"experiments/{client.experiment_id}/runs/{result.run_id}/artifacts/{REPORT_FOLDER}/{PAGE_FILE}"
    root = server._replace(netloc=server.netloc.rpartition("@")[2], path=f"{server.path.rstrip('/')}/", query="")
    return f"{root.geturl()}#/{place}"


def metric_rows(result: MonitorResult) -> list[dict[str, Any]]:
    """One row per metric that holds values."""
    return [
        {
            "metric": change["metric"],
            "before": number(change["metric"], change["reference_value"]),
            "now": number(change["metric"], change["value"]),
            "size": None if change["effect"] is None else round(change["effect"], 2),
            "p corrected": p_in_words(change["p_adjusted"]),
            "meaning": MEANINGS[change["status"]],
        }
        for change in result.changes
        if change["n"]
    ]


def drift_payload(result: MonitorResult, model: str) -> dict[str, Any]:
    """The metric that got worse most, with its size, and all others beside it."""
    by_name = {change["metric"]: change for change in result.changes}
    sizes = {name: (by_name.get(name) or {}).get("effect") for name in result.drifted}
    metric = result.drifted[0]
    return {
        "model": model,
        "version": result.version,
        "index": result.index,
        "metric": metric,
        "size": sizes[metric],
        "value": result.metrics.get(metric),
        "reference_value": (by_name.get(metric) or {}).get("reference_value"),
        "metrics": sizes,
        "since": result.since.isoformat() if result.since else None,
        "until": result.until.isoformat(timespec="seconds"),
        "run_id": result.run_id,
        "report": result.report_uri,
    }
