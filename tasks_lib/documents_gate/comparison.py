"""``Comparison``: what the questions that a change could touch were worth on both states, in the metric of the gate."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate.blame import LEAST_LOSS
from tasks_lib.documents_gate.questions import rests_on
from tasks_lib.gate.measurement import Measurement, QuestionResult
from tasks_lib.gate.scorers import direction
from tasks_lib.gate.statistics import Interval, bounds


@dataclass(frozen=True)
class Comparison:
    """Values of `gate.primary` by the ids of the questions, the more the better; all others are answered as before."""

    examples: Mapping[str, Example]
    before: Mapping[str, float]
    after: Mapping[str, float]
    rows: Mapping[str, tuple[QuestionResult, QuestionResult]]
    """What was said on the state before and on the state after."""
    known: Interval
    """Of the gain over all questions of the set."""
    of: int
    failures: Sequence[str] = ()
    """Why the values cannot be trusted."""

    @property
    def losses(self) -> dict[str, float]:
        """How much each question lost."""
        return {name: value - self.after[name] for name, value in self.before.items() if name in self.after}

    @property
    def worse(self) -> list[str]:
        """Questions that lost enough to count, the worst first."""
        losses = self.losses
        return sorted((name for name in losses if losses[name] >= LEAST_LOSS), key=lambda name: (-losses[name], name))

    @property
    def better(self) -> list[str]:
        """Questions that gained as much."""
        return [name for name, loss in self.losses.items() if -loss >= LEAST_LOSS]

    def in_sight(self, question: str, changed: Collection[DocumentKey]) -> list[DocumentKey]:
        """The changed documents that its evidence or either answer rests on."""
        sources = [source for row in self.rows[question] for source in (row.answer or {}).get("source_documents", [])]
        cited = {(source.get("source", ""), source["document"]) for source in sources}
        references = self.examples[question].references
        return sorted(key for key in changed if key in cited or any(rests_on(each, key) for each in references))


def compare(
    before: Measurement, after: Measurement, examples: Sequence[Example], gate: GateConfig, of: int
) -> Comparison:
    """The comparison of two measurements of the same questions.

    :param examples: All that was asked, as the set has them.
    :param of: Questions of the whole set.
    """
    theirs, ours = values_of(before), values_of(after)
    gains = [ours[name] - value for name, value in theirs.items() if name in ours]
    first, second = ({row.example_id: row for row in measured.rows} for measured in (before, after))
    return Comparison(
        examples={example.id: example for example in examples},
        before=theirs,
        after=ours,
        rows={name: (first[name], second[name]) for name in first if name in second},
        known=bounds(
            [*gains, *[0.0] * max(0, of - len(gains))],
            confidence=gate.confidence,
            resamples=gate.resamples,
            seed=gate.seed,
        ),
        of=of,
        failures=[*before.failures(), *after.failures()],
    )


def values_of(measured: Measurement) -> dict[str, float]:
    """Example → mean of the primary metric, the more the better; `gate.repeats` may have asked it several times."""
    sign = 1 if direction(measured.primary, measured.ceilings) == "floor" else -1
    values: dict[str, list[float]] = {}
    for row in measured.rows:
        value = row.values.get(measured.primary)
        if value is not None:
            values.setdefault(row.example_id, []).append(sign * value)
    return {name: sum(each) / len(each) for name, each in values.items()}
