"""What answers on two states are worth, and which questions got worse or better.

A score is about what is said: spans and paths of references change with the documents and are not asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks_lib.assistant.contract.answer import Answer
from tasks_lib.dataset.examples import CLARIFICATION, Example
from tasks_lib.documents_gate.blame import LEAST_LOSS
from tasks_lib.gate.answer_metrics import asks_back
from tasks_lib.text.matching import word_recall
from tasks_lib.text.words import numbers


@dataclass(frozen=True)
class Outcome:
    """A question on both states; scores are 0 to 1."""

    question: str
    """Its id."""
    before: float
    after: float
    said_before: str = ""
    said_after: str = ""

    @property
    def loss(self) -> float:
        """How much worse it is, -1 to 1."""
        return self.before - self.after

    @property
    def is_worse(self) -> bool:
        """Whether enough was lost to count."""
        return self.loss >= LEAST_LOSS

    @property
    def is_better(self) -> bool:
        """Whether enough was gained to count."""
        return -self.loss >= LEAST_LOSS


def score(example: Example, answer: Answer | None) -> float | None:
    """What an answer is worth, 0 to 1; `None` where the example does not say what is right.

    A question without an answer in the documents is to be refused, half of it counts for an answer that says it may be
    none. Of others counts what they say of the gold answer: the share of its words times that of its numbers. Without a
    gold answer, the share of the references that the sources still hold.
    """
    if answer is None:
        return 0.0
    if example.must_refuse:
        return 1.0 if answer.refused else 0.5 * answer.uncertain
    if example.kind == CLARIFICATION:
        return float(asks_back(answer.response))
    if not example.answer and not example.references:
        return None
    return 0.0 if answer.refused else _told(example, answer)


def _told(example: Example, answer: Answer) -> float:
    """How much of what should be said is said, or lies in the sources."""
    if not example.answer:
        return word_recall(example.evidence, [source.content for source in answer.source_documents])
    wanted = numbers(example.answer)
    told = len(wanted & numbers(answer.response)) / len(wanted) if wanted else 1.0
    return told * word_recall(example.answer, [answer.response])


def compare(
    examples: Sequence[Example], before: Mapping[str, Answer | None], after: Mapping[str, Answer | None]
) -> list[Outcome]:
    """The questions that were asked on both states and have a right answer, in the order of the set."""
    outcomes = []
    for example in examples:
        if example.id not in before or example.id not in after:
            continue
        old, new = before[example.id], after[example.id]
        was, now = score(example, old), score(example, new)
        if was is not None and now is not None:
            outcomes.append(Outcome(example.id, was, now, old.response if old else "", new.response if new else ""))
    return outcomes
