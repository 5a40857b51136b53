"""Questions of the evaluation set that are understood without a conversation before them."""

from collections.abc import Iterable, Sequence

from tasks_lib.dataset.examples import CLARIFICATION, Example
from tasks_lib.dataset.filters import stands_alone
from tasks_lib.gate.measurement import Measurement, QuestionResult

SHOWN = 3
LONGEST_SHOWN = 160
"""Characters."""


def known_alone(examples: Iterable[Example]) -> Iterable[Example]:
    """Those that the documents answer, and that one can ask as the first question."""
    return (
        example
        for example in examples
        if not example.must_refuse
        and example.kind != CLARIFICATION
        and len(example.messages) == 1
        and stands_alone(example.question)
    )


def questions_to_show(examples: Sequence[Example], measured: Measurement) -> list[str]:
    """At most :data:`SHOWN` short questions that this version answered rightly, each about another document.

    They are shown to everybody: none that was asked for somebody in a group.

    Empty where it answered none: no question is made up.
    """
    right = {row.example_id for row in measured.rows if _is_right(row, measured.primary)}
    known = [example for example in known_alone(examples) if example.id in right]
    known = [example for example in known if len(example.question) <= LONGEST_SHOWN and not example.groups]
    by_document: dict[str, str] = {}
    for example in sorted(known, key=lambda example: len(example.question)):
        document = example.references[0].document if example.references else example.id
        by_document.setdefault(document, example.question)
    return list(by_document.values())[:SHOWN]


def _is_right(row: QuestionResult, primary: str) -> bool:
    answered = bool(row.answer) and not (row.answer or {}).get("refused") and bool(row.response.strip())
    return answered and (row.values.get(primary) or 0.0) >= 1.0
