"""The answers that somebody should read first."""

import numpy as np

from tasks_lib.monitoring.result import WorstAnswer
from tasks_lib.monitoring.scores import Scores

WEIGHTS = {
    "feedback": 2.0,
    "judge_correctness": 2.0,
    "judge_relevance": 1.0,
    "judge_guidelines": 1.0,
    "groundedness": 1.5,
    "answer_relevance": 1.0,
    "coverage": 1.0,
}
"""How much a metric's distance from 1 counts."""
WORTH_TELLING = 0.5
"""A score below this is named as a reason."""
CHARACTERS = 600


def worst_rows(scores: Scores) -> list[int]:
    """Rows of answers, worst first: weighted distance from perfect scores, plus toxicity."""
    badness = np.zeros(len(scores.records))
    for name, weight in WEIGHTS.items():
        badness += weight * np.nan_to_num(1 - np.clip(scores.columns[name], 0, 1))
    badness += np.nan_to_num(scores.columns["toxicity"])
    answered = np.array([record.answered for record in scores.records], dtype=bool)
    rows = np.flatnonzero(answered)
    return [int(row) for row in rows[np.argsort(-badness[rows], kind="stable")]]


def worst_answers(scores: Scores, rows: list[int], count: int = 5) -> list[WorstAnswer]:
    """The first `count` of `rows` whose question was not named before, with what is wrong about them."""
    chosen: dict[str, int] = {}
    for row in rows:
        chosen.setdefault(scores.records[row].question, row)
        if len(chosen) == count:
            break
    return [_answer(scores, row) for row in chosen.values()]


def _answer(scores: Scores, row: int) -> WorstAnswer:
    record = scores.records[row]
    why = [
        f"{name.replace('_', ' ')} {scores.columns[name][row]:.2f}" for name in WEIGHTS if _is_low(scores, name, row)
    ]
    if scores.columns["toxicity"][row] > WORTH_TELLING:
        why.append(f"toxicity {scores.columns['toxicity'][row]:.2f}")
    if record.comment:
        why.append(f"the user wrote: {record.comment[:200]}")
    reason = scores.reasons.get(("judge_correctness", record.trace_id))
    if reason:
        why.append(f"the judge: {reason[:200]}")
    return WorstAnswer(
        trace_id=record.trace_id,
        question=record.question[:CHARACTERS],
        response=record.response[:CHARACTERS],
        why=why or ["nothing stands out"],
        documents=list(dict.fromkeys(record.documents)),
    )


def _is_low(scores: Scores, name: str, row: int) -> bool:
    value = scores.columns[name][row]
    return bool(np.isfinite(value) and value < WORTH_TELLING)
