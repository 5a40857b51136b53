"""What people think of an answer, read from its assessments."""

from typing import Any

import pytest
from mlflow.entities import AssessmentSource, Feedback

from tasks_lib.registry.feedback import newest_rating, rating_of


def said(value: Any, at: int, kind: str = "HUMAN", **more: Any) -> Feedback:
    """One judgement of an answer."""
    source = AssessmentSource(source_type=kind, source_id="someone")
    return Feedback(name="user_feedback", value=value, source=source, last_update_time_ms=at, **more)


@pytest.mark.parametrize(
    ("value", "rating"),
    [(True, 1.0), (0.25, 0.25), (-1, 0.0), ("Yes", 1.0), ("wrong", 0.0), ("👎", 0.0), ("0.0", 0.0), ("so-so", None)],
)
def test_feedback_is_read_as_zero_to_one(value: Any, rating: float | None) -> None:
    assert rating_of(value) == rating


def test_the_newest_judgement_of_a_person_counts() -> None:
    changed_mind = [said(False, 1, rationale="too short"), said(True, 3), said(False, 2), said(0.0, 9, "LLM_JUDGE")]
    newest = newest_rating(changed_mind)
    assert newest is not None
    assert (newest.value, newest.is_bad) == (1.0, False)
    bad = newest_rating([*changed_mind, said("down", 4, rationale="wrong month")])
    assert bad is not None
    assert (bad.is_bad, bad.comment) == (True, "wrong month")
    assert newest_rating([said(False, 1, valid=False), said("so-so", 2)]) is None
