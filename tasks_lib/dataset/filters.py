"""Quality filters of generated questions. Every filter names its reason of rejection, which is counted."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from haystack import component, default_from_dict, default_to_dict
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.contract.embedder import Embedder, stretched
from tasks_lib.dataset.examples import CandidateQuestion, Example
from tasks_lib.dataset.extractive.prose import language
from tasks_lib.dataset.extractive.wording import TIME_UNITS
from tasks_lib.dataset.said import says
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.text.words import AMOUNTS, listed, numbers, words

IN_CONTEXT = frozenset({"table_cell", "default", "purpose", "option", "heading"})
"""Made from an excerpt that is read below a heading or a caption, which the passage holds."""
SHORTEST_WORDS, LONGEST_WORDS = 4, 45
LONGEST_ANSWER = 100
"""Words."""

_PREAMBLE = re.compile(
    r"^\W*(?:here(?:'s| is| are)|sure\b|certainly\b|of course\b|okay\b|below\b|the following\b|based on\b|question\b|"
    r"q\d|q:|\d+\s*[.):]|[-*•]\s|answer\b|generated\b|i (?:have|will|can)\b)",
    re.IGNORECASE,
)
_ABOUT_DOCUMENT = re.compile(
    r"\b(?:(?:the|this|that|these|those|given|above|provided|following|an?)\s+(?:\w+\s+)?"
    r"(?:documents?|text|passages?|context|sections?|excerpts?|paragraphs?|snippets?|chunks?|source material)|"
    r"context|mentioned (?:above|here)|(?:the|this) (?:article|author|speaker|writer))\b",
    re.IGNORECASE,
)
BESIDE_THE_EVIDENCE = 0.3
"""Cosine (MiniLM) of a question and its evidence below which they have nothing to do with each other: 4 of 317
questions of chunking_evaluation lie below, and none of the 43 that people wrote about the sample handbook."""
_ASKING = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how)\b|(?:^|[,.:;!?] +)(?:and |but |or |so |then )?"
    r"(?:do|does|did|is|are|was|were|am|can|could|may|might|must|shall|should|will|would|have|has|had)(?:n[’']t)?\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE)
_AMOUNTS = AMOUNTS | frozenset(listed("none no nothing nobody all every full fully whole entire unlimited"))
_POINTING = re.compile(r"\b(?:this|these|those|such|the (?:former|latter|same)|aforementioned)\b", re.IGNORECASE)
_PRONOUNS = frozenset(listed("he she it they him her them his hers its their theirs"))
_MAY_HOLD_PRONOUN = re.compile(r"\b(?:he|she|it|they|him|them|his|their)", re.IGNORECASE)
"""Begins every word that the tokenizer takes a pronoun from, as in `itll`: only these questions need to be parsed."""
_LEFTOVERS = re.compile(
    r"<unk>|\ufffd|\s[,.;:?]|\(\s*\)|\?.*\?|[{}\[\]|—]|@-@|\d[.,]\d+ \d|\n|\" \w|[a-z]{2}\. [a-z]|\b\w\.\?$|"
    r"\b(?:of|the|a|an|and|or)\?$"
)
"""Traces of conversion, and of a sentence that was cut in the wrong place."""


_LEFTOVERS_ANYWHERE = re.compile(r"<unk>|\ufffd|\(\s*\)|[{}\[\]|]|\n|[?？].*[?？]")  # noqa: RUF001


@component
class QuestionFilter:
    """Drops candidates by rules: their wording, their evidence, their answer. See :func:`reason_to_drop`."""

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(candidates=list[CandidateQuestion])
    def run(self, candidates: list[CandidateQuestion]) -> dict[str, list[CandidateQuestion]]:
        """The same candidates, with a reason those that break a rule."""
        return {"candidates": [judged(candidate, reason_to_drop) for candidate in candidates]}


@component
class EvidenceFilter:
    """Drops candidates whose question is not about their evidence, and those across passages that need only one.

    It embeds all candidates at once, and no text twice. In a pipeline where no step after this one costs anything it is
    left out: :class:`~tasks_lib.dataset.collection.Collection` then compares only those that it would take.

    :param embedder: Gives unit vectors.
    """

    def __init__(self, *, embedder: Embedder) -> None:
        self.embedder = embedder
        self._similarity = Similarity(embedder)

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its embedder."""
        return default_to_dict(self, embedder=component_to_dict(self.embedder, "embedder"))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(candidates=list[CandidateQuestion])
    def run(self, candidates: list[CandidateQuestion]) -> dict[str, list[CandidateQuestion]]:
        """The same candidates, compared with their evidence."""
        compared = [c.example for c in candidates if not c.reason and c.example.references]
        self._similarity.prefetch(text for example in compared for text in (example.asked, example.evidence))
        return {"candidates": [with_evidence(candidate, self._similarity) for candidate in candidates]}


def with_evidence(candidate: CandidateQuestion, similarity: Similarity) -> CandidateQuestion:
    """The candidate with its embedding, or the reason why its question and its evidence do not go together."""
    example = candidate.example
    if candidate.reason or not example.references:
        return candidate
    texts = [example.evidence, *(candidate.passages if example.made_by in IN_CONTEXT else ())]
    asked, *evidence = similarity.vectors([example.asked, *texts])
    closest = max(float(asked @ text) for text in evidence)
    if stretched(closest, similarity.unrelated(example.asked)) < BESIDE_THE_EVIDENCE:
        return candidate.dropped("beside_the_evidence")
    if example.kind == "across_passages" and len({reference.start for reference in example.references}) < 2:
        return candidate.dropped("one_passage_is_enough")
    return replace(candidate, embedding=asked)


def judged(candidate: CandidateQuestion, judge: Callable[[CandidateQuestion], str | None]) -> CandidateQuestion:
    """The candidate with the reason that `judge` gives; one that has a reason is not judged."""
    reason = None if candidate.reason else judge(candidate)
    return candidate.dropped(reason) if reason else candidate


def reason_to_drop(candidate: CandidateQuestion) -> str | None:
    """Why the candidate must not be used, or `None`. Near-duplicates are not looked for here."""
    example = candidate.example
    reason = _reason_in_wording(example) if candidate.language == "en" else _reason_in_any_language(example)
    if reason is None and not example.must_refuse:
        reason = _reason_in_evidence(candidate) or _reason_in_answer(example)
    return reason


def _reason_in_wording(example: Example) -> str | None:
    question = example.question.strip()
    if _PREAMBLE.match(question):
        return "preamble"
    if not question.endswith("?") or _LEFTOVERS.search(question) or question.count("(") != question.count(")"):
        return "malformed"
    if not _has_good_length(example):
        return "length"
    if _ABOUT_DOCUMENT.search(question):
        return "about_the_document"
    return None if len(example.messages) > 1 else _reason_without_history(question)


def _reason_in_any_language(example: Example) -> str | None:
    """What is asked of a question whose language has no rules of its own here."""
    question = example.question.strip()
    if not question.endswith(("?", "？")) or _LEFTOVERS_ANYWHERE.search(question):  # noqa: RUF001
        return "malformed"
    spoken = len(question.split()) if question.isascii() or " " in question else len(question) // 2
    least = SHORTEST_WORDS - 1 if len(example.messages) == 1 else 1
    return None if least <= spoken <= LONGEST_WORDS else "length"


def _reason_without_history(question: str) -> str | None:
    if not _ASKING.search(question):
        return "not_a_question"
    return None if stands_alone(question) else "does_not_stand_alone"


def stands_alone(question: str) -> bool:
    """No demonstrative, and no third-person pronoun without a noun before it."""
    if _POINTING.search(question):
        return False
    if not _MAY_HOLD_PRONOUN.search(question):
        return True
    nouns = 0
    for token in language()(question, disable=["ner"]):
        if token.lower_ in _PRONOUNS and token.pos_ in {"PRON", "DET"} and not nouns:
            return False
        nouns += token.pos_ in {"NOUN", "PROPN"} and token.lemma_.lower() not in TIME_UNITS
    return True


def _has_good_length(example: Example) -> bool:
    asked = len(words(example.question))
    least = SHORTEST_WORDS if len(example.messages) == 1 else 2
    return least <= asked <= LONGEST_WORDS and len(words(example.answer)) <= LONGEST_ANSWER


def _reason_in_evidence(candidate: CandidateQuestion) -> str | None:
    example = candidate.example
    if not example.references:
        return "no_reference"
    if not example.answer.strip() or _LEFTOVERS.search(example.answer):
        return "no_answer"
    passages = [" ".join(passage.split()) for passage in candidate.passages]
    for reference in example.references:
        excerpt = " ".join(reference.content.split())
        if not excerpt or not any(excerpt in passage for passage in passages):
            return "not_grounded"
    return None


def _reason_in_answer(example: Example) -> str | None:
    if not says(example.answer, example.evidence):
        return "answer_not_in_evidence"
    if says(example.answer, example.question):
        return "answer_in_question"
    if _HOW_MANY.search(example.question) and not _tells_how_many(example.answer):
        return "answer_of_another_kind"
    return None


def _tells_how_many(answer: str) -> bool:
    return bool(numbers(answer)) or not _AMOUNTS.isdisjoint(words(answer))
