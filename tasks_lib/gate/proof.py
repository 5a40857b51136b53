"""The judge's proof: before its scores count, it scores planted answers whose worth is known.

A small model gives every answer full marks, or none. Its figures would look like any judge's.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tasks_lib.gate.judge import CORRECTNESS, GROUNDEDNESS, RELEVANCE, Judge, JudgeError, Judgement

MISSED_AT_MOST = 1
"""Planted answers of each kind that a judge may get wrong in each criterion."""
HALF = 0.5
"""A score from which an answer counts as good."""
LEAST_SCORED = 0.5
"""Share of the planted answers that must have been scored: a judge that cannot be asked proves nothing either way."""

_PASSAGES = (
    "The town library opens at 9:00 on weekdays and is closed on Sundays. Late books cost 20 cents a day.",
    "Readers with a student card may borrow twelve books for four weeks.",
    "The reading room is on the second floor. Copies cost 5 cents a page and are paid at the desk.",
)
_SWAPPED = (_PASSAGES[2], _PASSAGES[1], _PASSAGES[0])
_PADDING = (
    (
        "Thank you for your question, which I have looked into with great care. As the documents of the library state "
        "clearly and without any doubt, the answer is as follows."
    ),
    (
        "I hope that this complete and detailed explanation, which takes all of the relevant passages into account, is "
        "of help to you. Please do not hesitate to ask if anything else should be unclear."
    ),
)
"""What makes an answer longer, and no better."""


@dataclass(frozen=True)
class PlantedAnswer:
    """An answer with the criteria in which it is good, and those in which it is bad."""

    question: str
    expected: str
    response: str
    what: str
    good: frozenset[str] = frozenset()
    bad: frozenset[str] = frozenset()
    passages: tuple[str, ...] = _PASSAGES


_FACTS = (
    (
        "What does a late book of the town library cost a day?",
        "Late books cost 20 cents a day.",
        "Late books cost 50 euros a day.",
        "Late books are fetched from the reader's home by a bicycle courier.",
        "The reading room is on the second floor.",
    ),
    (
        "At what time does the town library open on weekdays?",
        "It opens at 9:00 on weekdays.",
        "It opens at 14:30 on weekdays.",
        "It opens early for members of the royal yacht club.",
        "Copies cost 5 cents a page.",
    ),
    (
        "How many books may readers with a student card borrow?",
        "Readers with a student card may borrow twelve books.",
        "Readers with a student card may borrow only one book.",
        "Readers with a student card may also borrow violins and ladders.",
        "The library is closed on Sundays.",
    ),
    (
        "Where is the reading room of the town library?",
        "The reading room is on the second floor.",
        "The reading room is in the cellar.",
        "The reading room was painted by a famous artist from Peru.",
        "Late books cost 20 cents a day.",
    ),
)
"""Question; then answers: right, wrong, of what the passages do not say, and right but beside the question."""


def _planted() -> Iterator[PlantedAnswer]:
    supported = frozenset({CORRECTNESS, GROUNDEDNESS})
    for question, right, wrong, unsupported, beside in _FACTS:
        yield PlantedAnswer(question, right, right, "right", good=supported | {RELEVANCE})
        yield PlantedAnswer(
            question, right, right, "right, its passages in another order", supported | {RELEVANCE}, passages=_SWAPPED
        )
        yield PlantedAnswer(question, right, wrong, "wrong", bad=supported)
        yield PlantedAnswer(question, right, f"{_PADDING[0]} {wrong} {_PADDING[1]}", "wrong at length", bad=supported)
        yield PlantedAnswer(question, right, unsupported, "unsupported", bad=supported)
        yield PlantedAnswer(question, right, beside, "beside the question", bad=frozenset({RELEVANCE}))


PLANTED = tuple(_planted())


class UnprovenJudgeError(JudgeError):
    """The judge did not tell planted answers apart: its scores prove nothing."""


def prove(judge: Judge, *, expected_answers: bool, concurrency: int) -> UnprovenJudgeError | None:
    """Let the judge score the planted answers; why its scores must not be used, or `None` if it knows them apart.

    One that cannot be asked, or replies without scores, is not refused here: its failures are counted as they come.

    :param expected_answers: Whether correctness is measured by expected answers; without, by the passages.
    """
    criteria = frozenset(judge.names)
    planted = [one for one in PLANTED if (one.good | one.bad) & criteria]
    with ThreadPoolExecutor(concurrency, thread_name_prefix="judge") as pool:
        scored = list(pool.map(_asking(judge, criteria, expected_answers=expected_answers), planted))
    known = [(one, judgements) for one, judgements in zip(planted, scored, strict=True) if judgements is not None]
    if not planted or len(known) < LEAST_SCORED * len(planted):
        return None
    mistakes = [said for name in judge.names for said in _mistakes(name, known)]
    if not mistakes:
        return None
    return UnprovenJudgeError(
        f"the judge's figures are not used, since it does not tell planted answers apart: {'; '.join(mistakes)}",
        hint="Name a larger model as the platform's judge.",
    )


def _asking(
    judge: Judge, criteria: frozenset[str], *, expected_answers: bool
) -> Callable[[PlantedAnswer], dict[str, Judgement] | None]:
    def ask(planted: PlantedAnswer) -> dict[str, Judgement] | None:
        names = [name for name in judge.names if name in (planted.good | planted.bad) & criteria]
        try:
            return judge.judge(planted, planted.expected if expected_answers else "", names)
        except JudgeError:
            return None

    return ask


def _mistakes(name: str, known: list[tuple[PlantedAnswer, dict[str, Judgement]]]) -> Iterator[str]:
    """What the judge got wrong in one criterion, in words."""
    good = [said[name].score for one, said in known if name in one.good]
    bad = [said[name].score for one, said in known if name in one.bad]
    if (missed := sum(score < HALF for score in good)) > MISSED_AT_MOST:
        yield f"in {name} it gave less than {HALF:g} to {missed} of {len(good)} good ones"
    if (missed := sum(score >= HALF for score in bad)) > MISSED_AT_MOST:
        yield f"in {name} it gave at least {HALF:g} to {missed} of {len(bad)} bad ones"
