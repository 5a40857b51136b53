"""The metrics as one table: plain scores for the gate, and MLflow scorers that show every row in the MLflow UI."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate import answer_metrics
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.plugins import Plugin, plugins

if TYPE_CHECKING:
    from mlflow.entities import Feedback, Trace
    from mlflow.genai.scorers import Scorer

Metric = Callable[[Row], float | None]

METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (
        answer_metrics.right_or_refused,
        answer_metrics.retrieval_recall,
        answer_metrics.retrieval_precision,
        answer_metrics.retrieval_mrr,
        answer_metrics.retrieval_ndcg,
        answer_metrics.answer_f1,
        answer_metrics.semantic_similarity,
        answer_metrics.groundedness,
        answer_metrics.refusal_accuracy,
        answer_metrics.answer_rate,
        answer_metrics.guardrail_accuracy,
        answer_metrics.latency_seconds,
        answer_metrics.input_tokens,
        answer_metrics.output_tokens,
        answer_metrics.cost,
    )
}

LOWER_IS_BETTER = frozenset({"latency_seconds", "input_tokens", "output_tokens", "cost"})

TOKENS = "tokens"
"""Tokens of one answer, read and written."""

MEDIAN_LATENCY = "latency_p50_seconds"
TAIL_LATENCY = "latency_p95_seconds"
RESERVED = frozenset({TOKENS, MEDIAN_LATENCY, TAIL_LATENCY, *JUDGE_METRICS})
"""Figures that are not scored row by row from the answer alone."""

SCORER_NAME = "llmops"
"""Name of the one MLflow scorer; its feedback bears the names of :data:`METRICS`."""


@dataclass(frozen=True)
class OwnMetric:
    """A metric of another package: what its entry point names is this, or the function alone.

    :param function: A row → a number, or `None` where the metric does not apply.
    :param title: For people who have not read its definition.
    :param lower_is_better: Whether thresholds are ceilings.
    """

    function: Metric
    title: str = ""
    lower_is_better: bool = False


@cache
def own_metrics() -> dict[str, OwnMetric]:
    """Metrics of other packages, by name.

    :raises PluginError: If one cannot be imported, is no function, or bears the name of one of ours.
    """
    found: dict[str, OwnMetric] = {}
    for name, brought in plugins("metrics").items():
        if name in METRICS or name in RESERVED:
            raise brought.failed("bears the name of a metric of ours")
        loaded = brought.load()
        metric = loaded if isinstance(loaded, OwnMetric) else OwnMetric(loaded)
        if not callable(metric.function):
            raise brought.failed(f"is no function of a row but {type(metric.function).__name__}")
        found[name] = replace(metric, function=_naming(brought, metric.function))
    return found


def all_metrics() -> dict[str, Metric]:
    """Our metrics and those of other packages, by name.

    :raises PluginError: As :func:`own_metrics`.
    """
    return METRICS | {name: metric.function for name, metric in own_metrics().items()}


def _naming(brought: Plugin, function: Metric) -> Metric:
    """`function`, whose errors name the package."""

    def metric(row: Row) -> float | None:
        try:
            value = function(row)
            number = None if value is None else float(value)
        except Exception as error:
            raise brought.failed("failed", error) from error
        if number is not None and not math.isfinite(number):
            raise brought.failed(f"gave {number}, which is no number to compare")
        return number

    return metric


def score(example: Example, payload: dict[str, Any] | None, similarity: Similarity) -> dict[str, float | None]:
    """All metrics of one row.

    :param payload: `Answer.payload()`, with `latency_seconds`; `{"error": …}` or `None` for a row that failed.
    """
    row = Row.of(example, payload, similarity)
    return {name: metric(row) for name, metric in all_metrics().items()}


def required_metrics(example: Example) -> frozenset[str]:
    """Quality metrics that must have a value for this example whatever was answered: a missing one is a lost score."""
    names = {"right_or_refused"}
    if example.kind != "off_topic":
        names.add("guardrail_accuracy")
    if example.must_refuse:
        return frozenset(names | {"refusal_accuracy"})
    names.add("answer_rate")
    if example.answer:
        names |= {"answer_f1", "semantic_similarity"}
    if any(reference.end > reference.start for reference in example.references):
        names |= {"retrieval_recall", "retrieval_precision", "retrieval_mrr", "retrieval_ndcg"}
    return frozenset(names)


def prefetch(examples: Iterable[Example], payloads: Iterable[dict[str, Any] | None], similarity: Similarity) -> None:
    """Embed in one batch the texts that scoring these rows needs for certain."""
    texts: list[str] = []
    for example, payload in zip(examples, payloads, strict=True):
        answer = Row.of(example, payload, similarity).answered
        if answer and example.answer and answer.response.strip():
            texts += [answer.response, example.answer, *(r.content for r in example.references if r.content.strip())]
    similarity.prefetch(texts)


def expectations_of(example: Example) -> dict[str, Any]:
    """The `expectations` of a row of `mlflow.genai.evaluate`: what people read, and the example for the scorers."""
    expected = "(a refusal)" if example.must_refuse else example.answer or "(an answer with the right source)"
    return {"expected_response": expected, "example": example.row()}


def mlflow_scorers(embedder: Embedder | Similarity) -> "list[Scorer]":
    """Scorers for rows `{"trace", "expectations"}` or `{"inputs", "outputs", "expectations"}`.

    `expectations` is :func:`expectations_of` the example, `outputs` a payload as in :func:`score`; the latency of a
    payload that holds none is the trace's. A metric that raises becomes a feedback with an error under its own name,
    and the other metrics of the row stay. Metrics that do not apply leave no feedback.
    """
    from mlflow.genai.scorers import scorer

    similarity = embedder if isinstance(embedder, Similarity) else Similarity(embedder)
    metrics = all_metrics()

    def every_metric(outputs: Any, expectations: dict[str, Any], trace: "Trace | None") -> "list[Feedback]":
        example = Example.model_validate(expectations["example"])
        row = Row.of(example, _with_latency(outputs, trace), similarity)
        feedback = (_feedback(name, metric, row) for name, metric in metrics.items())
        return [entry for entry in feedback if entry is not None]

    return [scorer(every_metric, name=SCORER_NAME)]


def _feedback(name: str, metric: Metric, row: Row) -> "Feedback | None":
    from mlflow.entities import AssessmentSource, AssessmentSourceType, Feedback

    origin = AssessmentSource(source_type=AssessmentSourceType.CODE, source_id=f"{SCORER_NAME}.{name}")
    try:
        value = metric(row)
    except Exception as error:  # noqa: BLE001  a scorer that fails must stay visible on its row
        return Feedback(name=name, source=origin, error=error)
    return None if value is None else Feedback(name=name, source=origin, value=value)


def _with_latency(outputs: Any, trace: "Trace | None") -> dict[str, Any] | None:
    payload = dict(outputs) if isinstance(outputs, dict) else None
    if payload is None or payload.get("latency_seconds") is not None or trace is None:
        return payload
    duration = trace.info.execution_duration
    return {**payload, "latency_seconds": duration / 1000 if duration is not None else None}
