"""``judged``: the one way from a change of documents to a decision about it."""

from collections.abc import Collection, Sequence
from typing import Protocol

from tasks_lib.assistant.contract.states import DocumentKey
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.documents_gate.blame import Blame
from tasks_lib.documents_gate.comparison import Comparison, compare
from tasks_lib.documents_gate.decision import DocumentsDecision, decide, unasked
from tasks_lib.documents_gate.questions import Affected
from tasks_lib.gate.asking import VersionAnswers
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.prediction import repeated


class Steps(Protocol):
    """What is done at each step: tasks of a flow, or plain functions in one process."""

    def select(self) -> Affected:
        """The questions to ask again: :func:`tasks_lib.documents_gate.questions.find_affected`."""
        ...

    def ask(self, examples: Sequence[Example]) -> tuple[VersionAnswers, VersionAnswers]:
        """What is said on both states: :func:`tasks_lib.documents_gate.asking.ask_states`."""
        ...

    def score(self, before: VersionAnswers, after: VersionAnswers) -> tuple[Measurement, Measurement]:
        """What that is worth, its evidence found by :mod:`tasks_lib.documents_gate.evidence`."""
        ...

    def blame(self, compared: Comparison) -> Blame:
        """Which documents made questions worse: :func:`tasks_lib.documents_gate.culprits.find_culprits`."""
        ...


def judged(steps: Steps, changed: Collection[DocumentKey], gate: GateConfig) -> DocumentsDecision:
    """Select the questions that a change could touch, ask them on both states, compare, blame, decide."""
    selected = steps.select()
    if not selected.examples:
        return unasked("released", f"the change touches the evidence of none of {selected.of} questions", selected.of)
    before, after = steps.ask(repeated(selected.examples, gate))
    if problem := before.problem or after.problem:
        return unasked("undecided", f"production_unavailable: {problem}", selected.of)
    compared = compare(*steps.score(before, after), selected.examples, gate, selected.of)
    trusted = compared.worse and not compared.failures
    return decide(compared, steps.blame(compared) if trusted else Blame({}), changed, gate)
