"""The scoring pipeline's components: traces as scorers read them, and our scorers of traces and of their answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from haystack import component, default_from_dict, default_to_dict
from numpy.typing import NDArray

from tasks_lib.assistant.contract.answer import Answer, Message, Source
from tasks_lib.assistant.contract.embedder import Embedder, unrelated_cosine, unrelated_cosines
from tasks_lib.assistant.embedders.text_embedder import embedder_to_dict
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.errors import ConfigurationError
from tasks_lib.gate.answer_metrics import Row, groundedness
from tasks_lib.gate.evaluators import Answers, score_each
from tasks_lib.monitoring.readability import automated_readability_index, flesch_kincaid_grade
from tasks_lib.monitoring.traces import TraceRecord
from tasks_lib.progress import advance
from tasks_lib.text.languages import may_be_english
from tasks_lib.text.matching import word_recall
from tasks_lib.text.words import words

Vectors = NDArray[np.float32]
BATCH = 256
"""Traces whose texts are embedded at a time."""


@dataclass(frozen=True)
class Traces:
    """Production traces: what the pipeline hands to every scorer, without copying it."""

    records: Sequence[TraceRecord]

    def __deepcopy__(self, memo: Mapping[int, Any]) -> "Traces":
        return self


def coverage(record: TraceRecord) -> float | None:
    """Share of the question's content words that the passages hold; `None` for an error or a guardrail's refusal."""
    if record.error is not None or record.refusal_reason == "guardrail":
        return None
    return word_recall(record.question, record.passages)


def answer_relevance(row: Row) -> float | None:
    """Cosine of question and answer; `None` for a refusal, or without words."""
    answer, question = row.answered, row.example.question
    if answer is None or not question.strip() or not answer.response.strip():
        return None
    return row.similarity.between(question, answer.response)


TRACE_SCORERS: dict[str, Callable[[TraceRecord], float | None]] = {
    "retrieval_score": lambda record: record.top_score,
    "evidence": lambda record: record.evidence,
    "coverage": coverage,
    "refused": lambda record: float(record.refused) if record.error is None else None,
    "guardrail_hit": lambda record: float(bool(record.guardrails)) if record.error is None else None,
    "readability_grade": lambda record: flesch_kincaid_grade(record.response) if record.answered else None,
    "readability_ari": lambda record: automated_readability_index(record.response) if record.answered else None,
    "latency_seconds": lambda record: record.latency_seconds if record.error is None else None,
    "tokens": lambda record: record.tokens,
    "cost": lambda record: record.cost,
    "feedback": lambda record: record.feedback,
    "error": lambda record: float(record.error is not None),
    "question_words": lambda record: len(words(record.question)) if record.question.strip() else None,
}
"""Scorers of every trace."""

ANSWER_SCORERS: dict[str, Callable[[Row], float | None]] = {
    "answer_relevance": answer_relevance,
    "groundedness": groundedness,
}
"""Scorers of the sampled answers: they compare meanings, which takes time."""


@component
class ScoredTraces:
    """Makes production traces the input of scorers.

    `traces` are all of them; `answers` are the sampled ones that ended without an error, at `answer_rows`. `vectors`
    embed the sampled questions, at `vector_rows`.

    :param embedder: Compares texts by meaning.
    """

    def __init__(self, *, embedder: Embedder) -> None:
        self.embedder = embedder

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its embedder."""
        return default_to_dict(self, embedder=embedder_to_dict(self.embedder))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ScoredTraces":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(
        traces=Traces,
        answers=Answers,
        answer_rows=list[int],
        vectors=Vectors,
        vector_rows=list[int],
        unrelated=float,
    )
    def run(self, records: list[TraceRecord], rows: list[int] | None = None) -> dict[str, Any]:
        """Read the records.

        :param rows: The sample for scorers that take time; all without it.
        """
        sample = list(range(len(records))) if rows is None else rows
        similarity = Similarity(self.embedder)
        self._embed([records[row] for row in sample], similarity)
        answer_rows = [row for row in sample if records[row].error is None]
        answers = [answer_of(records[row], similarity) for row in answer_rows]
        asked = [row for row in sample if records[row].question.strip()]
        try:
            vectors = similarity.vectors([records[row].question for row in asked]) if asked else _NO_VECTORS
        except Exception:  # noqa: BLE001  the scorers meet the error, too, and it is counted there
            vectors, asked = _NO_VECTORS, []
        return {
            "traces": Traces(records),
            "answers": Answers(answers),
            "answer_rows": answer_rows,
            "vectors": vectors,
            "vector_rows": asked,
            "unrelated": unrelated_cosine(unrelated_cosines(self.embedder), None),
        }

    def _embed(self, sample: Sequence[TraceRecord], similarity: Similarity) -> None:
        for start in range(0, len(sample), BATCH):
            batch = sample[start : start + BATCH]
            texts = [text for record in batch for text in (record.question, record.response) if text.strip()]
            try:
                similarity.prefetch(texts)
            except Exception:  # noqa: BLE001  the scorers meet the error, too, and it is counted there
                return
            advance("score traces", start + len(batch), len(sample))


@component
class TraceScorer:
    """One of :data:`TRACE_SCORERS`, on every trace.

    :param metric: Its name.
    :raises ConfigurationError: If there is no such scorer.
    """

    def __init__(self, *, metric: str) -> None:
        self.metric = _known(metric, TRACE_SCORERS)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, metric=self.metric)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TraceScorer":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(individual_scores=list[float | None], errors=list[Exception | None])
    def run(self, traces: Traces) -> dict[str, Any]:
        """A score per trace, `None` where the metric does not apply; where it raised, its error instead."""
        return score_each(TRACE_SCORERS[self.metric], traces.records)


@component
class AnswerScorer:
    """One of :data:`ANSWER_SCORERS`, on every sampled answer.

    :param metric: Its name.
    :raises ConfigurationError: If there is no such scorer.
    """

    def __init__(self, *, metric: str) -> None:
        self.metric = _known(metric, ANSWER_SCORERS)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, metric=self.metric)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AnswerScorer":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(individual_scores=list[float | None], errors=list[Exception | None])
    def run(self, answers: Answers) -> dict[str, Any]:
        """A score per answer, `None` for a refusal; where it raised, its error instead."""
        return score_each(ANSWER_SCORERS[self.metric], answers.rows)


@component
class Toxicity:
    """Probability that a person finds an answer offensive, by a linear model (alt-profanity-check)."""

    @component.output_types(individual_scores=list[float | None], errors=list[Exception | None])
    def run(self, traces: Traces) -> dict[str, Any]:
        """A score per trace, `None` without an answer, and for one in another language: the model has read English."""
        count = len(traces.records)
        scores: list[float | None] = [None] * count
        errors: list[Exception | None] = [None] * count
        rows = [row for row, record in enumerate(traces.records) if record.answered and _is_read(record.response)]
        try:
            from profanity_check import predict_prob  # type: ignore[import-untyped,unused-ignore]

            values = predict_prob([traces.records[row].response for row in rows]) if rows else []
        except Exception as error:  # noqa: BLE001  a scorer must not stop the others
            for row in rows:
                errors[row] = error
        else:
            for row, value in zip(rows, values, strict=True):
                scores[row] = float(value)
        return {"individual_scores": scores, "errors": errors}


def _is_read(response: str) -> bool:
    return bool(response.strip()) and may_be_english(response)


def answer_of(record: TraceRecord, similarity: Similarity) -> Row:
    """A trace as the gate's metrics read answers; there is nothing to compare it with."""
    example = Example(id=record.trace_id, messages=(Message(role="user", content=record.question),))
    passages = zip_longest(record.documents, record.headings, record.passages, fillvalue="")
    sources = [
        Source(document=document, start=0, end=0, score=0, content=text, heading=heading)
        for document, heading, text in passages
    ]
    answer = Answer(response=record.response, source_documents=sources, refused=record.refused)
    return Row(example, answer, record.latency_seconds, similarity)


def _known(metric: str, scorers: Mapping[str, Any]) -> str:
    if metric not in scorers:
        raise ConfigurationError(f"there is no scorer {metric!r}", hint=f"Scorers: {', '.join(scorers)}.")
    return metric


_NO_VECTORS: Vectors = np.empty((0, 0), dtype=np.float32)
