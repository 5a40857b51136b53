"""The answers that somebody should read first."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

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
NOTHING = "nothing stands out"


def worst_rows(scores: Scores) -> list[int]:
    """Rows of answers, worst first: weighted distance from perfect scores, plus toxicity."""
    badness = np.zeros(len(scores.records))
    for name, weight in WEIGHTS.items():
        badness += weight * np.nan_to_num(1 - np.clip(scores.columns[name], 0, 1))
    badness += np.nan_to_num(scores.columns["toxicity"])
    answered = np.array([record.answered for record in scores.records], dtype=bool)
    rows = np.flatnonzero(answered)
    return [int(row) for row in rows[np.argsort(-badness[rows], kind="stable")]]


def refused_rows(scores: Scores) -> list[int]:
    """Rows of questions that were refused for want of evidence, those with the most of it first."""
    rows = [row for row, record in enumerate(scores.records) if record.refused and record.refusal_reason != "guardrail"]
    evidence = np.nan_to_num(scores.columns["evidence"], nan=-np.inf)
    return sorted(rows, key=lambda row: -evidence[row])


def worst_answers(
    scores: Scores,
    rows: list[int],
    count: int = 5,
    *,
    refused: Sequence[int] = (),
    lost: Mapping[int, Sequence[str]] = MappingProxyType({}),
) -> list[WorstAnswer]:
    """The first `count` questions of `rows`, each once, with what is wrong about the answer.

    :param refused: Rows of refusals that come before answers about which nothing stands out.
    :param lost: Rows of answers that were right before, which come first, with what was lost.
    """
    first = [_answer(scores, row, lost[row]) for row in list(lost)[:count]]
    named = {answer.question for answer in first}
    answers = [_answer(scores, row) for row in _first_of_each(scores, rows, count)]
    bad = [answer for answer in answers if answer.why != [NOTHING]]
    refusals = [_answer(scores, row) for row in _first_of_each(scores, refused, count)]
    rest = [answer for answer in answers if answer.why == [NOTHING]]
    others = [answer for answer in (*bad, *refusals, *rest) if answer.question not in named]
    return [*first, *others][:count]


def _first_of_each(scores: Scores, rows: Sequence[int], count: int) -> list[int]:
    """The first `count` of `rows` whose question was not named before."""
    chosen: dict[str, int] = {}
    for row in rows:
        chosen.setdefault(scores.records[row].question, row)
        if len(chosen) == count:
            break
    return list(chosen.values())


def _answer(scores: Scores, row: int, lost: Sequence[str] = ()) -> WorstAnswer:
    record = scores.records[row]
    why = [f"right before: {one}" for one in lost]
    why += _measured(scores, row)
    if record.comment:
        why.append(f"the user wrote: {record.comment[:200]}")
    reason = scores.reasons.get(("judge_correctness", record.trace_id))
    if reason:
        why.append(f"the judge: {reason[:200]}")
    return WorstAnswer(
        trace_id=record.trace_id,
        question=record.question[:CHARACTERS],
        response=record.response[:CHARACTERS],
        why=why or [NOTHING],
        documents=list(dict.fromkeys(record.documents)),
    )


def figures(scores: Scores, row: int) -> list[str]:
    """What is wrong about an answer, without a word of what was said."""
    return _measured(scores, row) or [NOTHING]


def _measured(scores: Scores, row: int) -> list[str]:
    why = ["refused: the documents did not seem to answer it"] if scores.records[row].refused else []
    why += [
        f"{name.replace('_', ' ')} {scores.columns[name][row]:.2f}" for name in WEIGHTS if _is_low(scores, name, row)
    ]
    if scores.columns["toxicity"][row] > WORTH_TELLING:
        why.append(f"toxicity {scores.columns['toxicity'][row]:.2f}")
    return why


def _is_low(scores: Scores, name: str, row: int) -> bool:
    value = scores.columns[name][row]
    return bool(np.isfinite(value) and value < WORTH_TELLING)
