"""A validator: it finds, and the configuration says what is done about it."""

import re
from collections.abc import Iterator, Sequence

from tasks_lib.assistant.guardrails.detection import CheckContext, Finding


class HouseWords:
    """Words that the house does not use.

    :param words: Whole words, in any case.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)

    def find(self, text: str, context: CheckContext) -> Iterator[Finding]:
        """Each of the words, where it stands."""
        for match in self._pattern.finditer(text):
            yield Finding("HOUSE_WORD", match.start(), match.end())
