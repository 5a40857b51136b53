"""One row of scores per trace. A scorer that fails on a trace is counted there, and its value is missing."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate.answer_metrics import Row, groundedness
from tasks_lib.gate.judge import Judge
from tasks_lib.monitoring.metrics import CATALOGUE
from tasks_lib.monitoring.readability import automated_readability_index, flesch_kincaid_grade
from tasks_lib.monitoring.traces import TraceRecord
from tasks_lib.progress import advance
from tasks_lib.text.matching import word_recall_in_any
from tasks_lib.text.words import words

Column = NDArray[np.float64]
Scorer = Callable[[TraceRecord], float | None]
BATCH = 256


@dataclass
class Scores:
    """The scores of a window: `columns[name][i]` belongs to `records[i]`; NaN where a metric does not apply."""

    records: list[TraceRecord]
    columns: dict[str, Column]
    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    """Metric → trace id → what went wrong."""
    attempts: Counter[str] = field(default_factory=Counter)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    """(metric, trace id) → the judge's reason."""
    sampled: int = 0
    """Traces that the costly scorers looked at."""
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    """Unit vectors of the questions of the sampled traces."""
    vector_rows: list[int] = field(default_factory=list)
    """Row of `records` that each vector belongs to."""

    def fail(self, name: str, record: TraceRecord, error: Exception) -> None:
        """Remember that `name` could not score `record`."""
        self.failures.setdefault(name, {})[record.trace_id] = f"{type(error).__name__}: {error}"[:300]

    def broken(self) -> list[str]:
        """Scorers that failed on more than half of the traces they looked at, the judge apart."""
        return [
            name
            for name, failed in self.failures.items()
            if not name.startswith("judge_") and 2 * len(failed) > self.attempts[name]
        ]


def score(
    records: list[TraceRecord],
    embedder: Embedder,
    *,
    judge: Judge | None = None,
    rows: Sequence[int] | None = None,
) -> Scores:
    """Score a window, or a batch of it.

    :param rows: Traces for the costly scorers (embeddings, the judge); see :func:`sample_rows`. All without it.
    """
    scores = Scores(records, {name: np.full(len(records), np.nan) for name in CATALOGUE})
    rows = list(range(len(records)) if rows is None else rows)
    scores.sampled = len(rows)
    for name, scorer in CHEAP.items():
        _run(scores, name, scorer, range(len(records)))
    _score_toxicity(scores)
    _score_by_embedding(scores, rows, Similarity(embedder))
    if judge:
        _score_by_judge(scores, rows, judge)
    return scores


def joined(batches: Sequence[Scores]) -> Scores:
    """The scores of batches that follow each other as those of one window."""
    names = batches[0].columns
    whole = Scores(
        [record for batch in batches for record in batch.records],
        {name: np.concatenate([batch.columns[name] for batch in batches]) for name in names},
    )
    first = 0
    for batch in batches:
        for name, failed in batch.failures.items():
            whole.failures.setdefault(name, {}).update(failed)
        whole.attempts.update(batch.attempts)
        whole.reasons.update(batch.reasons)
        whole.sampled += batch.sampled
        whole.vector_rows += [first + row for row in batch.vector_rows]
        first += len(batch.records)
    vectors = [batch.vectors for batch in batches if len(batch.vectors)]
    whole.vectors = np.concatenate(vectors) if vectors else whole.vectors
    return whole


def coverage(record: TraceRecord) -> float | None:
    """Share of the question's content words that the passages hold; `None` for an error or a guardrail's refusal."""
    if record.error is not None or record.refusal_reason == "guardrail":
        return None
    return word_recall_in_any(record.question, record.passages)


def grounded(record: TraceRecord, similarity: Similarity) -> float | None:
    """:func:`tasks_lib.gate.answer_metrics.groundedness` of the answer."""
    example = Example(id=record.trace_id, messages=(Message(role="user", content=record.question),))
    sources = [{"document": "", "start": 0, "end": 0, "score": 0, "content": text} for text in record.passages]
    payload = {"response": record.response, "source_documents": sources, "refused": record.refused}
    return groundedness(Row.of(example, payload, similarity))


CHEAP: dict[str, Scorer] = {
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


def _run(scores: Scores, name: str, scorer: Scorer, rows: Iterable[int]) -> None:
    for row in rows:
        record = scores.records[row]
        scores.attempts[name] += 1
        try:
            value = scorer(record)
        except Exception as error:  # noqa: BLE001  a scorer must not stop the others
            scores.fail(name, record, error)
            continue
        if value is not None:
            scores.columns[name][row] = value


def _score_toxicity(scores: Scores) -> None:
    """Probability that a person finds the answer offensive, by a linear model (alt-profanity-check)."""
    rows = [row for row, record in enumerate(scores.records) if record.answered and record.response.strip()]
    if not rows:
        return
    scores.attempts["toxicity"] += len(rows)
    try:
        from profanity_check import predict_prob  # type: ignore[import-untyped,unused-ignore]

        scores.columns["toxicity"][rows] = predict_prob([scores.records[row].response for row in rows])
    except Exception as error:  # noqa: BLE001  a scorer must not stop the others
        for row in rows:
            scores.fail("toxicity", scores.records[row], error)


def _score_by_embedding(scores: Scores, rows: list[int], similarity: Similarity) -> None:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        _prefetch([scores.records[row] for row in batch], similarity)
        answered = [row for row in batch if scores.records[row].answered]
        _run(scores, "answer_relevance", lambda record: _relevance(record, similarity), answered)
        _run(scores, "groundedness", lambda record: grounded(record, similarity), answered)
        advance("score traces", start + len(batch), len(rows))
    asked = [row for row in rows if scores.records[row].question.strip()]
    try:
        vectors = similarity.vectors([scores.records[row].question for row in asked]) if asked else scores.vectors
    except Exception:  # noqa: BLE001  counted already: every relevance failed, too
        return
    scores.vectors, scores.vector_rows = vectors, asked


def _relevance(record: TraceRecord, similarity: Similarity) -> float | None:
    if not record.question.strip() or not record.response.strip():
        return None
    return similarity.between(record.question, record.response)


def _prefetch(records: list[TraceRecord], similarity: Similarity) -> None:
    texts = [text for record in records for text in (record.question, record.response) if text.strip()]
    try:
        similarity.prefetch(texts)
    except Exception:  # noqa: BLE001  the scorers will meet the error and count it
        return


def _score_by_judge(scores: Scores, rows: list[int], judge: Judge) -> None:
    answered = [row for row in rows if scores.records[row].answered]
    for done, row in enumerate(answered, start=1):
        record = scores.records[row]
        for name in judge.names:
            scores.attempts[name] += 1
        try:
            judgements = judge.judge(record)
        except Exception as error:  # noqa: BLE001  a scorer must not stop the others
            for name in judge.names:
                scores.fail(name, record, error)
            continue
        for name, judgement in judgements.items():
            scores.columns[name][row] = judgement.score
            scores.reasons[name, record.trace_id] = judgement.reason
        advance("judge answers", done, len(answered))


def sample_rows(size: int, sample: int | None, seed: int) -> list[int]:
    """`sample` of the rows 0 to `size`, in order, the same ones for the same seed; all of them without `sample`."""
    if sample is None or sample >= size:
        return list(range(size))
    return sorted(np.random.default_rng(seed).choice(size, sample, replace=False).tolist())


def table(scores: Scores) -> dict[str, list[Any]]:
    """The scores as columns of a table, with what identifies each trace."""
    records = scores.records
    identity: dict[str, list[Any]] = {
        "trace_id": [record.trace_id for record in records],
        "at": [record.at for record in records],
        "version": [record.version for record in records],
        "index": [record.index for record in records],
        "answered": [record.answered for record in records],
    }
    return identity | {name: column.tolist() for name, column in scores.columns.items()}
