"""The scores as assessments on the traces, through `mlflow.genai.evaluate`.

Measured on sqlite: 5 assessments of one trace take 35 to 120 ms, most of it waiting for the disk at each commit. So a
window is scored in batches by `scores.py`, all of it, and the assessments of a limited number of traces are written.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.monitoring.metrics import CATALOGUE
from tasks_lib.monitoring.scores import Scores, sample_rows
from tasks_lib.monitoring.traces import SCORER_NAME
from tasks_lib.registry.tracking import disable_autologging

if TYPE_CHECKING:
    from mlflow.entities import Feedback, Trace

    from tasks_lib.registry.assistant_client import AssistantClient

ASSESSED = ("groundedness", "answer_relevance", "coverage", "readability_grade", "toxicity")
"""What a trace does not tell by itself; the scores of the judge and of `monitor.scorers` are added."""


def assess(client: "AssistantClient", scores: Scores, worst: list[int], *, limit: int, seed: int) -> int:
    """Write the assessments of at most `limit` traces in the active run: the worst half, the rest a seeded sample.

    :param worst: Rows of the worst answers first.
    :returns: How many traces were assessed. Those assessed before are left alone.
    """
    rows = chosen_rows(scores, worst, limit=limit, seed=seed)
    if not rows:
        return 0
    import mlflow
    from mlflow.genai.scorers import scorer

    row_of = {scores.records[row].trace_id: row for row in rows}

    def all_scores(trace: "Trace") -> "list[Feedback]":
        return _feedback(scores, row_of[trace.info.trace_id])

    traces = [client.get_trace(trace_id) for trace_id in row_of]
    missing = [trace for trace in traces if not _has_ours(trace)]
    if missing:
        disable_autologging()
        mlflow.genai.evaluate(data=missing, scorers=[scorer(all_scores, name=SCORER_NAME)])
    return len(rows)


def chosen_rows(scores: Scores, worst: list[int], *, limit: int, seed: int) -> list[int]:
    """Rows to assess, in the order of the window."""
    fresh = [row for row, record in enumerate(scores.records) if not record.assessed and record.error is None]
    if len(fresh) <= limit:
        return fresh
    first = [row for row in worst if row in set(fresh)][: limit // 2]
    rest = sorted(set(fresh) - set(first))
    return sorted([*first, *(rest[row] for row in sample_rows(len(rest), limit - len(first), seed))])


def _has_ours(trace: "Trace") -> bool:
    """Whether an attempt that failed later has assessed it since the window was read."""
    return any(entry.source and entry.source.source_id == SCORER_NAME for entry in trace.info.assessments or [])


def _feedback(scores: Scores, row: int) -> "list[Feedback]":
    from mlflow.entities import AssessmentSource, AssessmentSourceType, Feedback

    record = scores.records[row]
    feedback: list[Any] = []
    told_by_scorers = (name for name in scores.attempts if name not in CATALOGUE or name in JUDGE_METRICS)
    for name in (*ASSESSED, *told_by_scorers):
        kind = AssessmentSourceType.LLM_JUDGE if name in JUDGE_METRICS else AssessmentSourceType.CODE
        source = AssessmentSource(source_type=kind, source_id=SCORER_NAME)
        failure = scores.failures.get(name, {}).get(record.trace_id)
        value = scores.columns[name][row]
        if failure:
            feedback.append(Feedback(name=name, source=source, error=RuntimeError(failure)))
        elif np.isfinite(value):
            reason = scores.reasons.get((name, record.trace_id))
            feedback.append(Feedback(name=name, source=source, value=round(float(value), 4), rationale=reason))
    return feedback
