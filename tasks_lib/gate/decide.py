"""The gate's decision: absolute thresholds, then the comparison with production. Measurements in, decision out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from tasks_lib.config.settings import GateConfig
from tasks_lib.errors import InputError
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.scorers import Direction, direction
from tasks_lib.gate.statistics import bounds, holm, p_value_of_loss, questions_to_settle

Verdict = Literal["promote", "unchanged", "reject", "undecided"]


class ThresholdCheck(BaseModel):
    """One absolute threshold. `ok` is `None` where no question of the set could show the metric."""

    metric: str
    value: float | None
    limit: float
    direction: Direction
    ok: bool | None

    @property
    def key(self) -> str:
        """Where the limit is configured."""
        return f"gate.thresholds.{self.metric}"

    @property
    def reason(self) -> str:
        """The check in words and numbers, with its key."""
        word = "at least" if self.direction == "floor" else "at most"
        asked = f"{word} {self.limit:g} is asked ({self.key})"
        if self.value is None:
            return f"{self.metric} could not be measured on these questions; {asked}"
        return f"{self.metric} is {self.value:.3f}; {asked}"


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


class Decision(BaseModel):
    """What the gate decided, and why."""

    decision: Verdict
    reasons: list[str]
    beats_threshold: bool
    settled_by: str | None = Field(default=None, description="The person who approved or denied it.")
    comment: str = Field(default="", description="What they said.")
    thresholds: list[ThresholdCheck] = Field(default_factory=list)
    comparison: Comparison | None = None


def too_few(questions: int, dataset: str, gate: GateConfig, *, in_production: bool) -> list[str]:
    """Why these questions can decide nothing, and what would help; empty if there are enough, or with `gate.first`.

    :param in_production: Whether a version is: `gate.first` is for the first one only.
    """
    if questions >= gate.minimum_questions or (gate.first and not in_production):
        return []
    ways = [
        "make more questions: `llmops dataset --size N`, over more documents or with a language model (llm.model)",
        "import questions of your own: `llmops dataset --import FILE`",
    ]
    if not in_production:
        ways.append("nothing is in production yet: `llmops deploy --first` lets the thresholds alone decide")
    return [f"{_few(questions, dataset)}; the gate needs {gate.minimum_questions}", *ways]


def require_enough(questions: int, dataset: str, gate: GateConfig) -> None:
    """Refuse a set that cannot decide anything, before anything is spent.

    :raises InputError: Below `gate.minimum_questions`.
    """
    if questions < gate.minimum_questions:
        raise InputError(
            f"{_few(questions, dataset)}; the gate needs {gate.minimum_questions}",
            hint="Make a larger one with `llmops dataset --size N`, or lower gate.minimum_questions.",
        )


def first_of_few(questions: int, gate: GateConfig) -> str:
    """What a version's tag says that was let into production by `gate.first` on fewer questions than the gate needs."""
    if not gate.first or questions >= gate.minimum_questions:
        return ""
    return f"first production by thresholds alone, on {questions} questions of the {gate.minimum_questions} needed"


def _few(questions: int, dataset: str) -> str:
    return f"the evaluation set {dataset!r} has {questions} questions"


def check_thresholds(
    metrics: Mapping[str, float | None], thresholds: Mapping[str, float], ceilings: Collection[str] = ()
) -> list[ThresholdCheck]:
    """Each threshold against the measured value; a limit that is met exactly holds."""
    checks = []
    for metric, limit in thresholds.items():
        value, side = metrics.get(metric), direction(metric, ceilings)
        ok = None if value is None else (value >= limit if side == "floor" else value <= limit)
        checks.append(ThresholdCheck(metric=metric, value=value, limit=limit, direction=side, ok=ok))
    return checks


def decide(candidate: Measurement, production: Measurement | None, gate: GateConfig) -> Decision:
    """Decide about a candidate that passed validation.

    :param production: `None` when there is no production version: the thresholds alone decide.
    """
    decision = _by_thresholds(candidate, gate)
    if decision.decision == "reject":
        return decision
    if production is None:
        return decision.model_copy(
            update={"reasons": ["there is no production version: the thresholds alone decide", *decision.reasons]}
        )
    broken = production.failures()
    if broken:
        reasons = ["production could not be scored completely, so nothing can be compared", *broken]
        return decision.model_copy(update={"decision": "undecided", "reasons": reasons})
    return _by_comparison(decision, candidate, production, gate)


def decide_without_comparison(candidate: Measurement, problem: str, gate: GateConfig) -> Decision:
    """Decide when there is a production version that cannot be evaluated."""
    decision = _by_thresholds(candidate, gate)
    reason = f"production_unavailable: {problem}"
    if decision.decision == "reject":
        return decision.model_copy(update={"reasons": [*decision.reasons, reason]})
    if gate.replace_broken:
        return decision.model_copy(
            update={"reasons": [f"{reason}; --replace-broken lets the thresholds decide", *decision.reasons]}
        )
    return decision.model_copy(
        update={
            "decision": "undecided",
            "reasons": [reason, "use --replace-broken to let the thresholds alone decide"],
        }
    )


def decide_unchanged(production: Measurement, gate: GateConfig) -> Decision:
    """Decide when candidate and production are the same: only production's thresholds are looked at again."""
    decision = _by_thresholds(production, gate)
    if decision.decision == "reject":
        return decision.model_copy(
            update={"reasons": ["production itself no longer meets the thresholds", *decision.reasons]}
        )
    reason = "same configuration, code, index version and questions as production, which still meets every threshold"
    return decision.model_copy(update={"decision": "unchanged", "reasons": [reason, *decision.reasons]})


def decide_after_move(decision: Decision, compared: int | None, live: int | None) -> Decision:
    """Decide when another run, or a person during the approval, has moved production since the comparison.

    :param compared: The production version that the candidate was compared with, and `live` the one that is there now.
    """
    reason = (
        f"production moved from version {compared or 'none'} to {live or 'none'} in the meantime: "
        "deploy again to compare with it"
    )
    return decision.model_copy(update={"decision": "undecided", "reasons": [reason, *decision.reasons]})


def decide_when_live(decision: Decision, version: int) -> Decision:
    """Decide when another run has promoted the very version meanwhile, and so has decided about it."""
    reason = f"version {version} is in production already: another run promoted it in the meantime"
    return decision.model_copy(update={"decision": "unchanged", "reasons": [reason, *decision.reasons]})


def decide_on_hold(decision: Decision, hold: str) -> Decision:
    """Decide when a person has held the assistant since a run began that nobody started."""
    return decision.model_copy(update={"decision": "undecided", "reasons": [hold, *decision.reasons]})


def rejected(reasons: Sequence[str]) -> Decision:
    """A rejection before anything was measured."""
    return Decision(decision="reject", reasons=list(reasons), beats_threshold=False)


def _by_thresholds(measured: Measurement, gate: GateConfig) -> Decision:
    checks = check_thresholds(measured.metrics, gate.limits, measured.ceilings)
    needed = {*gate.limits, *gate.guard_margins, gate.primary} & set(measured.unused)
    failures = [*measured.failures(), *_not_used(measured, needed)]
    missed = [check.reason for check in checks if check.ok is False]
    if failures or missed:
        return Decision(decision="reject", reasons=[*failures, *missed], beats_threshold=False, thresholds=checks)
    held = sum(check.ok is True for check in checks)
    reasons = [f"{held} of {len(checks)} thresholds hold over {len(measured.rows)} questions"]
    reasons += [check.reason for check in checks if check.ok is None]
    reasons += _not_used(measured, set(measured.unused))
    return Decision(decision="promote", reasons=reasons, beats_threshold=True, thresholds=checks)


def _not_used(measured: Measurement, names: Collection[str]) -> list[str]:
    """Why figures of these metrics are not used; one sentence for all that have the same reason."""
    return list(dict.fromkeys(why for name, why in measured.unused.items() if name in names))


def _by_comparison(decision: Decision, candidate: Measurement, production: Measurement, gate: GateConfig) -> Decision:
    primary, differences = _primary(candidate, production, gate)
    guards = _guards(candidate, production, gate)
    comparison = Comparison(
        production_version=production.version,
        primary=primary,
        guards=guards,
        wins=sum(value > 0 for value in differences),
        losses=sum(value < 0 for value in differences),
    )
    worse = [guard for guard in guards if guard.p_value is not None and guard.p_value < 1 - gate.confidence]
    lower, upper = primary.lower or 0.0, primary.upper or 0.0
    words = _primary_in_words(primary, comparison, gate)
    verdict: Verdict
    if upper < -gate.margin or worse:
        verdict = "reject"
        reasons = [f"{words}: proven worse"] if upper < -gate.margin else []
        reasons += [_guard_in_words(guard) for guard in worse]
    elif lower >= -gate.margin:
        verdict, reasons = "promote", [f"{words}: proven not worse", *decision.reasons]
    else:
        verdict = "undecided"
        needed = questions_to_settle(differences, gate.margin, proof(gate))
        comparison.questions_needed = needed
        more = f"about {needed} questions would settle it" if needed else "more questions would hardly settle it"
        reasons = [f"{words}: neither proven worse nor proven not worse", more]
    return decision.model_copy(update={"decision": verdict, "reasons": reasons, "comparison": comparison})


def _primary(candidate: Measurement, production: Measurement, gate: GateConfig) -> tuple[MetricComparison, list[float]]:
    pairs = Pairs.of(candidate, production, gate.primary)
    differences = pairs.differences
    interval = bounds(differences, confidence=gate.confidence, resamples=gate.resamples, seed=gate.seed)
    lower = interval.lower
    if gate.trials > 1:
        lower = bounds(differences, confidence=proof(gate), resamples=gate.resamples, seed=gate.seed).lower
    compared = pairs.compared(gate.margin)
    return compared.model_copy(update={"lower": lower, "upper": interval.upper}), differences


def proof(gate: GateConfig) -> float:
    """Confidence with which the candidate must be not worse: higher for the best of several trials (Bonferroni)."""
    return 1 - (1 - gate.confidence) / gate.trials


def _guards(candidate: Measurement, production: Measurement, gate: GateConfig) -> list[MetricComparison]:
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
    return [_guard(pairs, gate, p_values[metric]) for metric, pairs in guards.items()]


def _guard(pairs: "Pairs", gate: GateConfig, p_value: float) -> MetricComparison:
    interval = bounds(pairs.differences, confidence=gate.confidence, resamples=gate.resamples, seed=gate.seed)
    compared = pairs.compared(gate.guard_margins[pairs.metric])
    return compared.model_copy(update={"p_value": p_value, "lower": interval.lower, "upper": interval.upper})


@dataclass(frozen=True)
class Pairs:
    """(candidate, production) in one metric for each question that both have it for, in the candidate's order."""

    metric: str
    values: list[tuple[float, float]]
    direction: Direction

    @classmethod
    def of(cls, candidate: Measurement, production: Measurement, metric: str) -> "Pairs":
        """Pair the rows of two versions by their questions."""
        of_production = {row.example_id: row.values.get(metric) for row in production.rows}
        pairs = ((row.values.get(metric), of_production.get(row.example_id)) for row in candidate.rows)
        values = [(one, other) for one, other in pairs if one is not None and other is not None]
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


def _primary_in_words(primary: MetricComparison, comparison: Comparison, gate: GateConfig) -> str:
    return (
        f"{primary.metric} {primary.candidate:.3f} against production's {primary.production:.3f} over "
        f"{primary.questions} questions ({comparison.wins} won, {comparison.losses} lost): difference "
        f"{primary.difference:+.3f}, {gate.confidence:.0%} bounds {primary.lower:+.3f} and {primary.upper:+.3f}"
        f"{f' (corrected for {gate.trials} trials)' if gate.trials > 1 else ''}, "
        f"tolerated loss {primary.margin:g} (gate.margin)"
    )


def _guard_in_words(guard: MetricComparison) -> str:
    return (
        f"{guard.metric} is proven worse than production's by more than {guard.margin:g} "
        f"(gate.guard_metrics.{guard.metric}): {guard.candidate:.3f} against {guard.production:.3f} "
        f"(p = {guard.p_value:.4f} after Holm)"
    )
