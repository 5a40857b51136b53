"""``EntityPattern``: one way in which an entity is written, and what its matches are worth."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class EntityPattern:
    """One way in which an entity is written."""

    entity: str
    regex: str
    score: float
    check: Callable[[str], bool] | None = None
    context: str = ""
    """Words, as a regular expression, that make the match certain."""
    context_score: float = 0.9
    length: Callable[[str], int] | None = None
    """How much of a match is the number itself: what follows may look like more of it."""
    otherwise: float = 0.0
    """Score where the check fails; 0 drops the match."""
    unless: Callable[[str, int, int, float | None], bool] | None = None
    """Of the text, start and end of a match, and seconds: whether what stands around it says that it is another."""
