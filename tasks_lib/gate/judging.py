"""The judge as a component: a language model's scores of every answer, with reasons."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict

from tasks_lib.dataset.examples import CLARIFICATION
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.evaluators import Answers
from tasks_lib.gate.judge import CORRECTNESS, GROUNDEDNESS, RELEVANCE, Judge, JudgeError, Judgement
from tasks_lib.gate.proof import UnprovenJudgeError, prove
from tasks_lib.progress import advance

CRITERIA = (CORRECTNESS, GROUNDEDNESS, RELEVANCE)
Judgements = Mapping[str, Judgement | JudgeError]
"""Criterion → what the judge said, or why it said nothing. A criterion that does not apply is not there."""


@dataclass(frozen=True)
class _JudgedAnswer:
    """An answer as the judge reads it."""

    question: str
    passages: tuple[str, ...]
    response: str


@component
class AnswerJudge:
    """Asks a language model for a score and a reason per criterion, in one call per answer.

    First it proves itself on planted answers, once; one that does not know them apart gives no judgement of any answer.
    A row that failed scores 0 in all that applies to its example, and a refusal 0 in correctness where there is an
    expected answer; neither is worth a call.

    :param chat_generator: The language model.
    :param criteria: What is judged beside the guidelines, which are judged if there are any.
    :param guidelines: Rules that every answer is held against.
    :param timeout_seconds: Deadline of one call.
    :param concurrency: Calls in flight.
    :param expected_answers: Whether correctness is measured by expected answers; without, by the passages.
    """

    def __init__(
        self,
        *,
        chat_generator: ChatGenerator,
        criteria: Sequence[str] = CRITERIA,
        guidelines: Sequence[str] = (),
        timeout_seconds: float = 60.0,
        concurrency: int = 1,
        expected_answers: bool = True,
    ) -> None:
        self.chat_generator = chat_generator
        self.criteria = tuple(criteria)
        self.guidelines = tuple(guidelines)
        self.timeout_seconds = timeout_seconds
        self.concurrency = concurrency
        self.expected_answers = expected_answers
        self._proof: UnprovenJudgeError | None = None
        self._asked_to_prove = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of what is judged."""
        return self._judge().names

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its chat generator."""
        return default_to_dict(
            self,
            chat_generator=component_to_dict(self.chat_generator, "chat_generator"),
            criteria=list(self.criteria),
            guidelines=list(self.guidelines),
            timeout_seconds=self.timeout_seconds,
            concurrency=self.concurrency,
            expected_answers=self.expected_answers,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AnswerJudge":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    def warm_up(self) -> None:
        """As of the chat generator."""
        if hasattr(self.chat_generator, "warm_up"):
            self.chat_generator.warm_up()

    @component.output_types(judgements=list[Judgements])
    def run(self, answers: Answers) -> dict[str, list[dict[str, Judgement | JudgeError]]]:
        """Judgements of every answer, in their order."""
        judge = self._judge()
        if unproven := self._unproven() if answers.rows else None:
            return {"judgements": [dict.fromkeys(self._applying(row, judge.names), unproven) for row in answers.rows]}
        judgements: list[dict[str, Judgement | JudgeError]] = [{} for _ in answers.rows]
        calls = {}
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="judge") as pool:
            for number, row in enumerate(answers.rows):
                names = self._applying(row, judge.names)
                if row.answered is None:
                    reason = "refused" if row.answer else f"no answer: {row.error}"
                    judgements[number] = {name: Judgement(0.0, reason) for name in names}
                elif names:
                    expected = row.example.answer if self.expected_answers else ""
                    calls[pool.submit(judge.judge, _read(row), expected, names)] = number, names
            for done, call in enumerate(as_completed(calls), start=1):
                number, names = calls[call]
                try:
                    judgements[number] = dict(call.result())
                except JudgeError as error:
                    judgements[number] = dict.fromkeys(names, error)
                advance("judge answers", done, len(calls))
        return {"judgements": judgements}

    def _unproven(self) -> UnprovenJudgeError | None:
        """Why the judge must not be believed; asked for once."""
        if not self._asked_to_prove:
            self._proof = prove(self._judge(), expected_answers=self.expected_answers, concurrency=self.concurrency)
            self._asked_to_prove = True
        return self._proof

    def _judge(self) -> Judge:
        return Judge(self.chat_generator, self.guidelines, self.timeout_seconds, self.criteria)

    def _applying(self, row: Row, names: Sequence[str]) -> tuple[str, ...]:
        """Those of `names` that say something about this answer to this example."""
        if row.example.kind == CLARIFICATION:
            return ()
        compared = bool(row.example.answer) and not row.example.must_refuse
        if row.answer is not None and row.answer.refused:
            return (CORRECTNESS,) if compared and CORRECTNESS in names else ()
        if row.answer is None and row.example.must_refuse:
            return ()
        return tuple(name for name in names if name != CORRECTNESS or compared or not self.expected_answers)


def _read(row: Row) -> _JudgedAnswer:
    answer = row.answer
    sources = answer.source_documents if answer else ()
    return _JudgedAnswer(row.example.question, tuple(s.content for s in sources), answer.response if answer else "")
