"""Where an answer ends before its end: at a stop text, or after so many tokens."""

import re
from collections.abc import Sequence
from typing import Literal

from tasks_lib.assistant.embedders.minilm import MiniLM

Ending = Literal["stop", "length"]
_LAST_WORD = re.compile(r"\w*\Z")


class Cut:
    """Ends a text, whole or as it comes.

    :param stops: Texts of which the first ends the answer, itself left out.
    :param most_tokens: WordPiece tokens that the answer may have, as the built-in embedder counts them.
    """

    def __init__(self, stops: Sequence[str] = (), most_tokens: int | None = None) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._most_tokens = most_tokens

    def end(self, text: str) -> tuple[int, Ending]:
        """Characters of `text` that are told, and what ends them."""
        found = [position for stop in self._stops if (position := text.find(stop)) >= 0]
        stopped = min(found, default=len(text))
        told = self._end_of_tokens(text[:stopped])
        return (told, "length") if told < stopped else (stopped, "stop")

    def of(self, text: str) -> str:
        """What is told of `text`."""
        return text[: self.end(text)[0]]

    def ready(self, text: str) -> int:
        """Characters of a text that goes on, which are told however it does."""
        told, _ = self.end(text)
        if told < len(text):
            return told
        unsure = max((len(stop) - 1 for stop in self._stops), default=0)
        if self._most_tokens is not None:  # how a word is cut into tokens is known at its end
            unsure = max(unsure, len(_LAST_WORD.findall(text)[0]))
        return max(0, len(text) - unsure)

    def _end_of_tokens(self, text: str) -> int:
        if self._most_tokens is None or len(text) <= self._most_tokens:  # a token has a character at least
            return len(text)
        spans = MiniLM().token_spans(text)
        return spans[self._most_tokens - 1][1] if len(spans) > self._most_tokens else len(text)
