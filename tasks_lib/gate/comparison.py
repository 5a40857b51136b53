"""Candidate against production on the same questions: differences with bounds, and who won."""

from pydantic import BaseModel, Field

from tasks_lib.config.gate import GateConfig
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pairs import MetricComparison, Pairs
from tasks_lib.gate.segments import SegmentLoss, segment_losses
from tasks_lib.gate.sequence import Look
from tasks_lib.gate.statistics import bounds, holm, p_value_of_loss


class Comparison(BaseModel):
    """Candidate against production on the same questions."""

    production_version: int
    primary: MetricComparison
    guards: list[MetricComparison] = Field(default_factory=list)
    segments: list[SegmentLoss] = Field(
        default_factory=list, description="Segments proven worse by more than `gate.segment_margin`."
    )
    segments_tested: int = 0
    wins: int = Field(description="Questions on which only the candidate is right.")
    losses: int = Field(description="Questions on which only production is right.")
    questions_needed: int | None = Field(default=None, description="Questions that would settle it, if undecided.")
    look: int = Field(default=1, description="The look that decided; the bounds are as sure as it must be.")
    looks: int = Field(default=1, description="Looks planned, each with more questions.")
    questions_asked: int | None = Field(default=None, description="Questions asked by this look.")
    questions_at_most: int | None = Field(default=None, description="Questions that the last look would have asked.")
    level: float | None = Field(default=None, description="One-sided error of the bounds of this look.")

    @property
    def spared(self) -> int:
        """Questions that need not be asked any more."""
        return max(0, (self.questions_at_most or 0) - (self.questions_asked or 0)) if self.look < self.looks else 0


def compare(candidate: Measurement, production: Measurement, gate: GateConfig, look: Look) -> Comparison:
    """All that is compared, with the bounds of this look."""
    pairs = Pairs.of(candidate, production, gate.primary)
    losses, tested = segment_losses(candidate, production, gate, look) if gate.segments else ([], 0)
    return Comparison(
        production_version=production.version,
        primary=_primary(pairs, gate, look),
        guards=_guards(candidate, production, gate, look),
        segments=losses,
        segments_tested=tested,
        wins=sum(value > 0 for value in pairs.differences),
        losses=sum(value < 0 for value in pairs.differences),
        look=look.number,
        looks=look.of,
        questions_asked=look.questions or None,
        questions_at_most=look.most or None,
        level=look.level,
    )


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
