"""The gate's report as one HTML page with pictures, for readers who have seen neither the code nor the run."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from tasks_lib.gate.comparison import Comparison
from tasks_lib.gate.gate_report import HEADLINES, GateRun, figure_rows, looked, number, worst_rows
from tasks_lib.gate.html import html_page
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.pairs import MetricComparison
from tasks_lib.gate.scorers import title_of

WORDS = {"promote": "promoted", "unchanged": "unchanged", "reject": "rejected", "undecided": "undecided"}
COLOURS = {"promote": "#1e8449", "unchanged": "#34618d", "reject": "#c0392b", "undecided": "#7a6a1f"}
GOOD, BAD, OPEN = COLOURS["promote"], COLOURS["reject"], "#34618d"
REACH = 3.0
"""Tolerated losses that the picture shows on each side of zero; what lies beyond is cut off."""
WIDTH, NAMES, ROW = 760, 250, 34

_PICTURE = Markup(
    '<svg viewBox="0 0 {width} {height}" role="img" aria-label="Differences with intervals">'
    '<rect x="{left:.1f}" y="0" width="{lost:.1f}" height="{bottom}" fill="#fbecea"/>{rows}'
    '<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{bottom}" stroke="#222" stroke-width="1.2"/>'
    '<line x1="{limit:.1f}" x2="{limit:.1f}" y1="0" y2="{bottom}" stroke="#c0392b" stroke-dasharray="5 4"/>'
    '<text x="{zero:.1f}" y="{label}" text-anchor="middle">no difference</text>'
    '<text x="{limit:.1f}" y="{label}" text-anchor="end" fill="#c0392b">tolerated loss</text></svg>'
)
_ROW = Markup(
    '<g><title>{title}</title><text x="0" y="{text:.1f}">{name}</text>'
    '<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="5"'
    ' stroke-linecap="round" opacity=".45"/><circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/></g>'
)


def gate_page(run: GateRun) -> str:
    """The page as self-contained HTML."""
    decision, measured = run.decision, run.measured
    return html_page(
        "tasks_lib.gate",
        "gate_page.html.j2",
        model=run.model,
        decision=decision,
        version=measured.version if measured else None,
        word=WORDS[decision.decision],
        headline=HEADLINES[decision.decision],
        colour=COLOURS[decision.decision],
        questions=measured.questions if measured else 0,
        checks=run.checks,
        thresholds=[_threshold(check) for check in decision.thresholds],
        comparison=decision.comparison,
        looked=looked(decision.comparison) if decision.comparison and decision.comparison.looks > 1 else "",
        picture=differences(decision.comparison) if decision.comparison else "",
        compared=_compared(decision.comparison) if decision.comparison else [],
        kinds=_kinds(run.candidate, run.production),
        worst=_worst_questions(measured, run.production if run.candidate else None),
        judged=[judged.reason for judged in measured.judged] if measured else [],
        figures=figure_rows(run.candidate, run.production),
        both=run.candidate is not None and run.production is not None,
        lineage=sorted(run.lineage.items()),
    )


def differences(comparison: Comparison) -> Markup:
    """Each metric's difference with its interval, in units of its tolerated loss, the candidate's gain to the right."""
    metrics = [comparison.primary, *comparison.guards]
    bottom = ROW * len(metrics)
    rows = Markup("").join(_picture_row(metric, number) for number, metric in enumerate(metrics))
    return _PICTURE.format(
        width=WIDTH,
        height=bottom + 22,
        bottom=bottom,
        label=bottom + 16,
        left=NAMES,
        lost=_x(-1.0) - NAMES,
        zero=_x(0.0),
        limit=_x(-1.0),
        rows=rows,
    )


def _picture_row(metric: MetricComparison, position: int) -> Markup:
    unit = metric.margin or 0.01
    low = metric.difference if metric.lower is None else metric.lower
    high = metric.difference if metric.upper is None else metric.upper
    colour = GOOD if low >= -metric.margin else BAD if high < -metric.margin else OPEN
    return _ROW.format(
        title=f"{metric.difference:+.3f}, from {low:+.3f} to {high:+.3f}; tolerated loss {metric.margin:g}",
        name=title_of(metric.metric),
        text=ROW * (position + 0.5) + 5,
        y=ROW * (position + 0.5),
        low=_x(low / unit),
        high=_x(high / unit),
        x=_x(metric.difference / unit),
        colour=colour,
    )


def _x(units: float) -> float:
    shown = min(max(units, -REACH), REACH)
    return NAMES + (shown + REACH) / (2 * REACH) * (WIDTH - NAMES - 10)


def _threshold(check: Any) -> dict[str, Any]:
    return {
        "title": title_of(check.metric),
        "key": check.metric,
        "value": number(check.value),
        "asked": f"{'at least' if check.direction == 'floor' else 'at most'} {check.limit:g}",
        "ok": check.ok,
    }


def _compared(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "title": title_of(metric.metric),
            "key": metric.metric,
            "questions": metric.questions,
            "candidate": number(metric.candidate),
            "production": number(metric.production),
            "difference": f"{metric.difference:+.3f}",
            "bounds": f"{metric.lower:+.3f} to {metric.upper:+.3f}" if None not in (metric.lower, metric.upper) else "",
            "margin": f"{metric.margin:g}",
            "p": "" if metric.p_value is None else f"{metric.p_value:.3f}",
        }
        for metric in (comparison.primary, *comparison.guards)
    ]


def _kinds(candidate: Measurement | None, production: Measurement | None) -> list[dict[str, Any]]:
    """Right reactions by kind of question, as bars."""
    sides = [(name, side) for name, side in (("candidate", candidate), ("production", production)) if side]
    kinds = list(dict.fromkeys(row.kind for _, side in sides for row in side.rows))
    return [
        {
            "kind": kind.replace("_", " "),
            "bars": [_bar(name, [row for row in side.rows if row.kind == kind], side.primary) for name, side in sides],
        }
        for kind in kinds
    ]


def _bar(name: str, rows: Sequence[QuestionResult], primary: str) -> dict[str, Any]:
    right = sum(row.values.get(primary) or 0.0 for row in rows)
    return {"name": name, "text": f"{right:g} of {len(rows)}", "width": round(100 * right / max(len(rows), 1))}


def _worst_questions(measured: Measurement | None, other: Measurement | None) -> list[dict[str, Any]]:
    return [_worst(row, production) for row, production in worst_rows(measured, other)] if measured else []


def _worst(row: QuestionResult, other: QuestionResult | None) -> dict[str, Any]:
    return {
        "question": row.question,
        "kind": row.kind.replace("_", " "),
        "expected": row.expected or ("a refusal" if row.kind in {"unanswerable", "off_topic"} else "a sourced answer"),
        "candidate": _side(row),
        "production": _side(other) if other else None,
    }


def _side(row: QuestionResult) -> dict[str, Any]:
    answer = row.answer or {}
    documents = dict.fromkeys(str(source.get("document", "")) for source in answer.get("source_documents", ()))
    right = row.values.get("right_or_refused")
    return {
        "response": row.response,
        "right": bool(right),
        "refused": bool(answer.get("refused")),
        "documents": list(documents)[:3],
    }
