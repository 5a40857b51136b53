"""What a validator finds, and with what it is told: plain types, so that detectors need no framework."""

from dataclasses import dataclass, field
from typing import Protocol

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.guardrails.results import Direction, Verdict
from tasks_lib.assistant.guardrails.vectors import Vectors


@dataclass(frozen=True)
class Detection:
    """Characters `start` to `end` of the checked text, and what the configuration does about them."""

    kind: str
    start: int
    end: int
    score: float
    action: Verdict


@dataclass(frozen=True)
class Finding:
    """What a validator of another package finds: characters `start` to `end` of the checked text."""

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
    """The conversation (input); its contents, joined by blank lines, are the checked text."""
    sources: list[Source] | None = None
    """Passages of the answer (output); `None` where there is nothing to compare with."""
    question: str = ""
    window: tuple[int, int] | None = None
    """In a stream, the characters about to be shown, in whole sentences; text around them is for context."""
    already: int = 0
    """In a stream, characters of the answer before the text."""
    parts: list[tuple[int, int]] = field(default_factory=list)
    """Where the passages, their titles and headings stand in the text, when passages are checked."""
    vectors: Vectors | None = None
    """Embeddings that detectors share."""
    stopped: bool = False
    """Set by a validator after which the others need not run."""


class Detector(Protocol):
    """Finds one sort of thing in a text. Detectors are shared by threads.

    One that never takes long, whatever the text, says so by a true `ends_by_itself`, and then runs in the thread that
    asks. All others get a thread of their own, which is left behind when their time is over.
    """

    name: str

    def detect(self, text: str, context: CheckContext) -> list[Detection]:
        """Everything found in `text`."""
        ...


JOINER = "\n\n"
"""Between the turns of a conversation when it is checked as one text."""


def conversation_text(messages: list[Message]) -> str:
    """All turns as one text, so that what is split over turns is seen together."""
    return JOINER.join(m.content for m in messages)
