"""What making questions gives, and how many of each kind are wanted."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from haystack import Document

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.config.settings import DatasetConfig
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.dataset.filters import Candidate, Duplicates, near_evidence, reason_to_drop
from tasks_lib.dataset.similarity import Similarity

FOLLOW_UP_SHARE = 0.1
"""Share of the questions with an answer that continue a conversation."""


@dataclass(frozen=True)
class Wanted:
    """Questions of each kind."""

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
        left = Counter(vars(self))
        taken = []
        for example in examples:
            kind = self._counted_as(example)
            if left[kind] > 0:
                left[kind] -= 1
                taken.append(example)
        return taken

    def without(self, examples: Sequence[Example]) -> "Wanted":
        """What is wanted beside `examples`."""
        had = Counter(self._counted_as(example) for example in examples)
        return Wanted(**{kind: max(0, count - had[kind]) for kind, count in vars(self).items()})

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


@dataclass
class Collection:
    """Examples that passed, and how many candidates did not, by reason."""

    similarity: Similarity
    duplicates: Duplicates
    examples: list[Example] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)

    def reason_to_drop(self, candidate: Candidate) -> str | None:
        """Why the candidate itself must not be used, or `None`."""
        reason = reason_to_drop(candidate)
        if reason is None and not near_evidence(candidate.example, self.similarity):
            reason = "beside_the_evidence"
        return reason

    def add(self, candidate: Candidate) -> bool:
        """Keep the candidate if it passes every filter; count the reason if not."""
        reason = self.reason_to_drop(candidate)
        if reason is None and not self.duplicates.is_new(candidate.example):
            reason = "near_duplicate"
        if reason is not None:
            self.rejected[reason] += 1
            return False
        self.examples.append(candidate.example)
        return True


def example_of(
    kind: str,
    question: str,
    answer: str = "",
    references: Sequence[Reference] = (),
    history: Sequence[Message] = (),
) -> Example:
    """An example whose id follows from what is asked."""
    messages = (*history, Message(role="user", content=question))
    digest = hashlib.sha256("\x1f".join(message.content for message in messages).encode()).hexdigest()[:12]
    return Example(
        id=f"{kind.replace('_', '-')}-{digest}",
        kind=kind,
        messages=messages,
        answer=answer,
        references=tuple(references),
    )


def reference_of(chunk: Document, start: int, end: int, content: str) -> Reference:
    """Characters `start` to `end` of the chunk's document."""
    return Reference(
        source=chunk.meta["source"], document=chunk.meta["document"], start=start, end=end, content=content
    )


def balanced(chunks: Iterable[Document]) -> Iterator[Document]:
    """One chunk of each document, then the second of each, and so on; within a document in the given order."""
    by_document: dict[tuple[str, str], list[Document]] = {}
    for chunk in chunks:
        by_document.setdefault((chunk.meta["source"], chunk.meta["document"]), []).append(chunk)
    for row in zip_longest(*by_document.values()):
        yield from (chunk for chunk in row if chunk is not None)
