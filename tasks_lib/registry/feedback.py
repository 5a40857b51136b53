"""User feedback on an answer, read from the assessments of its MLflow trace."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tasks_lib.registry.labels import is_label

_POSITIVE = frozenset({"up", "yes", "true", "good", "positive", "thumbs_up", "thumbsup", "like", "👍"})
_NEGATIVE = frozenset({"down", "no", "false", "bad", "negative", "wrong", "thumbs_down", "thumbsdown", "dislike", "👎"})
_BAD_BELOW = 0.5


@dataclass(frozen=True)
class Rating:
    """A person's judgement of an answer: 0 (bad) to 1 (good)."""

    value: float
    comment: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the person was rather not content."""
        return self.value < _BAD_BELOW


def newest_rating(assessments: Iterable[Any]) -> Rating | None:
    """The last valid judgement of a person among a trace's assessments, which stands for what was thought before."""
    newest: tuple[int, Rating] | None = None
    for assessment in assessments:
        source, feedback = assessment.source, getattr(assessment, "feedback", None)
        if not source or source.source_type != "HUMAN" or feedback is None or assessment.valid is False:
            continue
        if is_label(assessment):
            continue
        value, at = rating_of(feedback.value), assessment.last_update_time_ms or 0
        if value is not None and (newest is None or at >= newest[0]):
            newest = at, Rating(value, assessment.rationale or "")
    return newest[1] if newest else None


def rating_of(value: Any) -> float | None:
    """A judgement as 0 to 1: truth values, numbers, also as text (cut to that range), common words."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _POSITIVE:
            return 1.0
        if word in _NEGATIVE:
            return 0.0
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return min(max(number, 0.0), 1.0) if number == number else None  # noqa: PLR0124  NaN is no judgement
