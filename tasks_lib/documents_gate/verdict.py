"""``verdict``: whether a state of the documents is released, held, or undecided, and why."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks_lib.config.settings import GateConfig
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.outcomes import Outcome
from tasks_lib.gate.statistics import bounds

Decision = Literal["released", "held", "undecided"]
_NAMED = 5


class Verdict(BaseModel):
    """The decision about a change of documents."""

    model_config = ConfigDict(frozen=True)

    decision: Decision
    reasons: tuple[str, ...] = Field(description="In words, what decided first.")
    documents: tuple[str, ...] = Field(default=(), description="Documents that are to blame, the worst first.")
    worse: tuple[str, ...] = Field(default=(), description="Ids of the questions that got worse.")
    better: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = Field(default=(), description="Those that hold first, then the notes.")


def verdict(
    outcomes: Sequence[Outcome],
    findings: Sequence[Finding],
    blamed: Blame | None = None,
    *,
    questions: int,
    gate: GateConfig | None = None,
) -> Verdict:
    """Held: a finding holds it, or answers are proven worse. Undecided: a document made a question worse.

    A loss that no document is to blame for is the chance of models that answer differently each time: it is tolerated
    up to the margin of the gate, as between versions.

    :param outcomes: The questions that were asked again; all others count as unchanged.
    :param questions: Questions of the set.
    :param gate: Margin, confidence and resamples of the comparison.
    """
    gate = gate or GateConfig()
    worse = [outcome for outcome in outcomes if outcome.is_worse]
    better = [outcome for outcome in outcomes if outcome.is_better]
    holding = [finding for finding in findings if finding.level == "hold"]
    culprits = list(blamed.questions) if blamed else []
    decision, said = _of_questions(outcomes, worse, culprits, questions, gate)
    reasons = [finding.reason for finding in holding]
    if holding:
        decision = "held"
    reasons += said or ([] if reasons else [_unchanged(outcomes, better, questions)])
    documents = dict.fromkeys([*(finding.document for finding in holding), *culprits])
    return Verdict(
        decision=decision,
        reasons=tuple(dict.fromkeys(reasons)),
        documents=tuple(documents),
        worse=tuple(outcome.question for outcome in worse),
        better=tuple(outcome.question for outcome in better),
        findings=tuple(sorted(findings, key=lambda finding: finding.level)),
    )


def _of_questions(
    outcomes: Sequence[Outcome], worse: Sequence[Outcome], culprits: Sequence[str], questions: int, gate: GateConfig
) -> tuple[Decision, list[str]]:
    """The decision by what was asked, and its reasons; none where nothing got worse."""
    if not worse:
        return "released", []
    gains = [-outcome.loss for outcome in outcomes] + [0.0] * max(0, questions - len(outcomes))
    interval = bounds(gains, confidence=gate.confidence, resamples=gate.resamples, seed=gate.seed)
    named = ", ".join(outcome.question for outcome in worse[:_NAMED]) + (", …" if len(worse) > _NAMED else "")
    said = f"{len(worse)} of {questions} questions got worse: {named}"
    because = f", because of {', '.join(culprits[:_NAMED])}" if culprits else ""
    if interval.upper < 0:
        return "held", [f"{said}{because}: proven worse by {-interval.mean:.3f} on average"]
    if culprits:
        return "undecided", [f"{said}{because}"]
    if interval.lower >= -gate.margin:
        return "released", [f"{said}, which no document explains: within the margin of {gate.margin}"]
    return "undecided", [f"{said}, which no document explains: not proven to be within the margin of {gate.margin}"]


def _unchanged(outcomes: Sequence[Outcome], better: Sequence[Outcome], questions: int) -> str:
    if not questions:
        return "no question was asked: there is no evaluation set, and nothing about the documents is suspicious"
    asked = f"{len(outcomes)} of {questions} questions were asked again"
    return f"{asked}, none got worse" + (f", {len(better)} got better" if better else "")
