"""The gate's decision: absolute thresholds, then the comparison with production. Measurements in, decision out."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from tasks_lib.config.gate import GateConfig
from tasks_lib.gate.comparison import Comparison, compare
from tasks_lib.gate.judge import GRADED, JUDGE_METRICS
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pairs import MetricComparison, Pairs
from tasks_lib.gate.scorers import Direction, direction
from tasks_lib.gate.sequence import Look, one_look
from tasks_lib.gate.statistics import bounds, chance_of_share, questions_to_settle

Verdict = Literal["promote", "unchanged", "reject", "undecided"]


class ThresholdCheck(BaseModel):
    """One absolute threshold. `ok` is `None` where no question of the set could show the metric."""

    metric: str
    value: float | None
    limit: float
    direction: Direction
    ok: bool | None
    questions: int | None = Field(default=None, description="Questions that the value is the mean of, where it is one.")

    @property
    def by_chance(self) -> str:
        """Between what the value could lie by chance, where that leaves open whether the limit holds; else empty."""
        if self.value is None or not self.questions or not 0 <= self.value <= 1:
            return ""
        low, high = chance_of_share(self.value, self.questions)
        if not low < self.limit < high:
            return ""
        return f"between {low:.2f} and {high:.2f} by chance"

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
        unsure = f", which {self.questions} questions do not prove: it lies {self.by_chance}" if self.by_chance else ""
        return f"{self.metric} is {self.value:.3f}; {asked}{unsure}"


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
        ways.append("nothing is in production yet: `--first` lets the thresholds alone decide")
    return [f"{_few(questions, dataset)}; the gate needs {gate.minimum_questions}", *ways]


def first_of_few(questions: int, gate: GateConfig) -> str:
    """What a version's tag says that was let into production by `gate.first` on fewer questions than the gate needs."""
    if not gate.first or questions >= gate.minimum_questions:
        return ""
    return f"first production by thresholds alone, on {questions} questions of the {gate.minimum_questions} needed"


def _few(questions: int, dataset: str) -> str:
    return f"the evaluation set {dataset!r} has {questions} questions"


def check_thresholds(
    metrics: Mapping[str, float | None],
    thresholds: Mapping[str, float],
    ceilings: Collection[str] = (),
    questions: Mapping[str, int] | None = None,
) -> list[ThresholdCheck]:
    """Each threshold against the measured value; a limit that is met exactly holds.

    :param questions: Metric → questions, of those that are means of scores between 0 and 1.
    """
    checks = []
    for metric, limit in thresholds.items():
        value, side = metrics.get(metric), direction(metric, ceilings)
        ok = None if value is None else (value >= limit if side == "floor" else value <= limit)
        over = (questions or {}).get(metric)
        checks.append(ThresholdCheck(metric=metric, value=value, limit=limit, direction=side, ok=ok, questions=over))
    return checks


def decide(
    candidate: Measurement, production: Measurement | None, gate: GateConfig, look: Look | None = None
) -> Decision:
    """Decide about a candidate that passed validation.

    :param production: `None` when there is no production version: the thresholds alone decide.
    :param look: Where more looks follow, `undecided` means that the next one must be taken: a threshold that is missed
        rejects only if it is proven missed, and holds only by what was measured so far.
    """
    look = look or one_look(gate, candidate.questions)
    decision = _by_thresholds(candidate, gate)
    if decision.decision == "reject" and (look.last or candidate.failures() or _hopeless(candidate, gate, look)):
        return decision
    if production is None:
        return decision.model_copy(
            update={"reasons": ["there is no production version: the thresholds alone decide", *decision.reasons]}
        )
    broken = production.failures()
    if broken:
        reasons = ["production could not be scored completely, so nothing can be compared", *broken]
        return decision.model_copy(update={"decision": "undecided", "reasons": reasons})
    decision = _by_comparison(decision, compare(candidate, production, gate, look), gate, look)
    if look.last and decision.decision == "undecided":
        return _with_way_out(decision, candidate, production, gate)
    return decision


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
    shares = {name: count for name, count in measured.scored().items() if name not in {GRADED, *JUDGE_METRICS}}
    checks = check_thresholds(measured.metrics, gate.limits, measured.ceilings, shares)
    needed = {*gate.limits, *gate.guard_margins, gate.primary} & set(measured.unused)
    failures = [*measured.failures(), *_not_used(measured, needed)]
    missed = [check.reason for check in checks if check.ok is False]
    if failures or missed:
        return Decision(decision="reject", reasons=[*failures, *missed], beats_threshold=False, thresholds=checks)
    held = sum(check.ok is True for check in checks)
    reasons = [f"{held} of {len(checks)} thresholds hold over {measured.questions} questions"]
    reasons += [check.reason for check in checks if check.ok is None or check.by_chance]
    reasons += _not_used(measured, set(measured.unused))
    reasons += [judged.reason for judged in measured.judged if judged.standing != "refused"]
    return Decision(decision="promote", reasons=reasons, beats_threshold=True, thresholds=checks)


def _hopeless(measured: Measurement, gate: GateConfig, look: Look) -> bool:
    """Whether a threshold is proven missed, so that no further question can help it."""
    for check in check_thresholds(measured.metrics, gate.limits, measured.ceilings):
        values = [value for row in measured.rows if (value := row.values.get(check.metric)) is not None]
        if check.ok is not False or not values or not look.level:
            continue
        sign = 1 if check.direction == "floor" else -1
        beyond = [sign * (value - check.limit) for value in values]
        if bounds(beyond, confidence=1 - look.level, resamples=gate.resamples, seed=gate.seed).upper < 0:
            return True
    return bool(_not_used(measured, {*gate.limits, *gate.guard_margins, gate.primary} & set(measured.unused)))


def _not_used(measured: Measurement, names: Collection[str]) -> list[str]:
    """Why figures of these metrics are not used; one sentence for all that have the same reason."""
    return list(dict.fromkeys(why for name, why in measured.unused.items() if name in names))


def _by_comparison(decision: Decision, comparison: Comparison, gate: GateConfig, look: Look) -> Decision:
    primary, margin = comparison.primary, gate.margin
    worse = [guard for guard in comparison.guards if guard.p_value is not None and guard.p_value < look.level]
    proven_worse = primary.upper is not None and primary.upper < -margin
    words = _primary_in_words(comparison, gate, look)
    verdict: Verdict
    if proven_worse or worse or comparison.segments:
        verdict = "reject"
        reasons = [f"{words}: proven worse"] if proven_worse else []
        reasons += [_guard_in_words(guard) for guard in worse]
        reasons += [segment.reason for segment in comparison.segments]
    elif primary.lower is not None and primary.lower >= -margin and decision.decision == "promote":
        verdict, reasons = "promote", [f"{words}: proven not worse", *decision.reasons]
    else:
        verdict, reasons = "undecided", [f"{words}: neither proven worse nor proven not worse"]
    if comparison.spared and verdict != "undecided":
        reasons.append(
            f"that was proven at look {look.number} of {look.of}: {comparison.spared} of {look.most} questions "
            "need not be asked (gate.looks)"
        )
    return decision.model_copy(update={"decision": verdict, "reasons": reasons, "comparison": comparison})


def _with_way_out(decision: Decision, candidate: Measurement, production: Measurement, gate: GateConfig) -> Decision:
    """What would settle an undecided comparison."""
    comparison = decision.comparison
    if comparison is None:
        return decision
    differences = Pairs.of(candidate, production, gate.primary).differences
    needed = questions_to_settle(differences, gate.margin, 1 - (comparison.level or 1 - gate.confidence) / gate.trials)
    more = f"about {needed} questions would settle it" if needed else "more questions would hardly settle it"
    return decision.model_copy(
        update={
            "reasons": [*decision.reasons, more],
            "comparison": comparison.model_copy(update={"questions_needed": needed}),
        }
    )


def _primary_in_words(comparison: Comparison, gate: GateConfig, look: Look) -> str:
    primary = comparison.primary
    sides = ("none" if side is None else f"{side:+.3f}" for side in (primary.lower, primary.upper))
    return (
        f"{primary.metric} {primary.candidate:.3f} against production's {primary.production:.3f} over "
        f"{primary.questions} questions ({comparison.wins} won, {comparison.losses} lost): difference "
        f"{primary.difference:+.3f}, {gate.confidence:.0%} bounds {' and '.join(sides)}"
        f"{f' (corrected for {gate.trials} trials)' if gate.trials > 1 else ''}"
        f"{f' (look {look.number} of {look.of})' if look.of > 1 else ''}, "
        f"tolerated loss {primary.margin:g} (gate.margin){_by_judge(primary.metric)}"
    )


def _guard_in_words(guard: MetricComparison) -> str:
    return (
        f"{guard.metric} is proven worse than production's by more than {guard.margin:g} "
        f"(gate.guard_metrics.{guard.metric}): {guard.candidate:.3f} against {guard.production:.3f} "
        f"(p = {guard.p_value:.4f} after Holm){_by_judge(guard.metric)}"
    )


def _by_judge(metric: str) -> str:
    """What is said of a comparison by scores of a judge: labels correct the mean of one version, and no difference."""
    if metric not in {GRADED, *JUDGE_METRICS}:
        return ""
    return ", by the judge's scores alone: people's labels correct each version's mean, not this difference"
