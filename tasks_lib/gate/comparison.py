"""Candidate against production on the same questions: differences with bounds, and who won."""

from collections import defaultdict
from dataclasses import dataclass

from pydantic import BaseModel, Field

from tasks_lib.config.settings import GateConfig
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.scorers import Direction, direction
from tasks_lib.gate.sequence import Look
from tasks_lib.gate.statistics import bounds, holm, p_value_of_loss


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


class Comparison(BaseModel):
    """Candidate against production on the same questions."""

    production_version: int
    primary: MetricComparison
    guards: list[MetricComparison] = Field(default_factory=list)
    wins: int = Field(description="Questions on which only the candidate is right.")
    losses: int = Field(description="Questions on which only production is right.")
    questions_needed: int | None = Field(default=None, description="Questions that would settle it, if undecided.")
    look: int = Field(default=1, description="The look that decided; the bounds are as sure as it must be.")
    looks: int = Field(default=1, description="Looks planned, each with more questions.")
    questions_at_most: int | None = Field(default=None, description="Questions that the last look would have asked.")
    level: float | None = Field(default=None, description="One-sided error of the bounds of this look.")

    @property
    def spared(self) -> int:
        """Questions that need not be asked any more."""
        return max(0, (self.questions_at_most or 0) - self.primary.questions) if self.look < self.looks else 0


def compare(candidate: Measurement, production: Measurement, gate: GateConfig, look: Look) -> Comparison:
    """All that is compared, with the bounds of this look."""
    pairs = Pairs.of(candidate, production, gate.primary)
    return Comparison(
        production_version=production.version,
        primary=_primary(pairs, gate, look),
        guards=_guards(candidate, production, gate, look),
        wins=sum(value > 0 for value in pairs.differences),
        losses=sum(value < 0 for value in pairs.differences),
        look=look.number,
        looks=look.of,
        questions_at_most=look.most or None,
        level=look.level,
    )


@dataclass(frozen=True)
class Pairs:
    """(candidate, production) in one metric for each question that both have it for, in the candidate's order.

    A question that was asked several times counts once, with the mean of its answers: they are no further questions.
    """

    metric: str
    values: list[tuple[float, float]]
    direction: Direction

    @classmethod
    def of(cls, candidate: Measurement, production: Measurement, metric: str) -> "Pairs":
        """Pair the rows of two versions by their questions."""
        ours, theirs = _means(candidate, metric), _means(production, metric)
        values = [(ours[example], theirs[example]) for example in ours if example in theirs]
        return cls(metric, values, direction(metric, candidate.ceilings))

    @property
    def differences(self) -> list[float]:
        """Positive where the candidate is better."""
        sign = 1 if self.direction == "floor" else -1
        return [sign * (candidate - production) for candidate, production in self.values]

    def compared(self, margin: float) -> MetricComparison:
        """The means and their difference."""
        count = len(self.values)
        return MetricComparison(
            metric=self.metric,
            questions=count,
            candidate=sum(value for value, _ in self.values) / count,
            production=sum(value for _, value in self.values) / count,
            difference=sum(self.differences) / count,
            margin=margin,
        )


def _means(measured: Measurement, metric: str) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in measured.rows:
        value = row.values.get(metric)
        if value is not None:
            values[row.example_id].append(value)
    return {example: sum(each) / len(each) for example, each in values.items()}


def _primary(pairs: Pairs, gate: GateConfig, look: Look) -> MetricComparison:
    levels = {"lower": look.proof, "upper": look.level}
    return pairs.compared(gate.margin).model_copy(update=_bounds(pairs.differences, gate, levels))


def _bounds(differences: list[float], gate: GateConfig, levels: dict[str, float]) -> dict[str, float | None]:
    """Each bound at its level; a bound that this look cannot have is absent."""
    found: dict[str, float | None] = {}
    for side, level in levels.items():
        known = level and bounds(differences, confidence=1 - level, resamples=gate.resamples, seed=gate.seed)
        found[side] = getattr(known, side) if known else None
    return found


def _guards(candidate: Measurement, production: Measurement, gate: GateConfig, look: Look) -> list[MetricComparison]:
    guards = {metric: Pairs.of(candidate, production, metric) for metric in gate.guard_margins}
    guards = {metric: pairs for metric, pairs in guards.items() if pairs.values}
    p_values = holm(
        {
            metric: p_value_of_loss(
                pairs.differences, gate.guard_margins[metric], resamples=gate.resamples, seed=gate.seed
            )
            for metric, pairs in guards.items()
        }
    )
    levels = {"lower": look.level, "upper": look.level}
    return [
        pairs.compared(gate.guard_margins[metric]).model_copy(
            update={"p_value": p_values[metric], **_bounds(pairs.differences, gate, levels)}
        )
        for metric, pairs in guards.items()
    ]
