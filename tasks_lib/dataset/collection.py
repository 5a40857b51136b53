"""Which of the candidates make the set: how many of each kind are wanted, and no two that ask the same."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder, stretched
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.examples import CandidateQuestion, Example
from tasks_lib.dataset.filters import with_evidence
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.progress import advance

FOLLOW_UP_SHARE = 0.1
"""Share of the questions with an answer that continue a conversation."""
AMBIGUOUS = 3
"""Passages beside its own that may answer a question: from this number on nobody could say which was meant."""
NEAR_DUPLICATE = 0.94
"""Cosine (MiniLM) of two questions that ask the same; questions that differ in a name or a number stay below."""


@dataclass(frozen=True)
class Wanted:
    """How many questions of each kind are wanted."""

    answerable: int
    follow_up: int
    unanswerable: int
    off_topic: int

    @classmethod
    def of(cls, config: DatasetConfig) -> "Wanted":
        """Shares to counts; what rounding leaves goes to the answerable ones."""
        unanswerable = round(config.size * config.unanswerable_share)
        off_topic = round(config.size * config.off_topic_share)
        answered = max(0, config.size - unanswerable - off_topic)
        follow_up = round(answered * FOLLOW_UP_SHARE)
        return cls(answered - follow_up, follow_up, unanswerable, off_topic)

    def first_of(self, examples: Sequence[Example]) -> list[Example]:
        """The first `examples` of each kind, not more than are wanted; kinds beside these count as answerable."""
        open_places = Counter(vars(self))
        taken = []
        for example in examples:
            kind = self._counted_as(example)
            if open_places[kind] > 0:
                open_places[kind] -= 1
                taken.append(example)
        return taken

    def without(self, examples: Sequence[Example]) -> "Wanted":
        """What is wanted beside `examples`."""
        made = Counter(self._counted_as(example) for example in examples)
        return Wanted(**{kind: max(0, count - made[kind]) for kind, count in vars(self).items()})

    @staticmethod
    def in_proportion(config: DatasetConfig, examples: Sequence[Example]) -> "Wanted":
        """What a set may hold that has as many answered questions as `examples`: its shares, however few were made.

        Else a set for which the documents held too few facts would test little but refusals.
        """
        whole = Wanted.of(config)
        answered = sum(not example.must_refuse for example in examples)
        if answered >= whole.answerable + whole.follow_up:
            return whole
        share = 1.0 - config.unanswerable_share - config.off_topic_share
        return Wanted.of(config.model_copy(update={"size": math.ceil(answered / share)}))

    def _counted_as(self, example: Example) -> str:
        return example.kind if example.kind in vars(self) else "answerable"


class Collection:
    """Examples that passed, and how many candidates did not, by reason.

    :param embedder: Gives unit vectors.
    :param kept: Examples that are in the set already.
    :param coverage: Tells where else a question that was made without a model is answered; without one, nobody asks.
    """

    def __init__(self, embedder: Embedder, kept: Sequence[Example] = (), coverage: Coverage | None = None) -> None:
        self.examples = list(kept)
        self.rejected: Counter[str] = Counter()
        self.dropped: dict[str, str] = {}
        """Reason → a question that was dropped for it."""
        self._coverage = coverage
        self._similarity = Similarity(embedder)
        self._asked = {example.asked: None for example in kept}
        self._facts = {_fact(example) for example in kept}
        self._vectors: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._embedded = 0

    def add(self, candidate: CandidateQuestion) -> bool:
        """Keep the candidate if no filter dropped it and nothing kept asks the same; count the reason if not."""
        if not candidate.reason and candidate.embedding is None:
            candidate = with_evidence(candidate, self._similarity)
        reason = candidate.reason or self._reason_not_to_repeat(candidate)
        if reason:
            self.reject(candidate, reason)
            return False
        self.examples.append(candidate.example)
        advance("keep questions", len(self.examples))
        return True

    def reject(self, candidate: CandidateQuestion, reason: str) -> None:
        """Count the reason, with the question as its example if it is the first."""
        self.rejected[reason] += 1
        self.dropped.setdefault(reason, candidate.example.asked)

    def _is_ambiguous(self, example: Example) -> bool:
        """Whether more passages than its own answer a question that was made of one."""
        if self._coverage is None or not example.made_by or len(example.messages) > 1:
            return False
        return self._coverage.answers_elsewhere(example) >= AMBIGUOUS

    def _reason_not_to_repeat(self, candidate: CandidateQuestion) -> str:
        """`near_duplicate`, or nothing, after which the question counts as kept."""
        asked = candidate.example.asked
        fact = _fact(candidate.example)
        if asked in self._asked or (fact and fact in self._facts):
            return "near_duplicate"
        if self._embedded < len(self._asked):  # what an earlier version had, which not every run compares
            self._keep(self._similarity.vectors(list(self._asked)[self._embedded :]))
        vector = candidate.embedding
        if vector is None:
            vector = self._similarity.vectors([asked])[0]
        if self._embedded:
            closest = float((self._vectors[: self._embedded] @ vector).max())
            if stretched(closest, self._similarity.unrelated(asked)) >= NEAR_DUPLICATE:
                return "near_duplicate"
        if self._is_ambiguous(candidate.original or candidate.example):
            return "answered_in_many_places"
        self._asked[asked] = None
        self._facts.add(fact)
        self._keep(vector[np.newaxis])
        return ""

    def _keep(self, vectors: NDArray[np.float32]) -> None:
        """Append rows to an array that doubles when it is full: stacking all of them anew each time is quadratic."""
        end = self._embedded + len(vectors)
        if end > len(self._vectors):
            grown = np.empty((2 * end, vectors.shape[1]), np.float32)
            grown[: self._embedded] = self._vectors[: self._embedded].reshape(-1, vectors.shape[1])
            self._vectors = grown
        self._vectors[self._embedded : end] = vectors
        self._embedded = end


def _fact(example: Example) -> tuple[object, ...]:
    """What a question that was made without a model is about, in whatever words; nothing for any other."""
    if not example.made_by or not example.references:
        return ()
    places = ((each.source, each.document, each.start, each.end) for each in example.references)
    return example.kind, example.answer, *places
