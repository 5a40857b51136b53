"""People's labels in the gate: what they say of the judge, and the judge's figure as they correct it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks_lib.gate.judge import CORRECTNESS, GRADED
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.prediction_powered import corrected
from tasks_lib.registry.labels import REVIEW, labels_of, worth
from tasks_lib.registry.tracking import TRACE_SOURCE_TAG

if TYPE_CHECKING:
    from mlflow.entities import Trace

    from tasks_lib.registry.assistant_client import AssistantClient

PAGE = 200
MOST_TRACES = 5_000
"""Newest labelled answers that are read."""


@dataclass(frozen=True)
class LabelledAnswer:
    """An answer that people and the judge have scored, both 0 to 1."""

    trace_id: str
    judged: float
    label: float
    drawn: bool


def labelled_evaluations(client: "AssistantClient") -> list[LabelledAnswer]:
    """Answers of evaluations, of this version or others, that people have labelled and the judge has scored."""
    return [found for trace in _labelled(client) if (found := _read(trace)) is not None]


def with_labels(measured: Measurement, labelled: Sequence[LabelledAnswer]) -> Measurement:
    """The measurement with the judge's correctness as the labels correct it.

    Where answers of this very measurement are labelled, those are its labels. Labels of other versions say how far the
    judge errs, not how good this version is, so that the judge keeps its full weight then. A judge that is no better
    than chance on them is not used.
    """
    scored = {row.trace_id: value for row in measured.rows if (value := row.values.get(CORRECTNESS)) is not None}
    if not scored or CORRECTNESS in measured.unused:
        return measured
    drawn = [answer for answer in labelled if answer.drawn]
    own = [answer for answer in drawn if answer.trace_id in scored]
    known = own or drawn
    rest = [value for trace_id, value in scored.items() if trace_id not in {answer.trace_id for answer in own}]
    pairs = [(answer.judged, answer.label) for answer in known]
    found = corrected(CORRECTNESS, pairs, rest, weight=None if own else 1.0)
    update: dict[str, Any] = {"judged": [found]}
    if found.standing == "refused":
        update["unused"] = {**measured.unused, CORRECTNESS: found.reason, GRADED: found.reason}
        update["metrics"] = {**measured.metrics, CORRECTNESS: None}
    elif found.estimate is not None:
        update["metrics"] = {**measured.metrics, CORRECTNESS: found.estimate}
    return measured.model_copy(update=update)


def _labelled(client: "AssistantClient") -> "Iterator[Trace]":
    token: str | None = None
    seen = 0
    while (experiment := client.known_experiment_id) and seen < MOST_TRACES:
        page = client.search_traces(
            locations=[experiment],
            filter_string=f"tags.`{TRACE_SOURCE_TAG}` = 'evaluation' AND feedback.`{REVIEW}` != ''",
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


def _read(trace: "Trace") -> LabelledAnswer | None:
    assessments: Iterable[Any] = trace.info.assessments or []
    labels = labels_of(trace.info.trace_id, assessments)
    label, judged = worth(labels), judged_score(assessments)
    if label is None or judged is None:
        return None
    return LabelledAnswer(trace.info.trace_id, judged, label, any(each.drawn for each in labels))


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
