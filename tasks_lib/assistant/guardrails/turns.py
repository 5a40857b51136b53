"""Turns of a conversation: which are checked together, and what is let through of them.

What touches the newest turn decides about the request. What is found in older ones is masked: they were answered or
stopped before, and must not stop every question that follows. The user's turns are one text, so that what is split
over them is seen; those of system and assistant are not the user's words, and are only masked.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.guardrails.check import Hits
from tasks_lib.assistant.guardrails.detection import JOINER, parts_of
from tasks_lib.assistant.guardrails.outcome import by_position, in_parts, masked, to_mask
from tasks_lib.assistant.guardrails.results import Hit

_PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]*>")


class Turn(NamedTuple):
    """A message, and its position in the conversation as it was sent."""

    position: int
    message: Message

    @property
    def is_users(self) -> bool:
        """Whether the user said it."""
        return self.message.role == "user"

    @property
    def says_something(self) -> bool:
        """Whether more than placeholders is left of it."""
        return any(c.isalnum() for c in _PLACEHOLDER.sub("", self.message.content))


def recent(messages: Sequence[Message], characters: int | None) -> list[Turn]:
    """The newest turn, and as many before it as have at most `characters` together with it."""
    left = characters
    first = len(messages)
    for message in reversed(messages):
        if left is not None:
            left -= len(message.content) + (len(JOINER) if first < len(messages) else 0)
        if left is not None and left < 0 and first < len(messages):
            break
        first -= 1
    return [Turn(position, messages[position]) for position in range(first, len(messages))]


def parts(turns: Sequence[Turn]) -> list[tuple[int, int]]:
    """Where the turns stand in their joined text."""
    return parts_of(len(turn.message.content) for turn in turns)


def masked_at_most(hits: Hits, until: int) -> dict[str, list[Hit]]:
    """The hits, of which those that end within the first `until` characters refuse nothing: they are masked."""
    return {
        name: [
            hit.model_copy(update={"action": "mask"}) if hit.end <= until and hit.action in {"refuse", "drop"} else hit
            for hit in own
        ]
        for name, own in hits.items()
    }


def let_through(turns: Sequence[Turn], hits: Hits) -> tuple[list[Turn], list[Hit]]:
    """The turns without what is to be masked; and the hits in each, where `message` is its position as sent."""
    every = [part for hit in by_position(hits) for part in in_parts(hit, parts(turns))]
    shown = []
    for number, turn in enumerate(turns):
        content = masked(turn.message.content, to_mask(hit for hit in every if hit.message == number))
        shown.append(turn._replace(message=Message(role=turn.message.role, content=content)))
    return shown, [hit.model_copy(update={"message": turns[hit.message or 0].position}) for hit in every]


def in_order(turns: Iterable[Turn], newest: Turn) -> list[Message]:
    """The messages of the turns as they were sent, without older ones of which nothing is left, and the newest."""
    kept = [turn for turn in turns if turn.says_something and turn.position != newest.position]
    return [turn.message for turn in sorted([*kept, newest], key=lambda turn: turn.position)]
