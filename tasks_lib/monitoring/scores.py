"""One row of scores per trace. A scorer that fails on a trace is counted there, and its value is missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from haystack import Pipeline
from haystack.core.errors import PipelineRuntimeError
from numpy.typing import NDArray

from tasks_lib.errors import LlmopsError
from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.gate.pipeline import ceilings_of, measured_metrics
from tasks_lib.gate.proof import UnprovenJudgeError
from tasks_lib.gate.scores import Score, scores_by_answer
from tasks_lib.monitoring.metrics import CATALOGUE, IDENTITY
from tasks_lib.monitoring.pipeline import TRACES
from tasks_lib.monitoring.traces import TraceRecord

Column = NDArray[np.float64]


@dataclass
class Scores:
    """The scores of a window: `columns[name][i]` belongs to `records[i]`; NaN where a metric does not apply."""

    records: list[TraceRecord]
    columns: dict[str, Column]
    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    """Metric → trace id → what went wrong."""
    unused: dict[str, str] = field(default_factory=dict)
    """Metric → why its figures are not used."""
    attempts: Counter[str] = field(default_factory=Counter)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    """(metric, trace id) → the judge's reason."""
    sampled: int = 0
    """Traces that the costly scorers looked at."""
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    """Unit vectors of the questions of the sampled traces."""
    vector_rows: list[int] = field(default_factory=list)
    """Row of `records` that each vector belongs to."""

    unrelated: float = 0.0
    """Cosine of questions that have nothing in common, by the embedder."""
    lower_is_better: frozenset[str] = frozenset()
    """Metrics of the configuration of which less is better."""

    def add(self, name: str, row: int, value: Any) -> None:
        """Note what a scorer gave for a trace: a number, a judgement, an error, or `None` where it does not apply."""
        if value is None:
            return
        score, trace_id = Score.of(value), self.records[row].trace_id
        if isinstance(score.error, UnprovenJudgeError):
            self.unused[name] = score.error.message
            return
        self.attempts[name] += 1
        if score.error is not None:
            self.failures.setdefault(name, {})[trace_id] = f"{type(score.error).__name__}: {score.error}"[:300]
        elif score.value is not None:
            self.columns[name][row] = score.value
        if score.judgement:
            self.reasons[name, trace_id] = score.judgement.reason

    def judged(self) -> list[str]:
        """Metrics in which a person, a judge or an evaluator of the configuration has judged answers."""
        known = ("feedback", *JUDGE_METRICS, *(name for name in self.columns if name not in CATALOGUE))
        return [name for name in known if name in self.columns and np.isfinite(self.columns[name]).any()]

    def judged_answers(self) -> int:
        """Answers that were judged in any of :meth:`judged`."""
        answered = np.array([record.answered for record in self.records], dtype=bool)
        by_any = [np.isfinite(self.columns[name]) for name in self.judged()]
        return int((np.any(by_any, axis=0) & answered).sum()) if by_any else 0

    def broken(self) -> list[str]:
        """Scorers that failed on more than half of the traces they looked at, the judge apart."""
        return [
            name
            for name, failed in self.failures.items()
            if name not in JUDGE_METRICS and 2 * len(failed) > self.attempts[name]
        ]


def score(pipeline: Pipeline, records: list[TraceRecord], rows: Sequence[int] | None = None) -> Scores:
    """Score a window, or a batch of it, by the scoring pipeline.

    :param pipeline: See :func:`tasks_lib.monitoring.pipeline.scoring_pipeline`.
    :param rows: Traces for the costly scorers (embeddings, the judge); see :func:`sample_rows`. All without it.
    :raises LlmopsError: If a component of a pipeline from a file fails.
    """
    sample = list(range(len(records)) if rows is None else rows)
    try:
        outputs = pipeline.run({TRACES: {"records": records, "rows": sample}})
    except PipelineRuntimeError as error:
        raise LlmopsError(f"the scoring pipeline failed: {error}", hint="Correct monitor.pipeline.") from error
    names = dict.fromkeys((*CATALOGUE, *measured_metrics(pipeline)))
    scores = Scores(records, {name: np.full(len(records), np.nan) for name in names}, sampled=len(sample))
    scores.lower_is_better = frozenset(ceilings_of(pipeline))
    read = outputs.pop(TRACES, {})
    scores.vectors, scores.vector_rows = read.get("vectors", scores.vectors), read.get("vector_rows", [])
    scores.unrelated = read.get("unrelated", 0.0)
    for name, output in outputs.items():
        count = len(output.get("individual_scores") or output.get("judgements") or ())
        at = range(len(records)) if count == len(records) else read.get("answer_rows", sample)
        for row, values in zip(at, scores_by_answer(name, output, len(at)), strict=True):
            for metric, value in values.items():
                scores.add(metric, row, value)
    return scores


def joined(batches: Sequence[Scores]) -> Scores:
    """The scores of batches that follow each other as those of one window."""
    names = batches[0].columns
    whole = Scores(
        [record for batch in batches for record in batch.records],
        {name: np.concatenate([batch.columns[name] for batch in batches]) for name in names},
        lower_is_better=batches[0].lower_is_better,
        unrelated=batches[0].unrelated,
    )
    first = 0
    for batch in batches:
        for name, failed in batch.failures.items():
            whole.failures.setdefault(name, {}).update(failed)
        whole.unused.update(batch.unused)
        whole.attempts.update(batch.attempts)
        whole.reasons.update(batch.reasons)
        whole.sampled += batch.sampled
        whole.vector_rows += [first + row for row in batch.vector_rows]
        first += len(batch.records)
    vectors = [batch.vectors for batch in batches if len(batch.vectors)]
    whole.vectors = np.concatenate(vectors) if vectors else whole.vectors
    return whole


def sample_rows(size: int, sample: int | None, seed: int) -> list[int]:
    """`sample` of the rows 0 to `size`, in order, the same ones for the same seed; all of them without `sample`."""
    if sample is None or sample >= size:
        return list(range(size))
    return sorted(np.random.default_rng(seed).choice(size, sample, replace=False).tolist())


def table(scores: Scores) -> dict[str, list[Any]]:
    """The scores as columns of a table, with what identifies each trace."""
    records = scores.records
    identity: dict[str, list[Any]] = {name: [getattr(record, name) for record in records] for name in IDENTITY}
    return identity | {name: column.tolist() for name, column in scores.columns.items()}
