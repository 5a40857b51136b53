"""The looks of a gate that asks until it knows: which questions each look adds, and how sure each must be."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.gate.spending import levels, looks, looks_beyond, shares_of
from tasks_lib.gate.statistics import TAIL_SHARE

LEAST_IN_THE_TAIL = 20
"""Resamples beyond a bound; a look whose bound would have fewer decides nothing."""


@dataclass(frozen=True)
class Look:
    """One look at the comparison.

    :param questions: Asked by now, and `most` if no look before the last decides.
    :param level: One-sided error of this look's bounds; `proof` is that of the lower bound, which is smaller for the
        best of several trials.
    """

    number: int
    of: int
    questions: int
    most: int
    level: float
    proof: float

    @property
    def last(self) -> bool:
        """Whether there is no other after it."""
        return self.number == self.of


def one_look(gate: GateConfig, questions: int = 0) -> Look:
    """The fixed design: all questions, then one decision. The proof is harder for the best of trials (Bonferroni)."""
    error = 1 - gate.confidence
    return Look(1, 1, questions, questions, error, error / gate.trials)


def looks_of(gate: GateConfig, questions: int, *, compared: bool) -> list[Look]:
    """The looks at a set of `questions`, of which `gate.maximum_questions` are asked at most.

    Where more may be made (`gate.make_up_to`), looks beyond the set are planned, and one when all of it was asked.

    :param compared: Whether there is a production version. Without, nothing can be proven early.
    """
    most = min(questions, gate.maximum_questions or questions)
    if not compared:
        return [one_look(gate, most)]
    if (gate.make_up_to or 0) > questions:
        return _planned(gate, looks_beyond(questions, gate.make_up_to or 0, gate.looks, gate.first_look), questions)
    return _planned(gate, looks(most, gate.looks, gate.first_look))


def shortened(gate: GateConfig, planned: Sequence[Look], questions: int) -> list[Look]:
    """The looks where only `questions` can be asked instead of those planned; earlier looks stay as they were.

    The last one may use up what is left of the error rates: that is honest as long as the documents have ended it, and
    not the answers.
    """
    sizes = [look.questions for look in planned if look.questions < questions]
    return _planned(gate, (*sizes, questions), sizes[-1] if sizes else 0, planned[-1].questions)


def _planned(gate: GateConfig, sizes: Sequence[int], kept: int = 0, planned: int | None = None) -> list[Look]:
    """Looks with their levels.

    :param kept: Size of a look that is taken although it can prove nothing.
    :param planned: Questions of the last look as it was planned.
    """
    fixed = one_look(gate, sizes[-1])
    if len(sizes) == 1:
        return [fixed]
    least = LEAST_IN_THE_TAIL / (TAIL_SHARE * gate.resamples)
    shares = shares_of(sizes, planned)
    of_look, of_proof = (levels(shares, error, gate.spending, least) for error in (fixed.level, fixed.proof))
    telling = [look for look in zip(sizes, of_look, of_proof, strict=True) if any(look[1:]) or look[0] == kept]
    return [Look(number, len(telling), look[0], sizes[-1], *look[1:]) for number, look in enumerate(telling, start=1)]


def in_order(examples: Sequence[Example], looks: Sequence[Look], seed: int) -> Sequence[Example]:
    """The examples in the order in which they are asked: shuffled, with the same mix of kinds in every part.

    Where all of them are asked at once they stay as they are. The turns of one conversation stay together.
    """
    if len(looks) == 1 and looks[0].most >= len(examples):
        return examples
    chains: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        chains[example.conversation].append(example)
    by_kind: dict[str, list[list[Example]]] = defaultdict(list)
    for chain in chains.values():
        by_kind[chain[0].kind].append(chain)
    rng = random.Random(seed)  # noqa: S311
    placed = [(place, chain) for kind in sorted(by_kind) for place, chain in _spread(by_kind[kind], rng)]
    return [example for _, chain in sorted(placed, key=lambda item: item[0]) for example in chain]


def _spread(chains: list[list[Example]], rng: random.Random) -> Iterator[tuple[float, list[Example]]]:
    """Places between 0 and 1, evenly, in random order."""
    shuffled = rng.sample(chains, len(chains))
    return (((number + rng.random()) / len(shuffled), chain) for number, chain in enumerate(shuffled))
