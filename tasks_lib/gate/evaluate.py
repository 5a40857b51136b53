"""One version on all questions: predictions from its process, scores through `mlflow.genai.evaluate`."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks_lib.config.settings import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.errors import VersionError
from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.gate.judging import Judged
from tasks_lib.gate.measurement import Measurement, Row
from tasks_lib.gate.scorers import (
    MEDIAN_LATENCY,
    TAIL_LATENCY,
    TOKENS,
    all_metrics,
    expectations_of,
    prefetch,
    required_metrics,
    score,
)
from tasks_lib.gate.validate import checked_answer, messages_of
from tasks_lib.progress import advance
from tasks_lib.registry.pool import VersionPool
from tasks_lib.registry.process import VersionProcess
from tasks_lib.registry.tracking import VERB_TAG, disable_autologging

if TYPE_CHECKING:
    from mlflow.entities import Trace
    from mlflow.genai.scorers import Scorer

ROOT_SPAN = "rag-assistant"


@dataclass(frozen=True)
class Prediction:
    """What a version said to one question. Either `answer`, which keeps the schema, or `error`."""

    example: Example
    answer: dict[str, Any] | None
    error: str | None
    trace_id: str | None
    seconds: float

    @property
    def payload(self) -> dict[str, Any]:
        """The row as the scorers read it."""
        said = self.answer if self.answer is not None else {"error": self.error}
        return {**said, "latency_seconds": self.seconds}


def predict(
    process: VersionProcess | VersionPool, examples: Sequence[Example], gate: GateConfig, step: str
) -> list[Prediction]:
    """Ask every question, `gate.concurrency` at a time. A question that fails is a row with an error.

    :param step: Name of the progress that is told.
    :raises VersionError: If the process died, or not one question was answered: then there is nothing to measure.
    """
    advance(step, 0, len(examples))
    with ThreadPoolExecutor(gate.concurrency, thread_name_prefix="evaluate") as pool:
        futures = [pool.submit(_predict_one, process, example, gate) for example in examples]
        for done, _ in enumerate(as_completed(futures), start=1):
            advance(step, done, len(examples))
    predictions = [future.result() for future in futures]
    failed = [prediction.error for prediction in predictions if prediction.error]
    if failed and (not process.alive or len(failed) == len(predictions)):
        raise VersionError(
            f"{len(failed)} of {len(predictions)} questions got no answer; the first because {failed[0]}"
        )
    return predictions


def _predict_one(process: VersionProcess | VersionPool, example: Example, gate: GateConfig) -> Prediction:
    try:
        reply = process.ask(messages_of(example), gate.question_timeout_seconds)
    except VersionError as error:
        return Prediction(example, None, error.message, None, gate.question_timeout_seconds)
    if reply.error is not None:
        return Prediction(example, None, str(reply.error), reply.trace_id, reply.seconds)
    try:
        checked_answer(reply.answer)
    except VersionError as error:
        return Prediction(example, None, error.message, reply.trace_id, reply.seconds)
    return Prediction(example, reply.answer, None, reply.trace_id, reply.seconds)


def measure(
    predictions: Sequence[Prediction],
    *,
    version: int,
    gate: GateConfig,
    scorers: "Sequence[Scorer]",
    tags: Mapping[str, str],
    parent_run_id: str | None = None,
    judged: Judged | None = None,
) -> Measurement:
    """Score predictions in an MLflow run of their own, where every row can be looked at.

    Call it when the process has closed, so that its traces are written.

    :param tags: Tags of the traces of rows that have none yet, and of the run.
    :param judged: What a judge said of the same rows.
    """
    import mlflow

    traces = _traces_of(predictions, tags)
    parent = {"mlflow.parentRunId": parent_run_id} if parent_run_id else {}
    name = f"evaluate version {version}"
    judged = judged or Judged()
    with mlflow.start_run(run_name=name, nested=True, tags={VERB_TAG: "evaluate", **tags, **parent}) as run:
        found = _scores(predictions, traces, [*scorers, judged.scorer()])
        rows = [_row(prediction, scores) for prediction, scores in zip(predictions, found, strict=True)]
        measured = Measurement(
            version=version,
            primary=gate.primary,
            expected_rows=len(predictions),
            rows=rows,
            metrics=summarise(rows),
            scorer_errors=_lost(predictions, found, judged),
            scorer_problems={name: text for scores in reversed(found) for name, text in scores.errors.items()},
            run_id=run.info.run_id,
        )
        mlflow.log_metrics({name: value for name, value in measured.metrics.items() if value is not None})
    return measured


def measure_plainly(
    predictions: Sequence[Prediction], similarity: Similarity, *, version: int, gate: GateConfig
) -> Measurement:
    """Score predictions without MLflow: for configurations that are tried and thrown away."""
    prefetch([p.example for p in predictions], [p.payload for p in predictions], similarity)
    found = []
    for prediction in predictions:
        scores = score(prediction.example, prediction.payload, similarity)
        found.append(_Scores({name: value for name, value in scores.items() if value is not None}, {}))
    rows = [_row(prediction, scores) for prediction, scores in zip(predictions, found, strict=True)]
    return Measurement(
        version=version,
        primary=gate.primary,
        expected_rows=len(predictions),
        rows=rows,
        metrics=summarise(rows),
        scorer_errors=_lost(predictions, found, Judged()),
    )


def summarise(rows: Sequence[Row]) -> dict[str, float | None]:
    """Means over the questions that have the metric, and the percentiles of the latency."""
    figures: dict[str, float | None] = {}
    judged = [name for name in JUDGE_METRICS if any(name in row.values for row in rows)]
    for name in (*all_metrics(), TOKENS, *judged):
        values = [value for row in rows if (value := row.values.get(name)) is not None]
        figures[name] = float(np.mean(values)) if values else None
    seconds = [value for row in rows if (value := row.values.get("latency_seconds")) is not None]
    for name, percent in ((MEDIAN_LATENCY, 50), (TAIL_LATENCY, 95)):
        figures[name] = float(np.percentile(seconds, percent)) if seconds else None
    return figures


@dataclass(frozen=True)
class _Scores:
    values: dict[str, float]
    errors: dict[str, str]


def _scores(predictions: Sequence[Prediction], traces: "Sequence[Trace]", scorers: "Sequence[Scorer]") -> list[_Scores]:
    import mlflow
    import pandas as pd

    data = pd.DataFrame(
        {
            "inputs": [{"messages": messages_of(prediction.example)} for prediction in predictions],
            "outputs": [prediction.payload for prediction in predictions],
            "expectations": [expectations_of(prediction.example) for prediction in predictions],
            "trace": list(traces),
        }
    )
    logging.getLogger("mlflow.genai.evaluation.harness").setLevel(logging.ERROR)  # the gate names failed scorers itself
    disable_autologging()
    result = mlflow.genai.evaluate(data=data, scorers=list(scorers))
    by_trace = {} if result.result_df is None else result.result_df.set_index("trace_id")["assessments"].to_dict()
    return [_read(by_trace.get(trace.info.trace_id, []), result.run_id) for trace in traces]


def _read(assessments: Sequence[Mapping[str, Any]], run_id: str) -> _Scores:
    """Feedback of this run by name: values, and errors of the scorers that failed."""
    values: dict[str, float] = {}
    errors: dict[str, str] = {}
    for assessment in assessments:
        feedback = assessment.get("feedback")
        if feedback is None or (assessment.get("metadata") or {}).get("mlflow.assessment.sourceRunId") != run_id:
            continue
        name, value = assessment["assessment_name"], feedback.get("value")
        if feedback.get("error"):
            errors[name] = str(feedback["error"].get("error_message", ""))
        elif isinstance(value, int | float):
            values[name] = float(value)
    return _Scores(values, errors)


def _row(prediction: Prediction, scores: _Scores) -> Row:
    values: dict[str, float | None] = {name: scores.values.get(name) for name in all_metrics()}
    values |= {name: scores.values[name] for name in JUDGE_METRICS if name in scores.values}
    read, written = values.get("input_tokens"), values.get("output_tokens")
    values[TOKENS] = read + written if read is not None and written is not None else None
    return Row(
        example_id=prediction.example.id,
        kind=prediction.example.kind,
        question=prediction.example.question,
        expected=prediction.example.answer,
        answer=prediction.answer,
        error=prediction.error,
        trace_id=prediction.trace_id,
        values=values,
    )


def _lost(predictions: Sequence[Prediction], found: Sequence[_Scores], judged: Judged) -> dict[str, int]:
    """Rows on which each scorer failed, or gave nothing although the metric applies to the question."""
    lost: Counter[str] = Counter()
    for prediction, scores in zip(predictions, found, strict=True):
        required = required_metrics(prediction.example) | judged.required(prediction.example.id)
        lost.update(set(scores.errors) | (required - scores.values.keys()))
    return dict(lost)


def _traces_of(predictions: Sequence[Prediction], tags: Mapping[str, str]) -> "list[Trace]":
    """The traces that the version's process wrote; where it left none that can be read, ones with question and answer.

    Those are written first and read when all are written: waiting for each takes seconds.
    """
    import mlflow

    found = [_written_trace(prediction) for prediction in predictions]
    own = {number: _write_trace(predictions[number], tags) for number, trace in enumerate(found) if trace is None}
    if own:
        mlflow.flush_trace_async_logging()
    return [trace or mlflow.MlflowClient().get_trace(own[number]) for number, trace in enumerate(found)]


def _written_trace(prediction: Prediction) -> "Trace | None":
    import mlflow
    from mlflow.exceptions import MlflowException

    if prediction.trace_id is None:
        return None
    try:
        written: Trace = mlflow.MlflowClient().get_trace(prediction.trace_id)
    except MlflowException as error:
        logging.getLogger(__name__).warning("trace %s is replaced: %s", prediction.trace_id, error)
        return None
    return written


def _write_trace(prediction: Prediction, tags: Mapping[str, str]) -> str:
    import mlflow

    with mlflow.start_span(ROOT_SPAN, span_type="CHAIN") as span:
        mlflow.update_current_trace(tags=dict(tags))
        span.set_inputs({"messages": messages_of(prediction.example)})
        span.set_outputs(prediction.payload)
        return str(span.trace_id)
