"""Questions that were asked before in the same words: each answer of this window beside the one of the reference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tasks_lib.gate.judge import JUDGE_METRICS
from tasks_lib.monitoring.metrics import title_of
from tasks_lib.monitoring.result import RecurringQuestions
from tasks_lib.monitoring.scores import Scores
from tasks_lib.text.forms import composed
from tasks_lib.text.words import numbers

COMPARED = ("feedback", *JUDGE_METRICS, "groundedness")
"""Scores of an answer that may fall, the judged ones first."""
RIGHT = 0.5
"""A score from which an answer counts as right, and the fall that counts as a loss."""
QUOTED = 160


@dataclass(frozen=True)
class PastAnswer:
    """What was answered in the reference."""

    question: str
    response: str
    refused: bool
    documents: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def was_right(self) -> bool:
        """Whether it was answered, and nothing that is known speaks against it: judgements before groundedness."""
        known = [value for name in COMPARED if np.isfinite(value := self.scores.get(name, np.nan))]
        return not self.refused and (not known or known[0] >= RIGHT)


@dataclass(frozen=True)
class Pair:
    """Row of this window's scores, and the answer before."""

    row: int
    before: PastAnswer


def same_question(question: str) -> str:
    """The form in which questions are the same: one Unicode form, blanks apart."""
    return " ".join(composed(question).split())


def pairs(scores: Scores, past: Iterable[PastAnswer]) -> list[Pair]:
    """The newest answer to each question of the window that was asked before, beside the newest one then."""
    before = {same_question(answer.question): answer for answer in past}
    newest: dict[str, int] = {}
    for row, record in enumerate(scores.records):
        if record.error is None and record.question.strip():
            newest[same_question(record.question)] = row
    return [Pair(row, before[question]) for question, row in newest.items() if question in before]


def losses(scores: Scores, found: Sequence[Pair]) -> dict[int, list[str]]:
    """Row → why an answer that was right no longer is, refusals and falls of scores before other sources."""
    lost = {pair.row: why for pair in found if pair.before.was_right and (why := _losses(scores, pair))}
    return dict(sorted(lost.items(), key=lambda item: _rank(scores, item[0], item[1])))


def recurring_questions(scores: Scores, found: Sequence[Pair]) -> RecurringQuestions:
    """How many answers changed, and in what; the p-value of McNemar's exact test of the refusals."""
    refused_now = sum(scores.records[p.row].refused and not p.before.refused for p in found)
    answered_now = sum(p.before.refused and not scores.records[p.row].refused for p in found)
    both = [p for p in found if not p.before.refused and not scores.records[p.row].refused]
    return RecurringQuestions(
        asked=len(found),
        refused_now=refused_now,
        answered_now=answered_now,
        other_documents=sum(_other_document(scores, p) is not None for p in both),
        other_numbers=sum(_other_numbers(scores, p) is not None for p in both),
        worse=len(losses(scores, found)),
        p_value=_mcnemar(refused_now, answered_now),
    )


def _losses(scores: Scores, pair: Pair) -> list[str]:
    record, before = scores.records[pair.row], pair.before
    if record.refused:
        return [f"refused now; the answer was: {_quoted(before.response)}"]
    now_of = {name: float(scores.columns[name][pair.row]) for name in COMPARED if name in scores.columns}
    fell = [
        f"{title_of(name)} fell from {was:.2f} to {now:.2f}"
        for name in COMPARED
        if (was := before.scores.get(name, np.nan)) - (now := now_of.get(name, np.nan)) >= RIGHT
    ]
    return [*fell, *filter(None, (_other_numbers(scores, pair), _other_document(scores, pair)))]


def _other_numbers(scores: Scores, pair: Pair) -> str | None:
    was, now = numbers(pair.before.response), numbers(scores.records[pair.row].response)
    return f"other numbers; the answer was: {_quoted(pair.before.response)}" if was != now else None


def _other_document(scores: Scores, pair: Pair) -> str | None:
    documents = scores.records[pair.row].documents
    first = next(iter(pair.before.documents), None)
    if first is None or first in documents:
        return None
    return f"no longer from {first}, but from {documents[0] if documents else 'nowhere'}"


def _rank(scores: Scores, row: int, why: Sequence[str]) -> tuple[bool, bool, int]:
    return not scores.records[row].refused, "fell from" not in why[0], -len(why)


def _mcnemar(losses: int, gains: int) -> float | None:
    """McNemar's exact test: whether as many questions were lost as were gained."""
    if not losses + gains:
        return None
    from scipy.stats import binomtest

    return float(binomtest(losses, losses + gains).pvalue)


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= QUOTED else flat[: QUOTED - 1] + '…'}”"
