"""Passages as they are let through, with the title and the headings that a model reads above them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.guardrails.outcome import blotted
from tasks_lib.assistant.guardrails.results import Hit


class Label(NamedTuple):
    """What stands above a passage: its title, else its path, and its headings."""

    title: str
    heading: str

    @classmethod
    def of(cls, source: Source) -> "Label":
        """The label of a passage."""
        return cls(source.title or source.document, source.heading or "")


PARTS = len(Label._fields) + 1
"""Texts of a passage: those of its label, then its content."""


def passages_let_through(
    sources: Sequence[Source], labels: Sequence[Label], found: Sequence[Hit]
) -> tuple[list[Source], list[Hit]]:
    """Passages without what is to be masked, and without those to be dropped; and the hits by passage.

    :param found: Hits in the parts of all passages, which `message` counts.
    """
    by_part: dict[int, list[Hit]] = defaultdict(list)
    for hit in found:
        by_part[hit.message or 0].append(hit)
    dropped = {part // PARTS for part, own in by_part.items() if any(h.action in {"drop", "refuse"} for h in own)}
    kept = []
    for number, (source, label) in enumerate(zip(sources, labels, strict=True)):
        if number in dropped:
            continue
        *shown, content = (
            blotted(text, by_part[number * PARTS + part]) for part, text in enumerate((*label, source.content))
        )
        changed = {name: new for name, old, new in zip(Label._fields, label, shown, strict=True) if new != old}
        kept.append(source.model_copy(update={"content": content, **changed}))
    return kept, [hit.model_copy(update={"message": (hit.message or 0) // PARTS}) for hit in found]
