"""Our Presidio recognizers. Unlike Presidio's own they raise when an expression exceeds its time, and log no text."""

import regex
from typing_extensions import override

from tasks_lib.assistant.guardrails.personal_data.addresses import addresses
from tasks_lib.assistant.guardrails.personal_data.entity_pattern import EntityPattern
from tasks_lib.assistant.guardrails.personal_data.presidio import (
    ContextAwareEnhancer,
    EntityRecognizer,
    LocalRecognizer,
    NlpArtifacts,
    RecognizerResult,
)

CONTEXT_CHARACTERS = 60
"""How far before a match its context words are looked for."""
CONTEXT_BEHIND = 24
"""The same behind it, within the clause."""
_CLAUSE_END = regex.compile(r"[.,;:!?\n。，；！？]")  # noqa: RUF001

_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_NAMES_UNSPACED = regex.compile(rf"{_UNSPACED.pattern}|\\p\{{(?:Han|Hangul)")
"""Expressions that look for such letters themselves."""


def _result(entity: str, start: int, end: int, score: float) -> RecognizerResult:
    return RecognizerResult(entity_type=entity, start=start, end=end, score=score, recognition_metadata={})


class PatternRecognizer(LocalRecognizer):
    """All patterns of one entity, each with its check and its context words.

    :param timeout: Seconds that one expression may take on one text.
    """

    def __init__(self, entity: str, patterns: list[EntityPattern], timeout: float) -> None:
        super().__init__(supported_entities=[entity], name=f"llmops-{entity.lower()}")
        self.entity = entity
        self.timeout = timeout
        self.patterns = [(p, regex.compile(p.regex, regex.IGNORECASE), _context(p.context)) for p in patterns]

    def load(self) -> None:
        """Nothing to load: expressions are compiled with the recognizer."""

    @override
    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
    ) -> list[RecognizerResult]:
        """Every match whose check passes.

        :raises TimeoutError: If an expression exceeds its time.
        """
        results = []
        apart = _apart(text)
        for pattern, expression, context in self.patterns:
            read = text if _NAMES_UNSPACED.search(pattern.regex) else apart
            for match in expression.finditer(read, timeout=self.timeout, concurrent=False):
                value = match[0] if pattern.length is None else match[0][: pattern.length(match[0])]
                score = self._score(text, match.start(), value, pattern, context)
                if score > 0:
                    results.append(_result(self.entity, match.start(), match.start() + len(value), score))
        return results

    def _score(
        self, text: str, start: int, value: str, pattern: EntityPattern, context: "regex.Pattern[str] | None"
    ) -> float:
        if pattern.check is not None and not pattern.check(value):
            return pattern.otherwise
        if pattern.unless is not None and pattern.unless(text, start, start + len(value), self.timeout):
            return 0.0
        if context is not None and self._announced(text, start, start + len(value), context):
            return max(pattern.score, pattern.context_score)
        return pattern.score

    def _announced(self, text: str, start: int, end: int, words: "regex.Pattern[str]") -> bool:
        """Whether one of the words stands before, or soon behind, as verbs do in many languages."""
        before = text[max(0, start - CONTEXT_CHARACTERS) : start]
        if words.search(before, timeout=self.timeout, concurrent=False):
            return True
        behind = _CLAUSE_END.split(text[end : end + CONTEXT_BEHIND], maxsplit=1)[0]
        return words.search(behind, timeout=self.timeout, concurrent=False) is not None


def _apart(text: str) -> str:
    """The text with a comma for each letter of scripts that write no blanks: a number may follow them at once."""
    return text if text.isascii() else _UNSPACED.sub("\u3001", text)


def _context(words: str) -> "regex.Pattern[str] | None":
    return regex.compile(words, regex.IGNORECASE) if words else None


class AddressRecognizer(LocalRecognizer):
    """Postal addresses, as `STREET_ADDRESS`."""

    def __init__(self, timeout: float) -> None:
        super().__init__(supported_entities=["STREET_ADDRESS"], name="llmops-street_address")
        self.timeout = timeout

    def load(self) -> None:
        """Nothing to load: expressions are compiled with the module."""

    @override
    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
    ) -> list[RecognizerResult]:
        """Every address, with the lines that belong to it.

        :raises TimeoutError: If an expression exceeds its time.
        """
        return [_result("STREET_ADDRESS", start, end, score) for start, end, score in addresses(text, self.timeout)]


class NoContext(ContextAwareEnhancer):
    """Presidio's lemma-based context is off: our patterns know their own context words."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    @override
    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """Results as they are."""
        return raw_results
