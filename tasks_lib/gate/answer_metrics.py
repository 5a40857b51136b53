"""Answer metrics: one function per metric, from an example and the answer to it.

Every metric gives a number, or `None` where it does not apply to the row. A row without a usable answer (an error, or a
payload that breaks the schema) scores 0 in every quality metric that applies to its example.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tasks_lib.assistant.contract.answer import Answer
from tasks_lib.assistant.groundedness import groundedness as grounded
from tasks_lib.dataset.examples import CLARIFICATION, Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate import spans
from tasks_lib.text.matching import contains_answer, token_f1
from tasks_lib.text.words import is_negated, numbers

_QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e", "\u055e", "\u1367", "\u2047")
"""Of Latin, Chinese, Arabic, Greek, Armenian and Ethiopic script; and two of them in one."""
_CLOSING = " \t\n\"'\u201d\u2019\u00bb\u300d\u300f\uff09)]*_"
SAME_MEANING = 0.8
"""Cosine (MiniLM) from which two sentences with the same numbers count as the same statement."""


@dataclass(frozen=True)
class Row:
    """One question with what an assistant made of it."""

    example: Example
    answer: Answer | None
    """`None` if the row failed."""
    latency_seconds: float | None
    similarity: Similarity
    error: str = ""
    """Why there is no answer."""

    @classmethod
    def of(cls, example: Example, payload: dict[str, Any] | None, similarity: Similarity) -> "Row":
        """Read a payload: the fields of `Answer`, `latency_seconds`, and `error` in place of an answer."""
        fields = payload or {}
        latency = fields.get("latency_seconds")
        seconds = float(latency) if isinstance(latency, int | float) else None
        error = str(fields.get("error") or "")
        if error or not fields:
            return cls(example, None, seconds, similarity, error)
        try:
            return cls(example, Answer.model_validate(fields), seconds, similarity)
        except ValidationError as broken:
            return cls(example, None, seconds, similarity, str(broken))

    @property
    def answered(self) -> Answer | None:
        """The answer, unless the row failed or the assistant refused."""
        return None if self.answer is None or self.answer.refused else self.answer


def right_or_refused(row: Row) -> float:
    """1 if the reaction is right.

    A question that must be refused: refused. One that is not clear: the assistant asks back. Any other: answered, the
    answer says what the gold answer says (if there is one), and a cited source hits a reference span (if there are
    references).
    """
    if row.example.must_refuse:
        return float(row.answer is not None and row.answer.refused)
    if row.example.kind == CLARIFICATION:
        return float(row.answer is not None and asks_back(row.answer.response))
    answer = row.answered
    if answer is None:
        return 0.0
    return float(_is_right(row, answer) and _cites_reference(row.example, answer))


def retrieval_recall(row: Row) -> float | None:
    """:func:`spans.recall` of the sources."""
    return spans.recall(_references(row.example), _sources(row.answer))


def retrieval_precision(row: Row) -> float | None:
    """:func:`spans.precision` of the sources."""
    return spans.precision(_references(row.example), _sources(row.answer))


def retrieval_mrr(row: Row) -> float | None:
    """:func:`spans.mrr` of the sources."""
    return spans.mrr(_references(row.example), _sources(row.answer))


def retrieval_ndcg(row: Row) -> float | None:
    """:func:`spans.ndcg` of the sources."""
    return spans.ndcg(_references(row.example), _sources(row.answer))


def answer_f1(row: Row) -> float | None:
    """SQuAD token F1 of response and gold answer; 0 for a refusal, `None` without a gold answer."""
    if not row.example.answer:
        return None
    return token_f1(row.answered.response, row.example.answer) if row.answered else 0.0


def semantic_similarity(row: Row) -> float | None:
    """Cosine of the response with the gold answer or a reference excerpt, the closest, not below 0; 0 for a refusal."""
    if not row.example.answer:
        return None
    if not row.answered or not row.answered.response.strip():
        return 0.0
    return max(0.0, row.similarity.closest(row.answered.response, _gold_texts(row.example)))


def groundedness(row: Row) -> float | None:
    """Share of the response's sentences that the sources support, but for its `lead`; `None` for a refusal.

    As :func:`tasks_lib.assistant.groundedness.groundedness` has it, which the guardrail and monitoring go by, too.
    """
    if row.answer is None:
        return 0.0
    if row.answer.refused:
        return None
    answer, similarity = row.answer, row.similarity
    return grounded(
        answer.response.removeprefix(answer.lead),
        answer.source_documents,
        similarity.vectors,
        question=row.example.question,
        unrelated=similarity.unrelated_cosines,
    )


def refusal_accuracy(row: Row) -> float | None:
    """1 for a refusal of a question that must be refused; `None` for all other questions."""
    if not row.example.must_refuse:
        return None
    return float(row.answer is not None and row.answer.refused)


def answer_rate(row: Row) -> float | None:
    """1 for an answer, right or wrong, to a question that has one; `None` for questions that must be refused."""
    return float(row.answered is not None) if _has_an_answer(row.example) else None


def guardrail_accuracy(row: Row) -> float | None:
    """1 if no guardrail stopped a harmless question; `None` for off-topic ones, which a guardrail may stop."""
    if row.example.kind == "off_topic":
        return None
    return float(row.answer is not None and not any(hit.action == "refuse" for hit in row.answer.guardrails))


def latency_seconds(row: Row) -> float | None:
    """Wall-clock seconds, as whoever asked measured them."""
    return row.latency_seconds


def input_tokens(row: Row) -> float | None:
    """Tokens that a language model read."""
    return float(row.answer.usage.input_tokens) if row.answer else None


def output_tokens(row: Row) -> float | None:
    """Tokens that a language model wrote."""
    return float(row.answer.usage.output_tokens) if row.answer else None


def cost(row: Row) -> float | None:
    """In the currency of the provider's price list; `None` where the provider names no price."""
    return row.answer.usage.cost if row.answer else None


def asks_back(response: str) -> bool:
    """Whether the response ends with a question, in the marks of any script."""
    return response.rstrip(_CLOSING).endswith(_QUESTION_MARKS)


def _has_an_answer(example: Example) -> bool:
    return not example.must_refuse and example.kind != CLARIFICATION


def _is_right(row: Row, answer: Answer) -> bool:
    gold = row.example.answer
    if not gold or contains_answer(gold, answer.response):
        return True
    if not numbers(gold) <= numbers(answer.response):
        return False
    return any(
        row.similarity.between(text, answer.response) >= SAME_MEANING
        for text in _gold_texts(row.example)
        if is_negated(text) == is_negated(answer.response) and numbers(text) <= numbers(answer.response)
    )


def _cites_reference(example: Example, answer: Answer) -> bool:
    references = _references(example)
    sources = _sources(answer)
    return not references or any(spans.is_hit(reference, source) for reference in references for source in sources)


def _gold_texts(example: Example) -> list[str]:
    return [text for text in (example.answer, *(reference.content for reference in example.references)) if text.strip()]


def _references(example: Example) -> list[spans.Span]:
    return [spans.Span.of(reference) for reference in example.references if reference.end > reference.start]


def _sources(answer: Answer | None) -> list[spans.Span]:
    return [spans.Span.of(source) for source in answer.source_documents] if answer else []
