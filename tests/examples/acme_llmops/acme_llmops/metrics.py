"""Metrics: from one question with its answer to a number, or `None` where the metric does not apply."""

from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.scorers import Metric

ENOUGH = 60


def words(row: Row) -> float | None:
    """Words of the answer; `None` for a refusal."""
    return float(len(row.answered.response.split())) if row.answered else None


def short_enough(row: Row) -> float | None:
    """1 for an answer of at most sixty words."""
    count = words(row)
    return None if count is None else float(count <= ENOUGH)


WORDS = Metric(words, title="Words of an answer", lower_is_better=True)
