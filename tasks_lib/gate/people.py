"""People's labels in the gate: what they say of the judge, and the judge's figure as they correct it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks_lib.gate.judge import CORRECTNESS, GRADED
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.prediction_powered import LEAST_LABELS, corrected
from tasks_lib.registry.labels import REVIEW, drawn_at_random, labels_of, worth
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG, TRACE_VERSION_TAG

if TYPE_CHECKING:
    from mlflow.entities import Trace

    from tasks_lib.registry.assistant_client import AssistantClient

PAGE = 200
MOST_TRACES = 5_000
"""Newest answers that are read."""


@dataclass(frozen=True)
class ReviewedAnswer:
    """An answer that people have reviewed. `judged` is the judge's score, `label` theirs, each 0 to 1."""

    trace_id: str
    version: str
    judged: float | None
    label: float | None
    """`None` for what is no question."""


@dataclass(frozen=True)
class Reviews:
    """What people have reviewed of the answers of evaluations."""

    answers: Mapping[str, ReviewedAnswer] = field(default_factory=dict)
    """Trace id → the answer."""
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Version → ids of all its evaluated traces, reviewed or not."""

    def sample(self, traces: Iterable[str]) -> list[ReviewedAnswer]:
        """The reviewed answers that stand for all of `traces`, with both scores."""
        found = (self.answers[trace_id] for trace_id in drawn_at_random(traces, self.answers.keys()))
        return [answer for answer in found if answer.label is not None and answer.judged is not None]


def read_reviews(client: "AssistantClient") -> Reviews:
    """The reviews of evaluated answers, of whatever version."""
    reviewed = f"feedback.`{REVIEW}` != ''"
    answers = {trace.info.trace_id: _read(trace) for trace in _evaluated(client, reviewed)}
    versions = sorted({answer.version for answer in answers.values() if answer.version})
    asked = {
        version: [t.info.trace_id for t in _evaluated(client, f"tags.`{TRACE_VERSION_TAG}` = '{version}'")]
        for version in versions
    }
    return Reviews(answers, asked)


def with_labels(measured: Measurement, reviews: Reviews) -> Measurement:
    """The measurement with the judge's correctness as the labels correct it.

    Where answers of this very measurement are labelled, those are its labels. Labels of other versions say how far the
    judge errs, not how good this version is, so that the judge keeps its full weight then. A judge that is no better
    than chance on them is not used.
    """
    scored = {
        row.trace_id: v for row in measured.rows if row.trace_id and (v := row.values.get(CORRECTNESS)) is not None
    }
    if not scored or CORRECTNESS in measured.unused:
        return measured
    own = reviews.sample(scored)
    others = [answer for traces in reviews.asked.values() for answer in reviews.sample(traces)]
    known = own if len(own) >= LEAST_LABELS else others
    labelled = {answer.trace_id for answer in own} if known is own else set()
    pairs = [(answer.judged or 0.0, answer.label or 0.0) for answer in known]
    rest = [value for trace_id, value in scored.items() if trace_id not in labelled]
    found = corrected(CORRECTNESS, pairs, rest, weight=None if known is own else 1.0)
    update: dict[str, Any] = {"judged": [found]}
    if found.standing == "refused":
        update["unused"] = {**measured.unused, CORRECTNESS: found.reason, GRADED: found.reason}
        update["metrics"] = {**measured.metrics, CORRECTNESS: None}
    elif found.estimate is not None:
        update["metrics"] = {**measured.metrics, CORRECTNESS: found.estimate}
    return measured.model_copy(update=update)


def _evaluated(client: "AssistantClient", condition: str) -> "Iterator[Trace]":
    token: str | None = None
    seen = 0
    while (experiment := client.known_experiment_id) and seen < MOST_TRACES:
        page = client.search_traces(
            locations=[experiment],
            filter_string=f"tags.`{TRACE_SOURCE_TAG}` = 'evaluation' AND {condition}",
            max_results=PAGE,
            order_by=["timestamp_ms DESC"],
            page_token=token,
            include_spans=False,
        )
        yield from page
        seen += len(page)
        token = page.token
        if not token:
            return


def _read(trace: "Trace") -> ReviewedAnswer:
    info = trace.info
    label = worth(labels_of(info.trace_id, info.assessments or []))
    return ReviewedAnswer(
        info.trace_id, info.tags.get(TRACE_VERSION_TAG, ""), judged_score(info.assessments or []), label
    )


def judged_score(assessments: Iterable[Any]) -> float | None:
    """The judge's newest score of correctness among a trace's assessments."""
    scores = [
        (entry.last_update_time_ms or 0, float(entry.feedback.value))
        for entry in assessments
        if entry.name == CORRECTNESS
        and getattr(entry, "feedback", None)
        and isinstance(entry.feedback.value, int | float)
    ]
    return max(scores)[1] if scores else None
