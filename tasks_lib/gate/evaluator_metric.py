"""An evaluator of Haystack or of another package as a metric of the gate."""

import math
from collections.abc import Sequence
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.evaluators import EVALUATOR_INPUTS, Answers, evaluator_inputs
from tasks_lib.haystack_yaml import sockets_of


@component
class EvaluatorMetric:
    """An evaluator of Haystack or of another package as a metric.

    It is asked about the questions it says something about: with `ground_truth_…` among its inputs those that have
    one, with `predicted_answers` those that were answered. A question that should have been answered and was not
    scores 0, or nothing where less is better.

    :param evaluator: Takes some of :data:`EVALUATOR_INPUTS` and gives `individual_scores`.
    :param lower_is_better: Whether thresholds are ceilings.
    :raises ConfigurationError: If it needs other inputs, or gives no scores per question.
    """

    def __init__(self, *, evaluator: Component, lower_is_better: bool = False) -> None:
        sockets = sockets_of(evaluator)
        unknown = [name for name in sockets.needed if name not in EVALUATOR_INPUTS]
        if unknown or "individual_scores" not in sockets.outputs:
            kind = f"{type(evaluator).__module__}.{type(evaluator).__qualname__}"
            raise ConfigurationError(
                f"{kind!r} is no evaluator of questions: "
                + (f"it needs {', '.join(unknown)}" if unknown else "it gives no individual_scores"),
                hint=f"Its inputs may be {', '.join(EVALUATOR_INPUTS)}.",
            )
        self.evaluator: Any = evaluator
        self.lower_is_better = lower_is_better
        self._inputs = tuple(name for name in EVALUATOR_INPUTS if name in sockets.inputs)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its evaluator."""
        evaluator = component_to_dict(self.evaluator, "evaluator")
        return default_to_dict(self, evaluator=evaluator, lower_is_better=self.lower_is_better)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "EvaluatorMetric":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    def warm_up(self) -> None:
        """As of the evaluator."""
        if hasattr(self.evaluator, "warm_up"):
            self.evaluator.warm_up()

    @component.output_types(individual_scores=list[float | None], errors=list[Exception | None])
    def run(self, answers: Answers) -> dict[str, Any]:
        """A score per answer; an evaluator that raises has failed on every question that it was asked about."""
        rows = answers.rows
        asked = [number for number, row in enumerate(rows) if self._applies(row) and not self._missed(row)]
        missed = None if self.lower_is_better else 0.0
        scores = [missed if self._applies(row) and self._missed(row) else None for row in rows]
        errors: list[Exception | None] = [None] * len(rows)
        for number, value in zip(asked, self._ask([rows[number] for number in asked]), strict=True):
            if isinstance(value, Exception):
                errors[number] = value
            else:
                scores[number] = value
        return {"individual_scores": scores, "errors": errors}

    def _applies(self, row: Row) -> bool:
        compared = "ground_truth_answers" in self._inputs
        if compared and not row.example.answer:
            return False
        if "ground_truth_documents" in self._inputs and not row.example.references:
            return False
        refused = row.answer is not None and row.answer.refused
        return compared or not (refused and self._is_about_answers)

    def _missed(self, row: Row) -> bool:
        return row.answer is None or (self._is_about_answers and row.answered is None)

    @property
    def _is_about_answers(self) -> bool:
        return "predicted_answers" in self._inputs

    def _ask(self, rows: Sequence[Row]) -> list[float | Exception]:
        if not rows:
            return []
        try:
            scores = self.evaluator.run(**evaluator_inputs(rows, self._inputs))["individual_scores"]
            if len(scores) != len(rows):
                msg = f"it gave {len(scores)} scores for {len(rows)} questions"
                raise ValueError(msg)  # noqa: TRY301  as any other failure of it
        except Exception as error:  # noqa: BLE001  a component of another package: whatever it raises
            return [error] * len(rows)
        return [finite_score(score) for score in scores]


def finite_score(score: Any) -> float | Exception:
    """The score as a number; an error for what is none."""
    try:
        number = float(score)
    except (TypeError, ValueError):
        return ValueError(f"it gave {score!r}, which is no score")
    return number if math.isfinite(number) else ValueError(f"it gave {number}, which is no score")
