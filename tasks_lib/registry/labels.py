"""What people said about answers when they reviewed them, read from the assessments of the traces.

A label is a HUMAN feedback :data:`REVIEW` of MLflow, one a reviewer, beside an expectation where they wrote the answer
that should have been given. It is no user's rating: :mod:`tasks_lib.registry.feedback` reads those.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal, get_args

from tasks_lib.home import Home
from tasks_lib.registry.audit import write_audit

REVIEW = "llmops.review"
"""Name of the feedback; its value is a :data:`LabelVerdict`."""
BETTER = "better_answer"
"""Name of the expectation with the answer that should have been given."""
QUEUE = "llmops.queue"
"""Metadata of the feedback: why the answer was shown."""

LabelVerdict = Literal["right", "wrong", "not_a_question"]
VERDICTS: tuple[LabelVerdict, ...] = get_args(LabelVerdict)
WORTH = {"right": 1.0, "wrong": 0.0}


@dataclass(frozen=True)
class Label:
    """One person's verdict on one answer."""

    trace_id: str
    reviewer: str
    verdict: LabelVerdict
    why: str = ""
    better: str = ""
    """The answer that should have been given."""
    at: int = 0
    """Milliseconds since 1970."""


def labels_of(trace_id: str, assessments: Iterable[Any]) -> list[Label]:
    """The newest label of each reviewer, in the order of their names."""
    entries = [entry for entry in assessments or () if entry.source and entry.source.source_type == "HUMAN"]
    expected = {name: (at, str(value)) for name, at, value in _ordered(_better(entries))}
    newest: dict[str, Label] = {}
    for reviewer, at, entry in _ordered(_given(entries)):
        newest[reviewer] = Label(
            trace_id=trace_id,
            reviewer=reviewer,
            verdict=entry.feedback.value,
            why=entry.rationale or "",
            better=expected.get(reviewer, (0, ""))[1],
            at=at,
        )
    return [newest[reviewer] for reviewer in sorted(newest)]


def agreed(labels: Sequence[Label]) -> LabelVerdict | None:
    """The verdict of most people; `None` without labels, or where two verdicts have as many."""
    counted = Counter(label.verdict for label in labels).most_common()
    if not counted or (len(counted) > 1 and counted[0][1] == counted[1][1]):
        return None
    return counted[0][0]


def worth(labels: Sequence[Label]) -> float | None:
    """Share of the people who found the answer right; `None` without any, or where most found it no question."""
    if agreed(labels) == "not_a_question":
        return None
    values = [WORTH[label.verdict] for label in labels if label.verdict in WORTH]
    return sum(values) / len(values) if values else None


def lot(trace_id: str) -> float:
    """A number between 0 and 1 that a trace has by its id alone: the order in which answers are drawn at random."""
    return int.from_bytes(hashlib.sha256(trace_id.encode()).digest()[:8]) / 2**64


def drawn_at_random(traces: Iterable[str], reviewed: Collection[str]) -> list[str]:
    """The reviewed traces that stand for all of `traces`: those before the first by lot that was not reviewed.

    Answers are also reviewed because something seemed wrong about them. They count here only once all that were drawn
    before them are reviewed, so that whatever was looked at first, the sample is a random one.
    """
    return list(takewhile(reviewed.__contains__, sorted(set(traces), key=lot)))


def is_label(assessment: Any) -> bool:
    """Whether an assessment is a reviewer's, not a user's."""
    return bool(assessment.name == REVIEW)


def _given(entries: Iterable[Any]) -> Iterator[tuple[str, int, Any]]:
    for entry in entries:
        feedback = getattr(entry, "feedback", None)
        if is_label(entry) and feedback is not None and entry.valid is not False and feedback.value in VERDICTS:
            yield entry.source.source_id, entry.last_update_time_ms or 0, entry


def _better(entries: Iterable[Any]) -> Iterator[tuple[str, int, Any]]:
    for entry in entries:
        expectation = getattr(entry, "expectation", None)
        if entry.name == BETTER and expectation is not None:
            yield entry.source.source_id, entry.last_update_time_ms or 0, expectation.value


def _ordered(entries: Iterable[tuple[str, int, Any]]) -> list[tuple[str, int, Any]]:
    """Oldest first, so that the newest of a reviewer stays."""
    return sorted(entries, key=lambda entry: entry[1])


def write_label(label: Label, queue: str = "") -> None:
    """Write a label onto its trace; it takes the place of the same person's earlier one.

    :param queue: Why the answer was shown.
    """
    import mlflow
    from mlflow.entities import AssessmentSource, AssessmentSourceType

    source = AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id=label.reviewer)
    trace = mlflow.get_trace(label.trace_id)
    labels = labels_of(label.trace_id, trace.info.assessments if trace else ())
    before = next((each.verdict for each in labels if each.reviewer == label.reviewer), None)
    mlflow.log_feedback(
        trace_id=label.trace_id,
        name=REVIEW,
        value=label.verdict,
        source=source,
        rationale=label.why or None,
        metadata={QUEUE: queue} if queue else None,
    )
    if label.better:
        mlflow.log_expectation(trace_id=label.trace_id, name=BETTER, value=label.better, source=source)
    write_audit(
        Home.from_environment(),
        "reviewed",
        {"by": label.reviewer, "about": label.trace_id, "before": before, "after": label.verdict},
    )
