"""The gate's report as Markdown, for readers who have seen neither the code nor the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks_lib.gate.comparison import Comparison
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.pairs import MetricComparison
from tasks_lib.gate.scorers import title_of

WORST = 10
EXCERPT = 240
HALF = 0.5
"""A score from which an answer counts as right."""

HEADLINES = {
    "promote": "promoted: it is in production now",
    "unchanged": "nothing changed: production stays as it is",
    "reject": "rejected: production was not touched",
    "undecided": "undecided: production was not touched",
}


@dataclass(frozen=True)
class GateRun:
    """What a run of the gate reports.

    :param checks: (name, held, detail) of each validation test.
    """

    model: str
    decision: Decision
    candidate: Measurement | None
    production: Measurement | None
    checks: Sequence[tuple[str, bool, str]] = ()
    lineage: Mapping[str, str] = field(default_factory=dict)

    @property
    def measured(self) -> Measurement | None:
        """The figures that the decision is about."""
        return self.candidate or self.production


def gate_report(run: GateRun) -> str:
    """Decision, reasons, tests, thresholds, comparison and the worst questions."""
    decision, candidate, production, measured = run.decision, run.candidate, run.production, run.measured
    number = f" version {measured.version}" if measured else ""
    parts = [
        f"# {run.model}{number}: {decision.decision}",
        f"The version was {HEADLINES[decision.decision]}.",
        _bullets("Why", decision.reasons),
        _table(
            "Tests", ("test", "", "detail"), [(name, "✓" if ok else "✗", detail) for name, ok, detail in run.checks]
        ),
        _thresholds(decision),
        _comparison(decision.comparison) if decision.comparison else "",
        _judged(measured) if measured else "",
        _figures(candidate, production),
        _worst(measured, production if candidate else None) if measured else "",
        _table("Lineage", ("what", "value"), sorted(run.lineage.items())),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def worst_rows(
    candidate: Measurement, production: Measurement | None
) -> list[tuple[QuestionResult, QuestionResult | None]]:
    """Up to ten wrong answers: failures first, then what production had right, then the least grounded."""
    of_production = {row.example_id: row for row in production.rows} if production else {}
    wrong = [row for row in candidate.rows if (row.values.get(candidate.primary) or 0.0) < HALF]

    def rank(row: QuestionResult) -> tuple[bool, float, float]:
        other = of_production.get(row.example_id)
        lost = (other.values.get(candidate.primary) or 0.0) if other else 0.0
        return row.error is None, -lost, row.values.get("groundedness") or 0.0

    return [(row, of_production.get(row.example_id)) for row in sorted(wrong, key=rank)[:WORST]]


def _judged(measured: Measurement) -> str:
    """The judge's figures with what people's labels say of them."""
    return _bullets("The judge and people", [judged.reason for judged in measured.judged]) if measured.judged else ""


def _thresholds(decision: Decision) -> str:
    marks = {True: "✓", False: "✗", None: "not measured"}
    rows = [
        (
            check.metric,
            number(check.value),
            f"{'≥' if check.direction == 'floor' else '≤'} {check.limit:g}",
            marks[check.ok],
        )
        for check in decision.thresholds
    ]
    return _table("Thresholds", ("metric", "value", "asked", ""), rows)


def _comparison(comparison: Comparison) -> str:
    rows = [_compared(metric) for metric in (comparison.primary, *comparison.guards)]
    title = f"Against production (version {comparison.production_version})"
    head = ("metric", "questions", "candidate", "production", "difference", "tolerated loss", "evidence")
    note = (
        "A positive difference is in favour of the candidate. The first metric must be proven not worse: its lower "
        "bound may not fall below the tolerated loss. The others reject only when proven worse (p after Holm's "
        "correction)."
    )
    needed = (f"\n\n{looked(comparison)}" if comparison.looks > 1 else "") + (
        f"\n\nAbout {comparison.questions_needed} questions would settle it." if comparison.questions_needed else ""
    )
    losses = "; ".join(loss.reason for loss in comparison.segments)
    tested = f"\n\n{comparison.segments_tested} segments were looked at; "
    tested += losses or "none is proven worse beyond its tolerated loss."
    won = f"\n\nOnly the candidate is right on {comparison.wins} questions, only production on {comparison.losses}."
    return _table(title, head, rows) + won + (tested if comparison.segments_tested else "") + needed + f"\n\n{note}"


def looked(comparison: Comparison) -> str:
    """After which look it was decided, on how many questions of how many, and what the bounds are."""
    spared = f"; {comparison.spared} were not asked any more" if comparison.spared else ""
    return (
        f"Decided at look {comparison.look} of {comparison.looks}, on {comparison.questions_asked} of "
        f"{comparison.questions_at_most} questions{spared}. The bounds are those of this look (one-sided level "
        f"{comparison.level:.2%}): all looks together err no more often than one would."
    )


def _compared(metric: MetricComparison) -> tuple[str, ...]:
    bounds = [f"bounds {metric.lower:+.3f} to {metric.upper:+.3f}"] if None not in (metric.lower, metric.upper) else []
    evidence = ", ".join(bounds if metric.p_value is None else [*bounds, f"p = {metric.p_value:.4f}"])
    figures = (number(metric.candidate), number(metric.production), f"{metric.difference:+.3f}", f"{metric.margin:g}")
    return (metric.metric, str(metric.questions), *figures, evidence)


def _figures(candidate: Measurement | None, production: Measurement | None) -> str:
    names = list((candidate or production).metrics) if candidate or production else []  # type: ignore[union-attr]
    rows = [
        (name, *(number(measured.metrics.get(name)) for measured in (candidate, production) if measured))
        for name in names
    ]
    head = ("metric", *(["candidate"] if candidate else []), *(["production"] if production else []))
    return _table("All figures", head, rows)


def _worst(measured: Measurement, production: Measurement | None) -> str:
    blocks = []
    for row, other in worst_rows(measured, production):
        lines = [f"**{_excerpt(row.question)}** ({row.kind.replace('_', ' ')})"]
        lines.append(f"- expected: {_excerpt(row.expected) or 'a refusal, or any sourced answer'}")
        lines.append(f"- this version: {_excerpt(row.response)}")
        if other:
            lines.append(f"- production: {_excerpt(other.response)}")
        blocks.append("\n".join(lines))
    return "## The worst questions\n\n" + "\n\n".join(blocks) if blocks else ""


def figure_rows(candidate: Measurement | None, production: Measurement | None) -> list[dict[str, str]]:
    """Every metric with both values, for a table."""
    sides = {name: side for name, side in (("candidate", candidate), ("production", production)) if side}
    names = dict.fromkeys(name for side in sides.values() for name in side.metrics)
    return [
        {"metric": title_of(name), **{key: number(side.metrics.get(name)) for key, side in sides.items()}}
        for name in names
    ]


def _bullets(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return f"## {title}\n\n" + "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= EXCERPT else flat[:EXCERPT] + "…"


def number(value: float | None) -> str:
    """Three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}"
