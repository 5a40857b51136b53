"""The front page of a report: what a stranger reads in a minute."""

from typing import Any

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.gate.html import html_page
from tasks_lib.monitoring.documents import changes_of
from tasks_lib.monitoring.metrics import CATALOGUE, metric_of, title_of
from tasks_lib.monitoring.metrics import OTHER_QUESTIONS as OF_QUESTIONS
from tasks_lib.monitoring.report.panels import CHANGED, Panels
from tasks_lib.monitoring.report.pictures import colour_of
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.slo import ServiceLevel
from tasks_lib.monitoring.verdict import number, p_in_words

HEADLINES = {
    "healthy": "Still as good",
    "drifted": "Something got worse",
    "not_enough_traffic": "Not enough traffic to judge",
    "failed": "Monitoring found only failures",
}
NOT_JUDGED = "Not judged"
OTHER_QUESTIONS = "People ask something else"
MEANINGS = {
    "drifted": "worse",
    "improved": "better",
    "changed": "different",
    "stable": "no real change",
    "no_reference": "no reference yet",
    "too_few": "too few values to compare",
}
TESTS = {
    "ks": "Kolmogorov-Smirnov",
    "chi_square": "chi-square",
    "chi_square_drawn": "chi-square, drawn tables",
    "mann_whitney": "Mann-Whitney",
    "z": "z",
    "fisher_exact": "Fisher, exact",
    "mmd": "mean discrepancy",
}
UNDECIDED = "#7a6a1f"
SIZES = ((0.8, "large"), (0.5, "medium"), (0.2, "small"))


def page(result: MonitorResult, shown: Panels, config: MonitorConfig, *, evidently: bool) -> str:
    """The page as self-contained HTML."""
    rows = [_row(change, shown) for change in result.changes]
    return html_page(
        "tasks_lib.monitoring.report",
        "page.html.j2",
        result=result,
        headline=headline_of(result),
        colour=_colour(result),
        window=window_of(result),
        changed=sorted((row for row in rows if row["status"] in CHANGED), key=lambda row: -abs(row["magnitude"])),
        rows=rows,
        gauges=shown.gauges,
        question_groups=(
            ("Unlike anything asked before", result.new_questions),
            ("The index could not answer", result.unanswered_questions),
        ),
        levels=[_level(level) for level in result.service_levels],
        trends=shown.trends,
        notes=_notes(result, config),
        changes_of=changes_of,
        evidently=evidently,
    )


def headline_of(result: MonitorResult) -> str:
    """The verdict in words. Answers that nobody judged are not said to be good."""
    if result.verdict == "healthy" and not result.is_judged:
        return NOT_JUDGED
    if result.verdict == "drifted" and OF_QUESTIONS.issuperset(result.drifted):
        return OTHER_QUESTIONS
    return HEADLINES[result.verdict]


def _colour(result: MonitorResult) -> str:
    if headline_of(result) in {NOT_JUDGED, OTHER_QUESTIONS}:
        return UNDECIDED
    return {"not_enough_traffic": UNDECIDED}.get(result.verdict, colour_of(result.verdict))


def window_of(result: MonitorResult) -> str:
    """Both ends of the window, for people."""
    since = f"{result.since:%Y-%m-%d %H:%M}" if result.since else "the beginning"
    return f"{since} – {result.until:%Y-%m-%d %H:%M} UTC"


def size_in_words(effect: float | None) -> str:
    """Cohen's words for a standardised size (Cohen 1988)."""
    return next((word for limit, word in SIZES if abs(effect or 0.0) >= limit), "tiny")


def _row(change: dict[str, Any], shown: Panels) -> dict[str, Any]:
    name, effect, p_value = change["metric"], change["effect"], change["p_adjusted"]
    metric = metric_of(name)
    return {
        "title": title_of(name),
        "about": f"{metric.about}: {change['note']}" if change["note"] else metric.about,
        "panel": shown.changes.get(name),
        "n": change["n"],
        "before": number(name, change["reference_value"]),
        "now": number(name, change["value"]),
        "test": TESTS.get(change["test"], change["test"]),
        "p": p_in_words(p_value).removeprefix("= "),
        "effect": "–" if effect is None else f"{effect:+.2f}",
        "magnitude": effect or 0.0,
        "size": size_in_words(effect),
        "status": change["status"],
        "meaning": MEANINGS[change["status"]],
    }


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
        "Mann-Whitney where they crowd on one value; questions: maximum mean discrepancy of their embeddings, and "
        "chi-square of their languages. Changes "
        f"of latency below {config.minimum_latency_change_seconds:g} s and of toxicity below "
        f"{CATALOGUE['toxicity'].least:g} are passed over."
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
