"""All that the patterns find in some documents, as candidates in the order in which they are to be tried."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from haystack import Document

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset.examples import CandidateQuestion, Reference, example_of
from tasks_lib.dataset.patterns.finding import Finding
from tasks_lib.dataset.patterns.headings import headings
from tasks_lib.dataset.patterns.page import Page
from tasks_lib.dataset.patterns.parameters import parameters
from tasks_lib.dataset.patterns.sentences import sentences
from tasks_lib.dataset.patterns.tables import cells
from tasks_lib.dataset.patterns.templates import templates

LANGUAGE_NOT_COVERED, SAID_OFTEN, AMBIGUOUS = (
    "language_not_covered",
    "said_in_many_documents",
    "asked_of_several_places",
)
"""Reasons for documents and findings of which no question is made."""
_OFTEN = 2
"""Documents that may hold the same line."""


class Patterns:
    """What the patterns find.

    :param pages: The documents.
    :param seed: Of the order of what one pattern finds in one document.
    """

    def __init__(self, pages: Sequence[Page], seed: int) -> None:
        self.rejected: Counter[str] = Counter()
        self._pages = pages
        self._languages = {(page.source, page.document): page.language for page in pages}
        self._chooser = random.Random(seed)  # noqa: S311  not for security
        self._found = [list(self._of_page(page)) for page in pages]
        self._ambiguous: dict[str, list[Finding]] = defaultdict(list)
        self._drop_ambiguous()

    def language_of(self, chunk: Document) -> str | None:
        """The language of the chunk's document."""
        return self._languages[chunk.meta["source"], chunk.meta["document"]]

    def alternatives(self) -> list[list[CandidateQuestion]]:
        """Questions about one excerpt each: one of each document, then a second of each, of changing patterns."""
        by_page = [list(self._in_turn(found, number)) for number, found in enumerate(self._found)]
        return [group for row in zip_longest(*by_page) for group in row if group]

    def ambiguous(self) -> list[list[Finding]]:
        """Findings that ask the same, though several excerpts answer it."""
        return list(self._ambiguous.values())

    def follow_ups(self) -> Iterator[CandidateQuestion]:
        """The question of one row of a table, then another row: `And for Lisbon?`."""
        for found in self._found:
            shapes: dict[str, list[Finding]] = defaultdict(list)
            for finding in found:
                if finding.name and finding.question.count(finding.name) == 1:
                    shapes[finding.question.replace(finding.name, "…")].append(finding)
            groups = [group for group in shapes.values() if len(group) > 1]
            self._chooser.shuffle(groups)
            for group in groups:
                first, second = self._chooser.sample(group, 2)
                yield _follow_up(first, second)

    def _of_page(self, page: Page) -> Iterator[Finding]:
        wording = templates().get(page.language or "")
        if wording is None:
            self.rejected[LANGUAGE_NOT_COVERED] += 1
            return
        for pattern in (cells, parameters, headings):
            yield from pattern(page, wording)
        yield from sentences(page)

    def _drop_ambiguous(self) -> None:
        """Leave out what several documents say in the same words, and questions that several excerpts answer."""
        every = [finding for found in self._found for finding in found]
        said = {(_words(f.evidence), f.page.document) for f in every}
        documents = Counter(words for words, _ in said)
        asked = Counter({(f.question.lower(), f.page.document, f.start) for f in every})
        places = Counter(question for question, _, _ in asked)
        for number, found in enumerate(self._found):
            kept = []
            for finding in found:
                if documents[_words(finding.evidence)] > _OFTEN:
                    self.rejected[SAID_OFTEN] += 1
                elif places[finding.question.lower()] > 1:
                    self.rejected[AMBIGUOUS] += 1
                    self._ambiguous[finding.question.lower()].append(finding)
                else:
                    kept.append(finding)
            self._found[number] = kept

    def _in_turn(self, found: Sequence[Finding], number: int) -> Iterator[list[CandidateQuestion]]:
        """Groups of alternatives of one document; its patterns take turns, another one beginning in each document."""
        groups: dict[str, dict[int, list[Finding]]] = defaultdict(lambda: defaultdict(list))
        for finding in found:
            groups[finding.made_by][finding.start].append(finding)
        kinds = sorted(groups)
        kinds = kinds[number % len(kinds) :] + kinds[: number % len(kinds)] if kinds else []
        shuffled = [list(groups[kind].values()) for kind in kinds]
        for each in shuffled:
            self._chooser.shuffle(each)
        for row in zip_longest(*shuffled):
            for group in row:
                if group:
                    self._chooser.shuffle(group)
                    yield [_candidate(finding) for finding in group]


def _candidate(
    finding: Finding, kind: str = "answerable", asked: str = "", history: Sequence[Message] = ()
) -> CandidateQuestion:
    page = finding.page
    return CandidateQuestion(
        example_of(
            kind, asked or finding.question, finding.answer, [_reference(finding)], history, made_by=finding.made_by
        ),
        passages=(f"{page.title}\n{finding.context}\n{finding.evidence}",),
        group=f"{page.source}:{page.document}:{finding.start}" if kind == "answerable" else "",
        answer_type=finding.answer_type,
        language=page.language or "",
    )


def _follow_up(first: Finding, second: Finding) -> CandidateQuestion:
    wording = templates()[first.page.language or ""]
    history = (
        Message(role="user", content=first.question),
        Message(role="assistant", content=first.answer),
    )
    return _candidate(second, "follow_up", wording.follow_up.format(name=second.name), history)


def _reference(finding: Finding) -> Reference:
    page = finding.page
    return Reference(
        source=page.source, document=page.document, start=finding.start, end=finding.end, content=finding.evidence
    )


def _words(text: str) -> str:
    return " ".join(text.lower().split())
