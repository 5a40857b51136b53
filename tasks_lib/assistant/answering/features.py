"""Features of the statements that may answer a question, and what each of them weighs.

Weights were fitted on the sample handbook, half of CLAPNQ, the retrieval questions of chunking_evaluation and half of
the questions of `benchmarks/answers`; its README says what they are worth on the other halves.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from haystack import Document

from tasks_lib.assistant.answering.asked import Asked, asked, asked_anew, has_kind, plain
from tasks_lib.assistant.answering.stretches import Statement
from tasks_lib.text.analyser import UNTOLD, document_terms
from tasks_lib.text.languages import language_of
from tasks_lib.text.sentences import Sentence, is_caption
from tasks_lib.text.words import content_stems, numbers, words

COMMON_WORD_LOSS = 0.7
"""What a word loses of its weight when every passage has it."""
SHORTLIST_WEIGHTS = {
    "words": 0.5,
    "retrieval": 0.4,
    "kind": 0.05,
    "focus": 0.5,
    "form": 0.1,
    "literal": 0.3,
    "anchors": 0.2,
    "heading": 0.3,
}
RANK_WEIGHTS = {
    "meaning": 1.0,
    "words": 0.2,
    "retrieval": 0.3,
    "kind": 0.08,
    "focus": 1.0,
    "form": 0.3,
    "literal": 0.3,
    "anchors": 0.2,
    "heading": 0.2,
    "special": -0.08,
    "empty": -0.25,
}
CERTAINTY_WEIGHTS = {"words": 0.5, "anchors": 0.34}
"""What is added to the evidence: whether the best statement has the words, names and numbers of the question."""
PASSAGE_WEIGHT = 0.75
"""The same, whether the passage that it stands in has the words."""
FRAGMENT_WORDS = 0.61
"""Share of the question's words that a row, or code that nobody asked for, must have: neither says what it is about."""
EVIDENCE_WEIGHTS = {"alone": 0.7, "meaning": 0.3, "words": 0.1, "kind": 0.04}

VERBATIM_EVIDENCE = 0.55
"""Least evidence of a statement that has the question's identifiers as they are written, or of code that has its words:
their vectors say little."""

_CONDITION = re.compile(
    r"(?:^|[,;(]\s*)(?:if|when|unless|except|in case|for example|once|wenn|falls|sofern|außer|si|cuando|salvo)\b"
    r"([^,.;:]*)",
    re.IGNORECASE,
)
_INLINE_CODE = re.compile(r"`[^`]+`")
_BE = r"(?:is|are|means|refers? to|allows?|lets?|returns?|contains?|ist|sind|bezeichnet|bedeutet|es|son|significa)"
FEWEST_WORDS = 3
"""Words of a statement that says something by itself."""
ALL_WORDS = 0.99
SAME_QUESTION = 0.7
"""Share of words that a heading and a question have in common when the heading asks the question."""


@dataclass(frozen=True)
class Candidate:
    """A statement that may answer, with its features: cosines, shares of 0 to 1; `kind` and `form` from -1 to 1.

    `meaning` compares the statement below its title and headings with the question, `alone` without them.
    """

    statement: Statement
    words: float = 0.0
    retrieval: float = 0.0
    kind: float = 0.0
    focus: float = 0.0
    form: float = 0.0
    literal: float = 0.0
    anchors: float = 0.0
    heading: float = 0.0
    special: float = 0.0
    empty: float = 0.0
    verbatim: float = 0.0
    meaning: float = 0.0
    alone: float = 0.0

    def weighed(self, weights: dict[str, float]) -> float:
        """Weighted sum of the features."""
        return math.fsum(weight * getattr(self, name) for name, weight in weights.items())


class QuestionFeatures:
    """Compares a question with statements; words that fewer passages have weigh more."""

    def __init__(
        self, question: str, documents: Sequence[Document], focus: str = "", language: str | None = None
    ) -> None:
        self.language = language or language_of(question) or UNTOLD
        self.asked: Asked = asked_anew(question, focus) if focus else asked(question)
        stems = self.asked.stems if self.language == UNTOLD else self._stems(question)
        passages = [self._stems(_with_headings(document)) for document in documents]
        frequency = Counter(stem for passage in passages for stem in passage & stems)
        self._weights = {s: 1 - COMMON_WORD_LOSS * frequency[s] / max(1, len(passages)) for s in stems}
        self._total = math.fsum(self._weights.values()) or 1.0

    def share(self, text: str) -> float:
        """Weighted share of the question's words in `text`."""
        stems = self._stems(text)
        return math.fsum(weight for stem, weight in self._weights.items() if stem in stems) / self._total

    def _stems(self, text: str) -> frozenset[str]:
        """What of a text carries meaning, in the way of the question's language."""
        return (
            content_stems(text) if self.language == UNTOLD else frozenset(document_terms(text, self.language).split())
        )

    def kind_of(self, text: str) -> float:
        """1 if `text` holds the kind of thing that is asked for, -1 if not, 0 if the question does not tell."""
        if not self.asked.kind:
            return 0.0
        return 1.0 if has_kind(text, self.asked) else -1.0

    def literal_of(self, text: str) -> float:
        """Share of the literal parts of the question that `text` holds as they are written."""
        if not self.asked.literals:
            return 0.0
        written = f" {plain(text)} "
        return sum(f" {part} " in written for part in self.asked.literals) / len(self.asked.literals)

    def anchors_of(self, text: str) -> float:
        """Share of the question's names and numbers in `text`; 1 where it has none."""
        anchors = self.asked.anchors
        if not anchors:
            return 1.0
        return 1 - len(self.missing(text)) / len(anchors)

    def missing(self, text: str) -> frozenset[str]:
        """Names and numbers of the question that `text` does not have."""
        written, known = f" {plain(text)} ", numbers(text)
        return frozenset(
            anchor
            for anchor in self.asked.anchors
            if anchor not in known and not re.search(rf"\b{re.escape(anchor)}|{re.escape(anchor)}\b", written)
        )

    def certainty(self, evidence: float, best: "Candidate") -> float:
        """How certainly the best statement answers.

        Not at all where it does not have a number of the question, nor a row or code that says too little of what is
        asked, or a row where neither it nor what stands above it names what is counted: it counts something else.
        """
        text, kind = best.statement.in_context, best.statement.sentence.kind
        if any(anchor[0].isdigit() for anchor in self.missing(text)):
            return 0.0
        if kind == "row" and not self._stems(self.asked.counted) <= self._stems(text):
            return 0.0
        if best.words < FRAGMENT_WORDS and self._is_vague(best):
            return 0.0
        passage = self.share("\n".join([text, *map(_with_headings, best.statement.documents)]))
        return evidence + best.weighed(CERTAINTY_WEIGHTS) + PASSAGE_WEIGHT * passage

    def _is_vague(self, best: "Candidate") -> bool:
        """Whether it is a row or code that holds neither an identifier nor the names with what is asked of them."""
        sentence = best.statement.sentence
        if sentence.kind != "row":
            return sentence.kind == "code" and self.asked.form not in {"command", "steps"} and best.literal < 1
        names_it = bool(self.asked.anchors) and not self.missing(sentence.in_context)
        return not (names_it and best.kind > 0 and self.asked.kind != "name") and best.literal < 1

    def verbatim_of(self, sentence: Sentence, words: float) -> float:
        """1 where a text has every identifier and quotation of the question as written, or is code with its words.

        :param words: Share of the question's words in the text.
        """
        if any(map(_has_letters, self.asked.literals)):
            return float(self.literal_of(sentence.in_context) == 1)
        return float(sentence.kind == "code" and words > ALL_WORDS and len(self._weights) > 1)

    def heading_of(self, heading: str) -> float:
        """How much a heading asks the same as the question, 0 to 1: F1 of their words where it has all of them."""
        written = f" {plain(heading)} "
        if any(len(part.split()) >= FEWEST_WORDS and f" {part} " in written for part in self.asked.literals):
            return 1.0
        stems = content_stems(heading)
        same = _f1(stems, self.asked.stems)
        return same if same >= SAME_QUESTION and self.asked.stems <= stems else 0.0

    def form_of(self, statement: Statement) -> float:
        """How well a statement has the form that is asked for, -1 to 1."""
        sentence, form = statement.sentence, self.asked.form
        if form == "command":
            return 1.0 if sentence.kind == "code" else 0.5 * bool(_INLINE_CODE.search(sentence.text))
        if form == "steps":
            introduces = sentence.text.endswith(":")
            return {"step": 0.8, "code": 0.8, "item": 0.3}.get(sentence.kind, 0.6 * introduces)
        if form == "definition":
            return self._defines(sentence.text)
        return -1.0 if sentence.kind == "code" and form == "yes/no" else 0.0

    def special_of(self, text: str) -> float:
        """1 where a statement holds under a condition that the question does not name."""
        conditions = (content_stems(match[1]) for match in _CONDITION.finditer(text))
        return float(any(stems and not stems & self.asked.stems for stems in conditions))

    def _defines(self, text: str) -> float:
        """Whether a text begins with the thing that is asked about and goes on to say what it is."""
        opening = re.split(rf"\b{_BE}\b|[:–—]|\s-\s", text, maxsplit=1)
        if len(opening) < 2:
            return 0.0
        return _f1(content_stems(opening[0]), self.asked.stems) ** 4


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _f1(stems: frozenset[str], others: frozenset[str]) -> float:
    both = len(stems & others)
    return 2 * both / (len(stems) + len(others)) if both else 0.0


def says_nothing(statement: Statement) -> float:
    """1 for a caption, a few words, or part of a sentence: they answer nothing by themselves."""
    sentence = statement.sentence
    if sentence.kind == "code":
        return 0.0
    few = (
        len(words(sentence.in_context)) < FEWEST_WORDS
        and len(document_terms(sentence.in_context).split()) < FEWEST_WORDS
    )
    return float(is_caption(sentence.text) or few or statement.is_cut)


def _with_headings(document: Document) -> str:
    above = " > ".join(part for part in (document.meta.get("title"), document.meta.get("heading")) if part)
    return f"{above}\n{document.content or ''}"
