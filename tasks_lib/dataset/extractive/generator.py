"""Questions without a language model: what documents say turned into questions about it."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.corpus import balanced
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.examples import CandidateQuestion, example_of, reference_of
from tasks_lib.dataset.extractive.facts import Fact, facts
from tasks_lib.dataset.extractive.prose import sentences_of
from tasks_lib.dataset.extractive.topics import Topics
from tasks_lib.dataset.extractive.unanswerable import transplanted
from tasks_lib.dataset.patterns.found import Patterns
from tasks_lib.dataset.patterns.page import pages_of
from tasks_lib.dataset.patterns.renamed import renamed

POOL = 4
"""Facts that are collected for each question wanted, to choose from."""
_PARSED_AT_ONCE = 32


@component
class ExtractiveQuestionGenerator:
    """Turns clauses into questions: a phrase of the sentence becomes the answer, question words take its place.

    English sentences are parsed; tables, parameters and headings, and sentences of other languages, are read by
    patterns. Documents in a language that has no patterns are left out, and counted.

    :param coverage: Tells which names no document mentions, for questions without an answer.
    :param size: Questions wanted: chunks are parsed until there are :data:`POOL` times as many facts.
    :param seed: Of the order in which questions are tried.
    """

    def __init__(self, *, coverage: Coverage, size: int, seed: int = 0) -> None:
        self.coverage = coverage
        self.size = size
        self.seed = seed

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with the retrievers of its coverage."""
        return default_to_dict(self, coverage=self.coverage.to_dict(), size=self.size, seed=self.seed)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(candidates=list[CandidateQuestion], rejected=dict[str, int])
    def run(self, kinds: list[str], passages: list[list[Document]]) -> dict[str, Any]:
        """Candidates of each kind, in the order in which they are to be tried.

        :param kinds: Of `follow_up`, `answerable`, `unanswerable`; others are passed over.
        :param passages: Chunks with metadata `source`, `document`, `start`, `title` and `heading`, in whatever groups.
        :returns: `candidates`, and `rejected`: questions that no topic makes stand alone, and documents in a language
            that has no patterns.
        """
        chunks = [chunk for group in passages for chunk in group]
        patterns = Patterns(pages_of(chunks), self.seed)
        english = [chunk for chunk in chunks if patterns.language_of(chunk) == "en"]
        pool = _Pool(english, self.size)
        made: list[CandidateQuestion] = []
        if "follow_up" in kinds:
            made += _in_turn([[question] for question in _follow_ups(pool)], [[c] for c in patterns.follow_ups()])
        if "answerable" in kinds:
            made += _in_turn(pool.alternatives(), patterns.alternatives())
        if "unanswerable" in kinds:
            made += self._unanswerable(pool)
            made += renamed(patterns.alternatives(), self.coverage, self.seed)
        return {"candidates": made, "rejected": dict(pool.rejected + patterns.rejected)}

    def _unanswerable(self, pool: "_Pool") -> Iterator[CandidateQuestion]:
        """Questions of facts about names and groups that no chunk mentions."""
        questions = [(question.fact, question.text) for question in pool.questions()]
        random.Random(self.seed).shuffle(questions)  # noqa: S311  not for security
        for text in transplanted(questions, self.coverage, self.seed):
            yield CandidateQuestion(example_of("unanswerable", text))


@dataclass(frozen=True)
class _StandaloneQuestion:
    """A fact with its question as it stands alone."""

    fact: Fact
    text: str

    def candidate(
        self, kind: str = "answerable", asked: str = "", history: Sequence[Message] = ()
    ) -> CandidateQuestion:
        """The example, with the sentence as its reference; questions of one sentence are alternatives."""
        sentence = self.fact.sentence
        reference = reference_of(sentence.chunk, sentence.start, sentence.end, sentence.text)
        return CandidateQuestion(
            example_of(kind, asked or self.text, self.fact.answer, [reference], history, made_by="sentence"),
            passages=(sentence.chunk.content or "",),
            group=f"{sentence.chunk.id}:{sentence.start}" if kind == "answerable" else "",
            answer_type=self.fact.kind,
        )


class _Pool:
    """Questions by chunk and sentence, collected until there are enough to choose from."""

    def __init__(self, chunks: Sequence[Document], wanted: int) -> None:
        self.rejected: Counter[str] = Counter()
        self._topics = Topics(chunks)
        self._by_chunk: dict[str, list[list[_StandaloneQuestion]]] = defaultdict(list)
        collected = 0
        order = balanced(chunks)
        while collected < wanted * POOL and (batch := list(islice(order, _PARSED_AT_ONCE))):
            collected += self._collect(batch)

    def questions(self) -> Iterator[_StandaloneQuestion]:
        """Those of one sentence of each chunk, then of a second of each, and so on."""
        for row in zip_longest(*self._by_chunk.values()):
            for questions in row:
                yield from questions or ()

    def alternatives(self) -> list[list[CandidateQuestion]]:
        """The candidates of one sentence each, in the same order."""
        rows = zip_longest(*self._by_chunk.values())
        return [[question.candidate() for question in questions] for row in rows for questions in row if questions]

    def _collect(self, batch: Sequence[Document]) -> int:
        collected = 0
        for sentence in sentences_of(batch):
            questions = []
            for fact in facts(sentence):
                text = self._topics.standing_alone(fact)
                if text is None:
                    self.rejected["does_not_stand_alone"] += 1
                else:
                    questions.append(_StandaloneQuestion(fact, text))
            if questions:
                self._by_chunk[sentence.chunk.id].append(questions)
                collected += 1
        return collected


def _in_turn(*several: Sequence[Sequence[CandidateQuestion]]) -> Iterator[CandidateQuestion]:
    """The first group of each, then the second of each, and so on."""
    for row in zip_longest(*several):
        for group in row:
            yield from group or ()


def _follow_ups(pool: _Pool) -> Iterator[CandidateQuestion]:
    """Two facts of one document whose questions differ in the subject alone: the second is asked as `And …?`."""
    shapes: dict[tuple[str, str], list[_StandaloneQuestion]] = defaultdict(list)
    for question in pool.questions():
        fact = question.fact
        if fact.subject and fact.question.count(fact.subject) == 1:
            shape = fact.question.replace(fact.subject, "…")
            shapes[str(fact.sentence.chunk.meta["document"]), shape].append(question)
    for first, *others in shapes.values():
        second = next((question for question in others if question.fact.subject != first.fact.subject), None)
        if second is not None:
            history = (
                Message(role="user", content=first.text),
                Message(role="assistant", content=" ".join(first.fact.sentence.text.split())),
            )
            yield second.candidate("follow_up", f"And what about {second.fact.subject}?", history)
