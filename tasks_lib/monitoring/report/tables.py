"""The figures of a window as files that other tools read: Parquet and Prometheus text."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks_lib.monitoring.languages import language_of_record
from tasks_lib.monitoring.report.artifacts import (
    ANSWERS_FILE,
    CANDIDATES_FILE,
    METRICS_FILE,
    PROMETHEUS_FILE,
    QUESTIONS_FILE,
    SCORES_FILE,
)
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.scores import Scores, sample_rows, table
from tasks_lib.monitoring.worst import NOTHING

if TYPE_CHECKING:
    import pandas as pd

CANDIDATE = {"trace_id", "question", "response", "why"}
STORED_QUESTIONS = 1000
"""Questions whose embeddings are kept for later comparisons, a seeded sample."""


def write_tables(result: MonitorResult, scores: Scores, folder: Path, seed: int) -> None:
    """Write all of them into `folder`."""
    import pandas as pd

    pd.DataFrame(table(scores)).to_parquet(folder / SCORES_FILE)
    questions, answers = _questions(scores, seed), _answers(scores)
    if result.aggregate_only:
        questions, answers = questions.drop(columns="question"), _languages(scores)
    questions.to_parquet(folder / QUESTIONS_FILE)
    answers.to_parquet(folder / ANSWERS_FILE)
    changes = pd.DataFrame(result.changes)
    changes.insert(0, "until", result.until)
    changes.to_parquet(folder / METRICS_FILE)
    (folder / PROMETHEUS_FILE).write_text(prometheus_text(result), encoding="utf-8")
    (folder / CANDIDATES_FILE).write_text(candidates(result), encoding="utf-8")


def prometheus_text(result: MonitorResult) -> str:
    """The window in Prometheus' text format, for a node exporter's textfile collector."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    labels = {"version": result.version, "index": result.index}
    names = list(labels)

    def gauge(name: str, text: str, *more: str) -> Gauge:
        return Gauge(f"llmops_monitor_{name}", text, [*names, *more], registry=registry)

    gauge("traces", "Production traces of the window.").labels(**labels).set(result.traces)
    gauge("window_end_seconds", "End of the window.").labels(**labels).set(result.until.timestamp())
    gauge("drifted", "Metrics that got worse.").labels(**labels).set(len(result.drifted))
    value = gauge("value", "Mean or share of the metric.", "metric")
    for metric, number in result.metrics.items():
        value.labels(**labels, metric=metric).set(number)
    effect = gauge("effect", "Standardised size of the change against the reference.", "metric")
    for change in result.changes:
        if change["effect"] is not None:
            effect.labels(**labels, metric=change["metric"]).set(change["effect"])
    budget = gauge("budget_left", "Share of the service level's budget that is left.", "metric")
    for level in result.service_levels:
        if level.budget_left is not None:
            budget.labels(**labels, metric=level.metric).set(level.budget_left)
    return generate_latest(registry).decode()


def candidates(result: MonitorResult) -> str:
    """The worst answers, if bad, as JSON lines: `llmops dataset --add-from-traces` proposes their questions."""
    rows = [
        answer.model_dump(include={"trace_id", "why"} if result.aggregate_only else CANDIDATE)
        for answer in result.worst
        if answer.why != [NOTHING]
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _answers(scores: Scores) -> "pd.DataFrame":
    """What was answered, for later windows in which the same is asked."""
    import pandas as pd

    records = [record for record in scores.records if record.error is None]
    return pd.DataFrame(
        {
            "trace_id": [record.trace_id for record in records],
            "question": [record.question for record in records],
            "response": [record.response for record in records],
            "refused": [record.refused for record in records],
            "documents": [list(dict.fromkeys(record.documents)) for record in records],
        }
    )


def _languages(scores: Scores) -> "pd.DataFrame":
    """What later windows compare of questions whose texts are not kept."""
    import pandas as pd

    records = [record for record in scores.records if record.error is None]
    return pd.DataFrame(
        {
            "trace_id": [record.trace_id for record in records],
            "language": [language_of_record(record) for record in records],
        }
    )


def _questions(scores: Scores, seed: int) -> "pd.DataFrame":
    import pandas as pd

    rows = sample_rows(len(scores.vector_rows), STORED_QUESTIONS, seed)
    records = [scores.records[scores.vector_rows[row]] for row in rows]
    return pd.DataFrame(
        {
            "trace_id": [record.trace_id for record in records],
            "question": [record.question for record in records],
            "vector": [np.asarray(scores.vectors[row], dtype=np.float32).tolist() for row in rows],
        }
    )
