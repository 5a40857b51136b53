"""The pictures of a window with captions: gauges of now, lines over the windows, distributions of what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.monitoring.drift import Values, finite, on_scale
from tasks_lib.monitoring.metrics import metric_of, title_of
from tasks_lib.monitoring.report.pictures import bars, colour_of, gauge, histograms, trend
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.verdict import number
from tasks_lib.monitoring.window import PastWindow

GAUGES = ("groundedness", "answer_relevance", "coverage", "feedback", "refused", "error", "toxicity", "latency_seconds")
TRENDS = (*GAUGES, "tokens", "cost")
SHOWN_WINDOWS = 26
CHANGED = frozenset({"drifted", "improved", "changed"})


@dataclass(frozen=True)
class Panel:
    """A picture with what it shows."""

    picture: Markup
    title: str
    note: str = ""


@dataclass(frozen=True)
class Panels:
    """All pictures of a window."""

    gauges: list[Panel] = field(default_factory=list)
    trends: list[Panel] = field(default_factory=list)
    changes: dict[str, Panel] = field(default_factory=dict)
    """Metric → its distribution before and now, for those that changed."""


def panels(
    result: MonitorResult,
    past: Sequence[PastWindow],
    config: MonitorConfig,
    columns: Mapping[str, Values],
    reference: Mapping[str, Values],
) -> Panels:
    """Draw them.

    :param columns: The scores of this window, `reference` those that it was compared with.
    """
    changed = [change for change in result.changes if change["status"] in CHANGED and change["metric"] in columns]
    drawn = {change["metric"]: _distribution(change, columns, reference) for change in changed}
    return Panels(_gauges(result, config), _trends(result, past), drawn)


def _gauges(result: MonitorResult, config: MonitorConfig) -> list[Panel]:
    by_name = {change["metric"]: change for change in result.changes}
    shown = [by_name[name] for name in GAUGES if name in by_name and by_name[name]["value"] is not None]
    gauges = []
    for change in shown:
        name, before = change["metric"], change["reference_value"]
        full = (config.objectives.latency_seconds or 10.0) if name == "latency_seconds" else 1.0
        text = number(name, change["value"])
        status = change["status"]
        picture = gauge(change["value"], before, full=full, text=text, label=title_of(name), status=status)
        note = f"before: {number(name, before)}" if before is not None else "no reference yet"
        gauges.append(Panel(picture, title_of(name), note))
    return gauges


def _trends(result: MonitorResult, past: Sequence[PastWindow]) -> list[Panel]:
    earlier = [window for window in past if window.covers and window.until <= result.until][-SHOWN_WINDOWS:]
    if not earlier:
        return []
    titles = [f"{window.until:%Y-%m-%d}: {window.verdict}" for window in earlier] + [f"now: {result.verdict}"]
    colours = [colour_of(window.verdict) for window in earlier] + [colour_of(result.verdict)]
    trends = []
    for name in TRENDS:
        values = [*(window.metrics.get(name) for window in earlier), result.metrics.get(name)]
        if name not in result.metrics or sum(value is not None for value in values) < 2:
            continue
        marks = [f"{title}, {number(name, value)}" for title, value in zip(titles, values, strict=True)]
        picture = trend(values, marks, colours, label=f"{title_of(name)} over {len(values)} windows")
        trends.append(Panel(picture, title_of(name), number(name, result.metrics[name])))
    return trends


def _distribution(change: dict[str, Any], columns: Mapping[str, Values], reference: Mapping[str, Values]) -> Panel:
    metric, status = metric_of(change["metric"]), change["status"]
    before, now = finite(reference[metric.name]), finite(columns[metric.name])
    label = f"{metric.title}: before in grey, now in colour"
    if metric.kind == "share":
        return Panel(bars(float(before.mean()), float(now.mean()), label=label, status=status), metric.title)
    sides = (on_scale(metric, before), on_scale(metric, now))
    return Panel(histograms(*sides, label=label, status=status), metric.title)
