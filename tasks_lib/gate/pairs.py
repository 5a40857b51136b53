"""Pairs of values of two versions on the same questions."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel, Field

from tasks_lib.dataset.examples import TURN
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.scorers import Direction, direction


class MetricComparison(BaseModel):
    """Candidate against production in one metric, over the questions that both have it for.

    `difference` is positive when the candidate is better, for costs too.
    """

    metric: str
    questions: int
    candidate: float
    production: float
    difference: float
    margin: float
    lower: float | None = Field(default=None, description="One-sided lower bound of the difference.")
    upper: float | None = Field(default=None, description="One-sided upper bound of the difference.")
    p_value: float | None = Field(default=None, description="Holm-adjusted, against a loss of at most `margin`.")


@dataclass(frozen=True)
class Pairs:
    """(candidate, production) in one metric for each question that both have it for, in the candidate's order.

    A question that was asked several times counts once, with the mean of its answers, and so do the turns of one
    conversation: they err together, and are no further questions.
    """

    metric: str
    values: list[tuple[float, float]]
    direction: Direction

    @classmethod
    def of(
        cls, candidate: Measurement, production: Measurement, metric: str, only: Collection[str] | None = None
    ) -> "Pairs":
        """Pair the rows of two versions by their questions.

        :param only: Ids of the examples that count; all without it.
        """
        ours, theirs = _means(candidate, metric, only), _means(production, metric, only)
        values = [(ours[question], theirs[question]) for question in ours if question in theirs]
        return cls(metric, values, direction(metric, candidate.ceilings))

    @property
    def differences(self) -> list[float]:
        """Positive where the candidate is better."""
        sign = 1 if self.direction == "floor" else -1
        return [sign * (candidate - production) for candidate, production in self.values]

    @property
    def means(self) -> tuple[float, float]:
        """Of the candidate and of production."""
        count = len(self.values)
        return sum(value for value, _ in self.values) / count, sum(value for _, value in self.values) / count

    def compared(self, margin: float) -> MetricComparison:
        """The means and their difference."""
        count, (candidate, production) = len(self.values), self.means
        return MetricComparison(
            metric=self.metric,
            questions=count,
            candidate=candidate,
            production=production,
            difference=sum(self.differences) / count,
            margin=margin,
        )


def _means(measured: Measurement, metric: str, only: Collection[str] | None) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in measured.rows:
        value = row.values.get(metric)
        if value is not None and (only is None or row.example_id in only):
            values[row.example_id.partition(TURN)[0]].append(value)
    return {question: sum(each) / len(each) for question, each in values.items()}
