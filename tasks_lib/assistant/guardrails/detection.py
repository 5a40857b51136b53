"""Input and output types of detectors: plain types, so that detectors need no framework."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.guardrails.results import Direction
from tasks_lib.assistant.guardrails.vectors import Vectors


@dataclass(frozen=True)
class Finding:
    """Characters `start` to `end` of the checked text are of this kind, such as CREDIT_CARD."""

    kind: str
    start: int
    end: int
    score: float = 1.0


@dataclass
class CheckContext:
    """One text on its way in or out."""

    direction: Direction
    deadline: float
    """Monotonic time at which all validators together must be done."""
    messages: list[Message] = field(default_factory=list)
    """The turns that are checked together (input); their contents, joined by blank lines, are the checked text."""
    sources: list[Source] | None = None
    """Passages of the answer (output); `None` where there is nothing to compare with."""
    question: str = ""
    window: tuple[int, int] | None = None
    """In a stream, the characters about to be shown, in whole sentences; text around them is for context."""
    already: int = 0
    """In a stream, characters of the answer before the text."""
    parts: list[tuple[int, int]] = field(default_factory=list)
    """Where the turns of a conversation, or the passages with their titles and headings, stand in the text."""
    vectors: Vectors | None = None
    """Embeddings that detectors share."""
    stopped: bool = False
    """Set by a detector after which the others need not run."""


class Detector(Protocol):
    """Finds one sort of thing in a text; the configuration says what is done about it. Threads share detectors.

    One that never takes long, whatever the text, says so by a true `ends_by_itself`, and then runs in the thread that
    asks. All others get a thread of their own, which is left behind when their time is over. One that judges the newest
    turn only, whatever else it reads, says so by a true `judges_newest`, and is not asked about older turns.
    """

    def find(self, text: str, context: CheckContext) -> Iterable[Finding]:
        """Everything in `text` that the configured action is for."""
        ...


JOINER = "\n\n"
"""Between the turns of a conversation when it is checked as one text."""


def conversation_text(messages: list[Message]) -> str:
    """All turns as one text, so that what is split over turns is seen together."""
    return JOINER.join(m.content for m in messages)


def parts_of(lengths: Iterable[int]) -> list[tuple[int, int]]:
    """Start and end of texts of these lengths once they are joined."""
    parts = []
    start = 0
    for length in lengths:
        parts.append((start, start + length))
        start += length + len(JOINER)
    return parts
