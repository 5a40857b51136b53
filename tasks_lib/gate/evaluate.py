"""Evaluate a version: scores by the evaluation pipeline, every row logged to MLflow by `genai.evaluate`."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from haystack import Pipeline

from tasks_lib.dataset.examples import Example
from tasks_lib.gate.judge import CORRECTNESS, GRADED, JUDGE_METRICS
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.pipeline import JUDGE, ceilings_of, measured_metrics
from tasks_lib.gate.prediction import Prediction, messages_of
from tasks_lib.gate.proof import UnprovenJudgeError
from tasks_lib.gate.scorers import MEDIAN_LATENCY, TAIL_LATENCY, TOKENS, all_metrics, required_metrics
from tasks_lib.gate.scores import Score, Scores, evaluate
from tasks_lib.gate.segments import segments_of
from tasks_lib.gate.traces import traces_of
from tasks_lib.registry.tracking import VERB_TAG, disable_autologging

if TYPE_CHECKING:
    from mlflow.entities import Feedback, Trace

SCORER_NAME = "llmops"
"""Name of the one MLflow scorer; its feedback bears the names of the metrics."""


def measurement_of(
    pipeline: Pipeline,
    predictions: Sequence[Prediction],
    scores: Scores,
    *,
    version: int,
    primary: str,
    segments: Sequence[str] = (),
) -> Measurement:
    """The scores with their means, and on how many rows each scorer failed."""
    metrics = measured_metrics(pipeline)
    unused = _unproven(scores)
    scores = _proven(scores)
    rows = [_result(prediction, row, metrics, segments) for prediction, row in zip(predictions, scores, strict=True)]
    failed = [_failures(prediction.example, row, metrics) for prediction, row in zip(predictions, scores, strict=True)]
    problems = [{name: str(score.error) for name, score in row.items() if score.error} for row in reversed(scores)]
    return Measurement(
        version=version,
        primary=primary,
        expected_rows=len(predictions),
        rows=rows,
        metrics=summarise(rows),
        ceilings=ceilings_of(pipeline),
        scorer_errors=Counter(name for names in failed for name in names),
        unused=unused,
        scorer_problems={name: text for row in problems for name, text in row.items()},
    )


def measure(
    pipeline: Pipeline,
    predictions: Sequence[Prediction],
    *,
    version: int,
    primary: str,
    tags: Mapping[str, str],
    segments: Sequence[str] = (),
    parent_run_id: str | None = None,
    model: str = "",
    before: Measurement | None = None,
) -> Measurement:
    """Score predictions in an MLflow run of their own, where every row can be looked at.

    Call it when the process has closed, so that its traces are written.

    :param pipeline: See :func:`tasks_lib.gate.pipeline.evaluation_pipeline`.
    :param tags: Tags of the traces of rows that have none yet, and of the run.
    :param segments: Keys by which the questions are divided, see `gate.segments`.
    :param model: Name of the registered model, as MLflow's list of evaluations shows it.
    :param before: What was measured of the version on other questions: the figures are those of all together, in the
        run of the first.
    """
    import mlflow

    traces = traces_of(predictions, tags)
    parent = {"mlflow.parentRunId": parent_run_id} if parent_run_id else {}
    name = f"{model} v{version}: evaluation".lstrip()
    all_tags = {VERB_TAG: "evaluate", **tags, **parent}
    run_id = before.run_id if before else None
    with mlflow.start_run(run_id=run_id, run_name=name, nested=True, tags=all_tags) as run:
        scores = evaluate(pipeline, predictions)
        measured = measurement_of(pipeline, predictions, scores, version=version, primary=primary, segments=segments)
        lost = _show(predictions, traces, _proven(scores))
        errors = Counter(measured.scorer_errors) + lost
        measured = measured.model_copy(update={"run_id": run.info.run_id, "scorer_errors": dict(errors)})
        measured = joined(before, measured) if before else measured
        mlflow.log_metrics({name: value for name, value in measured.metrics.items() if value is not None})
        if before:  # MLflow's own means are of the rows that came last
            mlflow.log_metrics({f"{n}/mean": v for n, v in _row_means(measured).items()})
    return measured


def joined(first: Measurement, second: Measurement) -> Measurement:
    """The measurement of one version over the questions of both."""
    rows = [*first.rows, *second.rows]
    return first.model_copy(
        update={
            "expected_rows": first.expected_rows + second.expected_rows,
            "rows": rows,
            "metrics": summarise(rows),
            "scorer_errors": dict(Counter(first.scorer_errors) + Counter(second.scorer_errors)),
            "scorer_problems": {**second.scorer_problems, **first.scorer_problems},
            "unused": {**second.unused, **first.unused},
        }
    )


def _row_means(measured: Measurement) -> dict[str, float]:
    shown = {name for row in measured.rows for name, value in row.values.items() if value is not None}
    return {name: value for name, value in measured.metrics.items() if name in shown and value is not None}


def summarise(rows: Sequence[QuestionResult]) -> dict[str, float | None]:
    """Means over the questions that have the metric, and the percentiles of the latency."""
    figures: dict[str, float | None] = {}
    names = dict.fromkeys((*all_metrics(), TOKENS, *(name for row in rows for name in row.values)))
    for name in names:
        values = [value for row in rows if (value := row.values.get(name)) is not None]
        figures[name] = float(np.mean(values)) if values else None
    seconds = [value for row in rows if (value := row.values.get("latency_seconds")) is not None]
    for name, percent in ((MEDIAN_LATENCY, 50), (TAIL_LATENCY, 95)):
        figures[name] = float(np.percentile(seconds, percent)) if seconds else None
    return figures


def _unproven(scores: Scores) -> dict[str, str]:
    """Metrics of a judge that did not prove itself, with the reason."""
    unused = {
        name: score.error.message
        for row in scores
        for name, score in row.items()
        if isinstance(score.error, UnprovenJudgeError)
    }
    return {**unused, **({GRADED: unused[CORRECTNESS]} if CORRECTNESS in unused else {})}


def _proven(scores: Scores) -> Scores:
    """The scores without those of a judge that did not prove itself."""
    return [{n: score for n, score in row.items() if not isinstance(score.error, UnprovenJudgeError)} for row in scores]


def _result(
    prediction: Prediction, scores: Mapping[str, Score], metrics: Sequence[str], segments: Sequence[str]
) -> QuestionResult:
    values: dict[str, float | None] = dict.fromkeys(all_metrics())
    values |= {name: scores[name].value for name in metrics if name in scores and scores[name].error is None}
    read, written = values.get("input_tokens"), values.get("output_tokens")
    if GRADED in metrics:
        values[GRADED] = _graded(prediction.example, values)
    values[TOKENS] = read + written if read is not None and written is not None else None
    return QuestionResult(
        example_id=prediction.example.id,
        kind=prediction.example.kind,
        question=prediction.example.question,
        expected=prediction.example.answer,
        answer=prediction.answer,
        error=prediction.error,
        trace_id=prediction.trace_id,
        segments=segments_of(prediction.example, segments),
        values=values,
    )


def _graded(example: Example, values: Mapping[str, float | None]) -> float | None:
    """See :data:`GRADED`; `None` where the judge gave no score of an answer that it must compare."""
    if example.must_refuse or not example.answer:
        return values.get("right_or_refused")
    return 0.0 if values.get("retrieval_recall") == 0 else values.get(CORRECTNESS)


def _failures(example: Example, scores: Mapping[str, Score], metrics: Sequence[str]) -> set[str]:
    """Metrics that failed on an answer, or gave nothing although they apply to the question."""
    failed = {name for name, score in scores.items() if score.error is not None}
    return failed | {name for name in required_metrics(example) if name in metrics and name not in scores}


def _show(predictions: Sequence[Prediction], traces: "Sequence[Trace]", scores: Scores) -> Counter[str]:
    """Write every score as feedback on its row; on how many rows MLflow has lost each."""
    import mlflow
    import pandas as pd
    from mlflow.genai.scorers import scorer

    def every_metric(expectations: dict[str, Any]) -> "list[Feedback]":
        return [_feedback(name, score) for name, score in scores[expectations["row"]].items()]

    data = pd.DataFrame(
        {
            "inputs": [{"messages": messages_of(prediction.example)} for prediction in predictions],
            "outputs": [prediction.payload for prediction in predictions],
            "expectations": [
                {**_expectations(prediction.example), "row": number} for number, prediction in enumerate(predictions)
            ],
            "trace": list(traces),
        }
    )
    logging.getLogger("mlflow.genai.evaluation.harness").setLevel(logging.ERROR)  # the gate names failed scorers itself
    disable_autologging()
    result = mlflow.genai.evaluate(data=data, scorers=[scorer(every_metric, name=SCORER_NAME)])
    by_trace = {} if result.result_df is None else result.result_df.set_index("trace_id")["assessments"].to_dict()
    lost: Counter[str] = Counter()
    for trace, row in zip(traces, scores, strict=True):
        lost.update(row.keys() - _shown(by_trace.get(trace.info.trace_id, []), result.run_id))
    return lost


def _shown(assessments: Sequence[Mapping[str, Any]], run_id: str) -> set[str]:
    """Names of the feedback that a run left on a row."""
    return {
        assessment["assessment_name"]
        for assessment in assessments
        if assessment.get("feedback") is not None
        and (assessment.get("metadata") or {}).get("mlflow.assessment.sourceRunId") == run_id
    }


def _expectations(example: Example) -> dict[str, Any]:
    """The `expectations` of a row: what people read, and the whole example."""
    expected = "(a refusal)" if example.must_refuse else example.answer or "(an answer with the right source)"
    return {"expected_response": expected, "example": example.row()}


def _feedback(name: str, score: Score) -> "Feedback":
    from mlflow.entities import AssessmentSource, AssessmentSourceType, Feedback

    judgement = score.judgement
    if name in JUDGE_METRICS:
        kind = (
            AssessmentSourceType.LLM_JUDGE
            if score.error or (judgement and judgement.raw)
            else AssessmentSourceType.CODE
        )
        origin = AssessmentSource(source_type=kind, source_id=(judgement.model if judgement else "") or JUDGE)
    else:
        origin = AssessmentSource(source_type=AssessmentSourceType.CODE, source_id=f"{SCORER_NAME}.{name}")
    if score.error is not None:
        return Feedback(name=name, source=origin, error=score.error)
    raw = {"judge.reply": judgement.raw} if judgement and judgement.raw else {}
    reason = judgement.reason if judgement else None
    return Feedback(name=name, value=score.value, rationale=reason, source=origin, metadata=raw)
