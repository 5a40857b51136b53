"""Answerable, follow-up and unanswerable examples from the facts of a sample of chunks."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from haystack import Document

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.extractive.asking import Fact, facts
from tasks_lib.dataset.extractive.prose import sentences_of
from tasks_lib.dataset.extractive.topics import Topics
from tasks_lib.dataset.extractive.unanswerable import transplanted
from tasks_lib.dataset.filters import Candidate
from tasks_lib.dataset.generated import Collection, balanced, example_of, reference_of

POOL = 4
"""Facts that are collected for each question wanted, to choose from."""
_PARSED_AT_ONCE = 32
_WHO_SHARE = 0.2


@dataclass(frozen=True)
class Question:
    """A fact whose question stands alone."""

    fact: Fact
    text: str

    @property
    def answer(self) -> str:
        """The phrase that the question words replaced."""
        return self.fact.answer

    def candidate(self, kind: str = "answerable", asked: str = "", history: Sequence[Message] = ()) -> Candidate:
        """The example, with the sentence as its reference."""
        sentence = self.fact.sentence
        reference = reference_of(sentence.chunk, sentence.start, sentence.end, sentence.text)
        example = example_of(kind, asked or self.text, self.answer, [reference], history)
        return Candidate(example, [sentence.chunk.content or ""])


class Pool:
    """Questions by chunk and sentence, collected until there are enough to choose from."""

    def __init__(self, chunks: Sequence[Document], wanted: int, rejected: Counter[str]) -> None:
        self._topics = Topics(chunks)
        self._rejected = rejected
        self._by_chunk: dict[str, list[list[Question]]] = defaultdict(list)
        found = 0
        order = balanced(chunks)
        while found < wanted * POOL and (batch := list(islice(order, _PARSED_AT_ONCE))):
            found += self._collect(batch)

    def sentences(self) -> Iterator[list[Question]]:
        """The questions of one sentence of each chunk, then of a second of each, and so on."""
        for row in zip_longest(*self._by_chunk.values()):
            yield from (questions for questions in row if questions)

    def all(self) -> list[Question]:
        """Every question."""
        return [question for questions in self.sentences() for question in questions]

    def _collect(self, batch: Sequence[Document]) -> int:
        found = 0
        for sentence in sentences_of(batch):
            questions = []
            for fact in facts(sentence):
                text = self._topics.standing_alone(fact)
                if text is None:
                    self._rejected["does_not_stand_alone"] += 1
                else:
                    questions.append(Question(fact, text))
            if questions:
                self._by_chunk[sentence.chunk.id].append(questions)
                found += 1
        return found


def add_answerable(pool: Pool, wanted: int, collection: Collection) -> None:
    """At most one question a sentence, of the kind (how many, when, who, …) that is rarest so far."""
    used: Counter[str] = Counter({"who": 1})
    added = 0
    for questions in pool.sentences():
        if added == wanted:
            return
        allowed = [q for q in questions if q.fact.kind != "who" or used["who"] <= _WHO_SHARE * wanted]
        for question in sorted(allowed, key=lambda q: used[q.fact.kind]):
            if collection.add(question.candidate()):
                used[question.fact.kind] += 1
                added += 1
                break


def add_follow_ups(pool: Pool, wanted: int, collection: Collection) -> int:
    """Two facts of one document whose questions differ in the subject alone: the second is asked as `And …?`.

    Returns how many were added.
    """
    shapes: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in pool.all():
        fact = question.fact
        if fact.subject and fact.question.count(fact.subject) == 1:
            shape = fact.question.replace(fact.subject, "…")
            shapes[str(fact.sentence.chunk.meta["document"]), shape].append(question)
    pairs = (group for group in shapes.values() if len({question.fact.subject for question in group}) > 1)
    added = 0
    for group in pairs:
        if added == wanted:
            break
        first = group[0]
        second = next(question for question in group if question.fact.subject != first.fact.subject)
        history = (
            Message(role="user", content=first.text),
            Message(role="assistant", content=" ".join(first.fact.sentence.text.split())),
        )
        asked = f"And what about {second.fact.subject}?"
        added += collection.add(second.candidate("follow_up", asked, history))
    return added


def add_unanswerable(pool: Pool, wanted: int, coverage: Coverage, seed: int, collection: Collection) -> None:
    """Questions of facts about names and groups that no chunk mentions."""
    questions = pool.all()
    random.Random(seed).shuffle(questions)  # noqa: S311  not for security
    added = 0
    for text in transplanted([(question.fact, question.text) for question in questions], coverage, seed):
        if added == wanted:
            return
        added += collection.add(Candidate(example_of("unanswerable", text)))
