"""The front page of a report: what a stranger reads in a minute."""

from collections.abc import Sequence
from typing import Any

from tasks_lib.config.settings import MonitorConfig
from tasks_lib.html import html_page
from tasks_lib.monitoring.metrics import CATALOGUE, title_of
from tasks_lib.monitoring.pictures import colour_of, gauge, trend
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.slo import ServiceLevel
from tasks_lib.monitoring.verdict import number, p_in_words
from tasks_lib.monitoring.window import PastWindow

HEADLINES = {
    "healthy": "Still as good",
    "drifted": "Something got worse",
    "not_enough_traffic": "Not enough traffic to judge",
    "failed": "Monitoring found only failures",
}
MEANINGS = {
    "drifted": "worse",
    "improved": "better",
    "stable": "no real change",
    "no_reference": "no reference yet",
    "too_few": "too few values to compare",
}
GAUGES = ("groundedness", "answer_relevance", "coverage", "feedback", "refused", "error", "toxicity", "latency_seconds")
TRENDS = (*GAUGES, "tokens", "cost")
SHOWN_WINDOWS = 26


def page(result: MonitorResult, past: Sequence[PastWindow], config: MonitorConfig, *, evidently: bool) -> str:
    """The page as self-contained HTML."""
    rows = [_row(change) for change in result.changes]
    return html_page(
        "tasks_lib.monitoring",
        "page.html.j2",
        result=result,
        headline=HEADLINES[result.verdict],
        colour={"not_enough_traffic": "#7a6a1f"}.get(result.verdict, colour_of(result.verdict)),
        window=window_of(result),
        changed=[row for row in rows if row["status"] in {"drifted", "improved"}],
        rows=rows,
        gauges=_gauges(result, config),
        question_groups=(
            ("Unlike anything asked before", result.new_questions),
            ("The index could not answer", result.unanswered_questions),
        ),
        levels=[_level(level) for level in result.service_levels],
        trends=_trends(result, past),
        notes=_notes(result, config),
        evidently=evidently,
    )


def window_of(result: MonitorResult) -> str:
    """Both ends of the window, for people."""
    since = f"{result.since:%Y-%m-%d %H:%M}" if result.since else "the beginning"
    return f"{since} – {result.until:%Y-%m-%d %H:%M} UTC"


def _row(change: dict[str, Any]) -> dict[str, Any]:
    name, effect, p_value = change["metric"], change["effect"], change["p_adjusted"]
    changed_either_way = change["status"] == "drifted" and name in CATALOGUE and CATALOGUE[name].worse == "either"
    return {
        "title": title_of(name),
        "n": change["n"],
        "before": number(name, change["reference_value"]),
        "now": number(name, change["value"]),
        "test": change["test"],
        "p": p_in_words(p_value),
        "effect": "–" if effect is None else f"{effect:+.2f}",
        "status": change["status"],
        "meaning": "different" if changed_either_way else MEANINGS[change["status"]],
    }


def _gauges(result: MonitorResult, config: MonitorConfig) -> list[dict[str, Any]]:
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
        gauges.append({"picture": picture, "title": title_of(name), "note": note})
    return gauges


def _trends(result: MonitorResult, past: Sequence[PastWindow]) -> list[dict[str, Any]]:
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
        trends.append({"picture": picture, "title": title_of(name), "note": number(name, result.metrics[name])})
    return trends


def _level(level: ServiceLevel) -> dict[str, Any]:
    left = level.budget_left
    observed = (
        "–"
        if level.observed is None
        else f"{level.observed:.4g}"
        if level.metric == "cost"
        else f"{level.observed:.1%}"
    )
    return {
        "objective": level.objective,
        "observed": observed + (" slower" if level.metric == "latency_seconds" and level.observed is not None else ""),
        "left": "–" if left is None else f"{left:.0%}",
        "breached": level.breached,
        "width": round(100 * min(max(left or 0.0, 0.0), 1.0)),
        "colour": colour_of("drifted" if left is not None and left < 0.25 else "healthy"),
    }


def _notes(result: MonitorResult, config: MonitorConfig) -> list[str]:
    rule = (
        f"A metric counts as worse if the change is significant over all metrics (Holm, {config.alpha:g}) and at least "
        f"{config.minimum_effect:g} in size. Shares: z-test or Fisher's exact test; numbers: Kolmogorov-Smirnov, or "
        "Mann-Whitney where they crowd on one value; questions: maximum mean discrepancy of their embeddings."
    )
    notes = [rule]
    if result.sampled < result.traces - sum(result.malformed.values()):
        notes.append(
            f"Scores that need the embedder or the judge: a sample of {result.sampled:,} traces, seed {config.seed}."
        )
    if result.assessed:
        notes.append(f"{result.assessed:,} traces carry their scores as MLflow assessments.")
    if result.late:
        notes.append(f"{result.late:,} traces began before the window and arrived after the one before was closed.")
    if result.malformed:
        notes += [f"{count} traces could not be read: {reason}" for reason, count in result.malformed.items()]
    notes += [f"{title_of(name)}: failed on {count} traces" for name, count in result.scorer_failures.items()]
    return notes
