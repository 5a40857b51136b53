"""Finds personal data with Presidio's analyzer and our recognizers, in the text, behind disguises and in encodings."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tasks_lib.assistant.guardrails.detection import CheckContext, Finding
from tasks_lib.assistant.guardrails.normalise import disguised_numbers, encoded_parts, normalise
from tasks_lib.assistant.guardrails.personal_data.entity_pattern import EntityPattern
from tasks_lib.assistant.guardrails.personal_data.patterns import PATTERNS, numbers_only
from tasks_lib.config.guardrails import PersonalDataConfig
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks_lib.assistant.guardrails.personal_data.presidio import AnalyzerEngine

CHECKED_ENTITIES = ("CREDIT_CARD", "IBAN_CODE", "US_SSN")
"""Entities whose checks are strict enough to be looked for in digits written as letters."""

PIECE, OVERLAP = 2_000, 200
"""Characters that are looked at together, and how many of them the next piece begins with: longer than any address.

Presidio compares every result with every other, which takes seconds on a long text that is full of them.
"""


def known_entities() -> list[str]:
    """Every entity name that may be configured."""
    from tasks_lib.assistant.guardrails.personal_data.names import NAMED_ENTITIES

    return sorted({*(p.entity for p in PATTERNS), "STREET_ADDRESS", *NAMED_ENTITIES})


class PersonalDataFinder:
    """Presidio with our own recognizers, as a detector. Models are loaded at construction; safe under concurrent use.

    :param entities: Entity names to look for.
    :param score_threshold: Score from which a finding counts.
    :param allow: Texts that are never personal data; `@domain` stands for every mailbox of the domain.
    :param timeout: Seconds that one expression may take on one text.
    :raises ConfigurationError: If an entity name is not known.
    """

    def __init__(
        self, entities: tuple[str, ...], *, score_threshold: float, allow: tuple[str, ...] = (), timeout: float = 1.0
    ) -> None:
        unknown = sorted(set(entities) - set(known_entities()))
        if unknown:
            msg = f"unknown personal data entities: {', '.join(unknown)}"
            raise ConfigurationError(msg, hint=f"Choose from {', '.join(known_entities())}.")
        self.entities = list(entities)
        self.ends_by_itself = numbers_only(entities)
        self._threshold = score_threshold
        self._allow = frozenset(a.lower() for a in allow)
        self._analyzer = _analyzer(entities, timeout)
        self._checked = [e for e in CHECKED_ENTITIES if e in entities]

    def find(self, text: str, context: CheckContext | None = None) -> list[Finding]:  # noqa: ARG002 - as every detector
        """Findings that do not overlap, by position; their kinds are entity names.

        :raises TimeoutError: If an expression exceeds its time.
        """
        seen = normalise(text)
        findings = [
            Finding(f.kind, *seen.span(f.start, f.end), f.score) for f in self._analyze(seen.text, self.entities)
        ]
        findings += [
            Finding(f.kind, *seen.span(f.start + offset, f.end + offset), f.score)
            for offset, digits in disguised_numbers(seen.text)
            for f in self._analyze(digits, self._checked)
        ]
        findings += [
            Finding(f.kind, *seen.span(start, end), f.score)
            for start, end, decoded in encoded_parts(seen.text)
            for f in self._analyze(decoded, self.entities)
        ]
        return merged([f for f in findings if not self._allowed(text[f.start : f.end])])

    def _analyze(self, text: str, entities: list[str]) -> list[Finding]:
        if not entities or not text.strip():
            return []
        return [
            Finding(r.entity_type, r.start + start, r.end + start, round(r.score, 3))
            for start, end in pieces(text)
            for r in self._analyzer.analyze(
                text[start:end], language="en", entities=entities, score_threshold=self._threshold
            )
        ]

    def _allowed(self, text: str) -> bool:
        lowered = text.strip().lower()
        return lowered in self._allow or ("@" in lowered and "@" + lowered.rsplit("@", 1)[1] in self._allow)


def personal_data_finder(config: PersonalDataConfig) -> PersonalDataFinder:
    """The finder for a configuration; models are loaded here."""
    return PersonalDataFinder(
        config.entities,
        score_threshold=config.score_threshold,
        allow=config.allow,
        timeout=max(0.1, config.time_limit / 4),
    )


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of pieces of `text` that overlap, cut at spaces where there are any."""
    start = 0
    while start + PIECE < len(text):
        end = text.rfind(" ", start + PIECE - OVERLAP, start + PIECE) + 1 or start + PIECE
        yield start, end
        start = text.find(" ", end - OVERLAP, end - 1) + 1 or end - OVERLAP
    yield start, len(text)


def merged(findings: list[Finding]) -> list[Finding]:
    """Overlapping findings joined into one, under the kind of the most certain."""
    joined: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        last = joined[-1] if joined else None
        if last is None or finding.start >= last.end:
            joined.append(finding)
            continue
        best = max(last, finding, key=lambda f: (f.score, f.end - f.start))
        joined[-1] = Finding(best.kind, last.start, max(last.end, finding.end), best.score)
    return joined


def _analyzer(entities: tuple[str, ...], timeout: float) -> "AnalyzerEngine":
    from tasks_lib.assistant.guardrails.personal_data.names import NAMED_ENTITIES, EntityEngine, NameRecognizer
    from tasks_lib.assistant.guardrails.personal_data.national import EASTERN_ADDRESSES
    from tasks_lib.assistant.guardrails.personal_data.presidio import (
        AnalyzerEngine,
        LocalRecognizer,
        RecognizerRegistry,
    )
    from tasks_lib.assistant.guardrails.personal_data.recognizers import AddressRecognizer, NoContext, PatternRecognizer

    by_entity: dict[str, list[EntityPattern]] = defaultdict(list)
    for pattern in PATTERNS:
        by_entity[pattern.entity].append(pattern)
    recognizers: list[LocalRecognizer] = [
        PatternRecognizer(entity, patterns, timeout) for entity, patterns in by_entity.items() if entity in entities
    ]
    if "STREET_ADDRESS" in entities:
        recognizers.append(AddressRecognizer(timeout))
        recognizers.append(PatternRecognizer("STREET_ADDRESS", list(EASTERN_ADDRESSES), timeout))
    names = bool(set(entities) & set(NAMED_ENTITIES))
    if names:
        recognizers.append(NameRecognizer(timeout))
    engine = EntityEngine(names=names)
    engine.load()
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=recognizers),
        nlp_engine=engine,
        context_aware_enhancer=NoContext(),
    )
