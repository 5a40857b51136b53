"""The metrics as one table: plain scores for the gate, and MLflow scorers that show every row in the MLflow UI."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tasks_lib.evaluation import answer_metrics as metrics
from tasks_lib.evaluation.answer_metrics import Row
from tasks_lib.evaluation.examples import Example
from tasks_lib.evaluation.similarity import Similarity
from tasks_lib.platform import Embedder

if TYPE_CHECKING:
    from mlflow.entities import Feedback, Trace
    from mlflow.genai.scorers import Scorer

Metric = Callable[[Row], float | None]

METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (
        metrics.right_or_refused,
        metrics.retrieval_recall,
        metrics.retrieval_precision,
        metrics.retrieval_mrr,
        metrics.retrieval_ndcg,
        metrics.answer_f1,
        metrics.semantic_similarity,
        metrics.groundedness,
        metrics.refusal_accuracy,
        metrics.answer_rate,
        metrics.guardrail_accuracy,
        metrics.latency_seconds,
        metrics.input_tokens,
        metrics.output_tokens,
        metrics.cost,
    )
}

LOWER_IS_BETTER = frozenset({"latency_seconds", "input_tokens", "output_tokens", "cost"})

SCORER_NAME = "llmops"
"""Name of the one MLflow scorer; its feedback bears the names of :data:`METRICS`."""


def score(example: Example, payload: dict[str, Any] | None, similarity: Similarity) -> dict[str, float | None]:
    """All metrics of one row.

    :param payload: `Answer.payload()`, with `latency_seconds`; `{"error": …}` or `None` for a row that failed.
    """
    row = Row.of(example, payload, similarity)
    return {name: metric(row) for name, metric in METRICS.items()}


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

    def all_metrics(outputs: Any, expectations: dict[str, Any], trace: "Trace | None") -> "list[Feedback]":
        example = Example.model_validate(expectations["example"])
        row = Row.of(example, _with_latency(outputs, trace), similarity)
        feedback = (_feedback(name, metric, row) for name, metric in METRICS.items())
        return [entry for entry in feedback if entry is not None]

    return [scorer(all_metrics, name=SCORER_NAME)]


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
