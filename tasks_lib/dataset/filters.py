"""What a made question must pass before it may measure anything. Every filter names its reason, which is counted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.extractive.prose import language
from tasks_lib.dataset.extractive.wording import TIME_UNITS
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.text.matching import contains_answer
from tasks_lib.text.words import AMOUNTS, listed, numbers, words

SHORTEST_WORDS, LONGEST_WORDS = 4, 45
LONGEST_ANSWER = 100
"""Words."""
NEAR_DUPLICATE = 0.94
"""Cosine (MiniLM) of two questions that ask the same; questions that differ in a name or a number stay below."""

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
_LEFTOVERS = re.compile(
    r"<unk>|\ufffd|\s[,.;:?]|\(\s*\)|\?.*\?|[{}\[\]|—]|@-@|\n|\" \w|[a-z]{2}\. [a-z]|\b\w\.\?$|"
    r"\b(?:of|the|a|an|and|or)\?$"
)
"""Traces of conversion, and of a sentence that was cut in the wrong place."""


@dataclass(frozen=True)
class Candidate:
    """A question with the evidence that it was made from."""

    example: Example
    passages: Sequence[str] = ()
    """Chunks that the references were taken from."""


def reason_to_drop(candidate: Candidate) -> str | None:
    """Why the candidate must not be used, or `None`. Near-duplicates are :class:`Duplicates`' matter."""
    example = candidate.example
    reason = _reason_in_wording(example)
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


def _reason_without_history(question: str) -> str | None:
    if not _ASKING.search(question):
        return "not_a_question"
    return None if stands_alone(question) else "does_not_stand_alone"


def stands_alone(question: str) -> bool:
    """No demonstrative, and no third-person pronoun without a noun before it."""
    if _POINTING.search(question):
        return False
    nouns = 0
    for token in language()(question):
        if token.lower_ in _PRONOUNS and token.pos_ in {"PRON", "DET"} and not nouns:
            return False
        nouns += token.pos_ in {"NOUN", "PROPN"} and token.lemma_.lower() not in TIME_UNITS
    return True


def _has_good_length(example: Example) -> bool:
    asked = len(words(example.question))
    least = SHORTEST_WORDS if len(example.messages) == 1 else 2
    return least <= asked <= LONGEST_WORDS and len(words(example.answer)) <= LONGEST_ANSWER


def _reason_in_evidence(candidate: Candidate) -> str | None:
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
    evidence = " ".join(reference.content for reference in example.references)
    if not contains_answer(example.answer, evidence):
        return "answer_not_in_evidence"
    if contains_answer(example.answer, example.question):
        return "answer_in_question"
    if _HOW_MANY.search(example.question) and not _tells_how_many(example.answer):
        return "answer_of_another_kind"
    return None


def _tells_how_many(answer: str) -> bool:
    return bool(numbers(answer)) or not _AMOUNTS.isdisjoint(words(answer))


def near_evidence(example: Example, similarity: Similarity) -> bool:
    """Whether the question, with those before it, is about what its evidence says; without evidence it is."""
    if not example.references:
        return True
    evidence = " ".join(reference.content for reference in example.references)
    return similarity.between(_conversation(example), evidence) >= BESIDE_THE_EVIDENCE


class Duplicates:
    """Questions that were kept, to tell near-duplicates from new ones."""

    def __init__(self, similarity: Similarity, kept: Sequence[Example] = ()) -> None:
        self._similarity = similarity
        self._kept: list[str] = [_conversation(example) for example in kept]

    def is_new(self, example: Example) -> bool:
        """Whether no kept conversation is :data:`NEAR_DUPLICATE`; a new one is kept from now on."""
        text = _conversation(example)
        if text in self._kept or self._similarity.closest(text, self._kept) >= NEAR_DUPLICATE:
            return False
        self._kept.append(text)
        return True


def _conversation(example: Example) -> str:
    return "\n".join(message.content for message in example.messages if message.role == "user")
