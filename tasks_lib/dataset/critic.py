"""The critic: a language model that drops candidates, once it has proved that it knows a wrong answer when it sees one.

A small model gives every candidate full marks, or none. So before anything is drafted the critic judges planted cases
whose verdict is known: the worked example's question, with passages of the index that know nothing of it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict
from haystack.dataclasses import ChatMessage

from tasks_lib.dataset import prompts
from tasks_lib.dataset.corpus import balanced
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.dataset.filters import judged
from tasks_lib.dataset.prompts import ask
from tasks_lib.errors import BudgetError, LlmopsError

GOOD_ENOUGH = 4
"""Lowest mark (of 1 to 5) that the critic may give in any respect."""
PLANTED = 8
MISSED_AT_MOST = 1
"""Planted cases that the critic may get wrong."""

_CASES = (
    (prompts.ANSWERABLE.example["question"], prompts.ANSWERABLE.example["answer"]),
    ("What does a late book of the town library cost a day?", "20 cents a day"),
    ("At what time does the town library open on weekdays?", "at 9:00"),
    ("For how long may a student keep a book of the town library?", "for four weeks"),
)
"""Questions about the worked example with their answers."""
_ANSWERING = " ".join(prompts.ANSWERABLE.passages)


@component
class Critic:
    """Drops candidates that a language model marks down, and those to refuse that the documents answer.

    :param generator: The language model.
    :param coverage: Finds further passages that might answer what is said to have no answer.
    :param concurrency: Calls in flight.
    """

    def __init__(self, *, generator: ChatGenerator, coverage: Coverage, concurrency: int = 4) -> None:
        self.generator = generator
        self.coverage = coverage
        self.concurrency = concurrency

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its generator and retrievers."""
        return default_to_dict(
            self,
            generator=component_to_dict(self.generator, "generator"),
            coverage=self.coverage.to_dict(),
            concurrency=self.concurrency,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(candidates=list[CandidateQuestion])
    def run(self, candidates: list[CandidateQuestion]) -> dict[str, list[CandidateQuestion]]:
        """The same candidates, with a reason those that fall short; one that has a reason costs no call."""
        with ThreadPoolExecutor(self.concurrency) as threads:
            return {"candidates": list(threads.map(partial(judged, judge=self.reason_to_drop), candidates))}

    def check(self, chunks: Sequence[Document]) -> None:
        """Let the critic judge answers that no passage states.

        :raises LlmopsError: If it lets more than :data:`MISSED_AT_MOST` of them pass, or cannot be asked.
        """
        planted = _planted(chunks)
        passed = sum(self._would_pass(f"user: {question}", answer, [text]) for question, answer, text in planted)
        if passed > MISSED_AT_MOST:
            raise LlmopsError(
                f"the critic let {passed} of {len(planted)} answers pass that the passages do not state: "
                "its marks on the questions would prove nothing",
                hint="Name a larger model as the platform's judge or as llm.model, or make the questions without a "
                "model: --set llm.model=local/extractive.",
            )

    def finds_answers(self, chunks: Sequence[Document]) -> bool:
        """Whether the critic sees the answer where there is one: else every question would count as unanswerable."""
        missed = sum(not self._would_find(question, [text, _ANSWERING]) for question, _, text in _planted(chunks))
        return missed <= MISSED_AT_MOST

    def reason_to_drop(self, candidate: CandidateQuestion) -> str | None:
        """Why the candidate is dropped; what cannot be judged is dropped as well."""
        example = candidate.example
        try:
            if example.must_refuse:
                passages = [*candidate.passages, *self.coverage.nearest(example.question)]
                return "answered_by_the_documents" if self._is_answered(example.question, passages) else None
            asked = "\n".join(f"{message.role}: {message.content}" for message in example.messages)
            return self._marks(asked, example.answer, candidate.passages)
        except BudgetError:
            raise
        except Exception:  # noqa: BLE001  providers raise their own errors; one bad call must not end the run
            return "critic_failed"

    def _would_pass(self, asked: str, answer: str, passages: Sequence[str]) -> bool:
        try:
            return self._marks(asked, answer, passages) is None
        except ValueError:  # marks that cannot be read let nothing pass
            return False

    def _would_find(self, question: str, passages: Sequence[str]) -> bool:
        try:
            return self._is_answered(question, passages)
        except ValueError:
            return False

    def _marks(self, asked: str, answer: str, passages: Sequence[str]) -> str | None:
        prompt = prompts.CRITIC.format(passages="\n\n".join(passages), question=asked, answer=answer)
        marks = ask(self.generator, [ChatMessage.from_user(prompt)], prompts.MARKS, prompts.Marks).model_dump()
        return next((f"critic_{name}" for name, mark in marks.items() if mark < GOOD_ENOUGH), None)

    def _is_answered(self, question: str, passages: Sequence[str]) -> bool:
        prompt = prompts.ANSWERED.format(passages="\n\n".join(passages), question=question)
        return ask(self.generator, [ChatMessage.from_user(prompt)], prompts.IS_ANSWERED, prompts.Answered).answered


def _planted(chunks: Sequence[Document]) -> list[tuple[str, str, str]]:
    """Question, answer, and a passage of the index that does not hold it."""
    texts = [chunk.content or "" for chunk in islice(balanced(chunks), PLANTED)]
    cases = zip(cycle(_CASES), [text for text in texts if "library" not in text.lower()], strict=False)
    return [(question, answer, text) for (question, answer), text in cases]
