"""What Prefect is told of a window: two artifacts, and an event if something got worse. Only flows call this."""

import re
from typing import Any

from tasks_lib.monitoring.page import HEADLINES, MEANINGS, window_of
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.verdict import number, p_in_words

EVENT = "llmops.drift.detected"
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~])")


def publish(result: MonitorResult, model: str) -> None:
    """Create the artifacts `monitor` and `monitor-metrics`, and emit the event."""
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    create_markdown_artifact(summary(result), key="monitor", description=f"Monitoring, {window_of(result)}")
    create_table_artifact(metric_rows(result), key="monitor-metrics", description=result.reference or None)
    if result.verdict == "drifted":
        from prefect.events import emit_event

        resource = {"prefect.resource.id": f"llmops.monitor.{model}", "prefect.resource.name": f"monitoring of {model}"}
        emit_event(EVENT, resource=resource, payload=drift_payload(result, model))


def summary(result: MonitorResult) -> str:
    """The front page in Markdown; whatever users or documents wrote is escaped."""
    lines = [f"# {HEADLINES[result.verdict]}", "", f"{window_of(result)} · {result.traces:,} questions", ""]
    lines += [f"- {plain(reason)}" for reason in result.reasons]
    lines += ["", f"Compared with: {plain(result.reference or 'nothing')}.", "", f"Report: `{result.report}`"]
    lines += [f"MLflow artifact: `{result.report_uri}`", ""]
    if result.worst:
        lines += ["## Answers to read first", ""]
        lines += [f"- **{plain(w.question)}** {plain(w.response)} ({plain(', '.join(w.why))})" for w in result.worst]
    if result.new_questions:
        lines += ["", "## Unlike anything asked before", ""]
        lines += [f"- {group.size} × {plain('; '.join(group.examples))}" for group in result.new_questions]
    return "\n".join(lines)


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
        "until": result.until.isoformat(),
        "run_id": result.run_id,
        "report": result.report_uri,
    }


def plain(text: str) -> str:
    """One line that Markdown shows as it is."""
    shown = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", shown)
