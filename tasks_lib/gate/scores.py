"""Evaluate answers: run the evaluation pipeline, and read a score for each metric, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haystack import Pipeline
from haystack.core.errors import PipelineRuntimeError

from tasks_lib.errors import LlmopsError
from tasks_lib.gate.evaluator_metric import finite_score
from tasks_lib.gate.judge import Judgement
from tasks_lib.gate.pipeline import ANSWERS
from tasks_lib.gate.prediction import Prediction


@dataclass(frozen=True)
class Score:
    """The score of one answer by one metric: a number, or why there is none."""

    value: float | None = None
    error: Exception | None = None
    judgement: Judgement | None = None

    @classmethod
    def of(cls, output: Any) -> "Score":
        """Read what a component gave: a judgement, an error, or a number."""
        if isinstance(output, Judgement):
            return cls(output.score, judgement=output)
        checked = output if isinstance(output, Exception) else finite_score(output)
        return cls(error=checked) if isinstance(checked, Exception) else cls(checked)


Scores = Sequence[Mapping[str, Score]]
"""Metric → score of every answer. A metric that does not apply to an answer is not there."""


def evaluate(pipeline: Pipeline, predictions: Sequence[Prediction]) -> Scores:
    """Run the evaluation pipeline once over all answers.

    :raises LlmopsError: If a component of a pipeline from a file fails.
    """
    try:
        outputs = pipeline.run({ANSWERS: {"predictions": list(predictions)}})
    except PipelineRuntimeError as error:
        raise LlmopsError(f"the evaluation pipeline failed: {error}", hint="Correct gate.pipeline.") from error
    scores: list[dict[str, Score]] = [{} for _ in predictions]
    for name, output in outputs.items():
        for row, values in zip(scores, scores_by_answer(name, output, len(scores)), strict=True):
            row.update({metric: Score.of(value) for metric, value in values.items() if value is not None})
    return scores


def scores_by_answer(name: str, output: Mapping[str, Any], count: int) -> list[Mapping[str, Any]]:
    """The output of a component by answer: metric → number, judgement or error; `None` where it does not apply.

    :param name: Name of the component.
    :param output: As the pipeline gave it.
    """
    if "judgements" in output:
        return list(output["judgements"])
    if "individual_scores" not in output:
        return [{}] * count
    scores = output["individual_scores"]
    if len(scores) != count:
        return [{name: ValueError(f"it gave {len(scores)} scores for {count} answers")}] * count
    errors = output.get("errors") or [None] * count
    return [{name: score if error is None else error} for score, error in zip(scores, errors, strict=True)]
