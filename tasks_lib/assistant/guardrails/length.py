"""Texts that are too long to be checked in bounded time."""

from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.config.guardrails import LengthConfig

KIND = "TOO_LONG"


class LengthDetector:
    """Stops a text before the other validators spend time on it."""

    ends_by_itself = True
    judges_newest = True

    def __init__(self, config: LengthConfig) -> None:
        self._config = config

    def find(self, text: str, context: CheckContext) -> list[Finding]:
        """One finding from the first character too many."""
        if context.direction == "output":
            limit = self._config.output_characters - context.already
        else:
            limit = self._config.conversation_characters
            last = len(context.messages[-1].content) if context.messages else 0
            if last > self._config.input_characters:
                limit = len(text) - last + self._config.input_characters
        if len(text) <= limit:
            return []
        context.stopped = True
        return [Finding(KIND, max(0, limit), len(text))]
