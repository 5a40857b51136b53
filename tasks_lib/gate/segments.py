"""Segments of the evaluation set: questions of a kind, a language, a folder of documents, or that share another key."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import TURN, Example
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.pairs import Pairs
from tasks_lib.gate.sequence import Look
from tasks_lib.gate.statistics import holm, p_value_of_loss
from tasks_lib.text.languages import language_of

LEAST_QUESTIONS = 10
"""Segments of fewer questions prove nothing, and are not tested."""


class SegmentLoss(BaseModel):
    """A segment in which the candidate is proven to have lost more than is tolerated."""

    key: str
    value: str
    questions: int
    candidate: float
    production: float
    p_value: float
    margin: float

    @property
    def reason(self) -> str:
        """In words and numbers, with the key of the limit."""
        return (
            f"where {self.key} is {self.value!r} it is proven worse than production by more than {self.margin:g} "
            f"(gate.segment_margin): {self.candidate:.3f} against {self.production:.3f} over {self.questions} "
            f"questions (p = {self.p_value:.4f} after Holm, over all segments)"
        )


def segments_of(example: Example, keys: Sequence[str]) -> dict[str, str]:
    """Key → the example's value, for the keys that it has.

    `language` is that of the question, as the example says or as its text tells, `folder` that of the first reference's
    document, `turn` the number of the turn in its conversation; any other key is read from the example itself, with
    dots into what it holds.
    """
    made = {
        "language": example.language or language_of(example.question) or "",
        "folder": _folder(example),
        "turn": example.id.partition(TURN)[2] or str(1 + len(example.messages) // 2),
    }
    row = example.row()
    values = {key: made[key] if key in made else _at(row, key) for key in keys}
    return {key: value for key, value in values.items() if value}


def segment_losses(
    candidate: Measurement, production: Measurement, gate: GateConfig, look: Look
) -> tuple[list[SegmentLoss], int]:
    """Segments that are proven worse by more than `gate.segment_margin`, and how many were tested.

    One-sided bootstrap p-values of the primary metric, adjusted by Holm over all segments of all keys: whatever the
    segments share, one of them is accused wrongly at most as often as the look may err.
    """
    found: dict[tuple[str, str], Pairs] = {}
    for (key, value), ids in _members(candidate).items():
        pairs = Pairs.of(candidate, production, gate.primary, only=ids)
        if LEAST_QUESTIONS <= len(pairs.values) < candidate.questions:
            found[key, value] = pairs
    asked = {"resamples": gate.resamples, "seed": gate.seed}
    adjusted = holm(
        {
            f"{key}\x1f{value}": p_value_of_loss(pairs.differences, gate.segment_margin, **asked)
            for (key, value), pairs in found.items()
        }
    )
    losses = []
    for (key, value), pairs in found.items():
        p_value = adjusted[f"{key}\x1f{value}"]
        if p_value < look.level:
            means = pairs.means
            losses.append(
                SegmentLoss(
                    key=key,
                    value=value,
                    questions=len(pairs.values),
                    candidate=means[0],
                    production=means[1],
                    p_value=p_value,
                    margin=gate.segment_margin,
                )
            )
    return sorted(losses, key=lambda loss: loss.p_value), len(found)


def _members(measured: Measurement) -> Mapping[tuple[str, str], set[str]]:
    members: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in measured.rows:
        for key, value in row.segments.items():
            members[key, value].add(row.example_id)
    return members


def _folder(example: Example) -> str:
    document = next((reference.document for reference in example.references), "")
    return document.rpartition("/")[0] or ("." if document else "")


def _at(row: Any, key: str) -> str:
    """The value at a path such as `references.0.source`; empty where there is none, or no single one."""
    for part in key.split("."):
        if isinstance(row, Mapping):
            row = row.get(part)
        elif isinstance(row, list) and part.isdigit() and int(part) < len(row):
            row = row[int(part)]
        else:
            return ""
    return str(row) if isinstance(row, str | int | float | bool) and row != "" else ""
