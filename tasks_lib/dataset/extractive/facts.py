"""Declarative clauses to questions: question words, operator, subject, verb, and the rest as it was."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasks_lib.dataset.extractive import phrases
from tasks_lib.dataset.extractive.clauses import SUBJECTS, Clause, clauses, head_of
from tasks_lib.dataset.extractive.phrases import WhPhrase
from tasks_lib.dataset.extractive.prose import Sentence
from tasks_lib.dataset.extractive.well_formed import circumstances, reads_badly
from tasks_lib.dataset.extractive.wording import CLOCK, ROLES, YEAR, tidied, written
from tasks_lib.text.words import content_stems

if TYPE_CHECKING:
    from spacy.tokens import Token

_TWO_FACTS = re.compile(r"\band (?:up to |at least |another )?(?:\$|\d{1,3}(?:[.,]\d+)* [a-z])")
"""A second amount was joined to the one that is asked for."""
_ONE_NOUN = re.compile(r"(?:the|an?) [a-z-]+|the (?:one )?[a-z-]+ [a-z-]+|the one .*")
"""`the claim`, `the entry point`: an answer that only earlier sentences tell."""
_POINTS = re.compile(r"\b(?:following|his|her|my|our|your)\b")
_NAMING = frozenset({"what", "what_object"})
_AFTERWARDS = re.compile(r"\b(?:later(?! than)|afterwards|ago|thereafter)\b")
"""Times that only the sentences before tell."""
_LEAST_CONTENT = 3
_LONGEST_SUBJECT = 8
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_RELATIVE = re.compile(r",\s+(?:who|which|where|whose|whom)\b.*")
_DO = {"VBZ": "does", "VBP": "do", "VBD": "did"}


@dataclass(frozen=True)
class Fact:
    """A question that one clause of a sentence answers, and its answer."""

    question: str
    """Begins with a small letter, ends with a question mark."""
    answer: str
    kind: str
    subject: str
    sentence: Sentence
    tokens: "tuple[Token, ...]"
    """The words of the sentence that are in the question."""
    subject_head: "Token"


def facts(sentence: Sentence) -> Iterator[Fact]:
    """All questions that `sentence` answers."""
    askable = list(clauses(sentence.parse))
    years = set(YEAR.findall(sentence.text))
    for clause in askable:
        for phrase, used in _wh_phrases(clause):
            if (phrase.answer in years and len(years) > 1) or reads_badly(clause, phrase, used):
                continue
            less = circumstances(clause, phrase, used)
            for left_out in [used, (*used, *less)] if less else [used]:
                fact = _fact(sentence, clause, phrase, left_out)
                if not _TWO_FACTS.search(fact.question) and _says_enough(fact):
                    yield fact
        if len(askable) == 1:
            yield from filter(_says_enough, _who(sentence, clause))


def _says_enough(fact: Fact) -> bool:
    """Whether the answer names something, and a question that lost its object or reason tells what it is about."""
    if (
        _POINTS.search(fact.answer)
        or _AFTERWARDS.search(fact.question)
        or (fact.kind in _NAMING and _ONE_NOUN.fullmatch(fact.answer))
    ):
        return False
    if fact.kind not in {"what_object", "why"}:
        return True
    whole = fact.answer[-1].isalnum() and len(fact.subject.split()) <= _LONGEST_SUBJECT
    return whole and len(content_stems(fact.question)) >= _LEAST_CONTENT


def _wh_phrases(clause: Clause) -> "Iterator[tuple[WhPhrase, tuple[int, ...]]]":
    """Question words, with the numbers of the pieces (`after`, then `before`) that they replace."""
    pieces = [*clause.after, *clause.before]
    if sum(head_of(tokens).dep_ == "dobj" for tokens in pieces) > 1:
        return
    taken = -1
    for number, tokens in enumerate(pieces):
        if number == taken:
            continue
        head = head_of(tokens)
        following = pieces[number + 1] if number + 1 < len(clause.after) else []
        merged = _merged(tokens, following)
        if merged:
            yield merged, (number, number + 1)
            taken = number + 1
            continue
        for phrase in _phrase(clause, tokens, head):
            yield phrase, (number,)


def _phrase(clause: Clause, tokens: "list[Token]", head: "Token") -> Iterator[WhPhrase]:
    if head.dep_ == "dobj" and clause.subject_head.dep_ == "nsubj":
        yield from phrases.of_object(tokens, head, clause.verb)
    elif head.dep_ == "attr" and clause.is_copula and _is_definite(clause) and not _has_purpose(clause):
        for phrase in phrases.of_complement(tokens, head):
            yield replace(phrase, words="who", kind="who") if _is_person(clause, phrase) else phrase
    elif head.dep_ == "advcl":
        yield from phrases.of_reason(tokens)
    elif head.dep_ in {"prep", "agent", "npadvmod", "advmod"}:
        yield from phrases.of_adverbial(tokens, head)


def _is_person(clause: Clause, phrase: WhPhrase) -> bool:
    """Whether the subject is a full name: of one word, or behind an article, it is often no person."""
    names = [token for token in clause.subject if token.ent_type_ == "PERSON" and token.is_title]
    return phrase.words == "what" and len(names) > 1 and clause.subject[0].lower_ != "the"


def _merged(first: "list[Token]", second: "list[Token]") -> WhPhrase | None:
    """A phrase that the parse cuts in two: `from 10:00` `to 15:00`, `at least six weeks` `in advance`."""
    if not second:
        return None
    answer = f"{written(first)} {written(second)}"
    if written(second) == "in advance" and any(token.like_num for token in first):
        return WhPhrase("how far in advance", answer, "when")
    is_range = first[0].lower_ == "from" and second[0].lower_ in {"to", "until", "till"}
    if is_range and all(len(part) == 2 and CLOCK.fullmatch(part[1].text) for part in (first, second)):
        return WhPhrase("between which times", answer, "when")
    if first[0].lower_ in {"by", "until"} and second[0].lower_ == "at" and CLOCK.fullmatch(written(second[1:])):
        return WhPhrase(f"{first[0].lower_} when", answer, "when")
    return None


def _fact(sentence: Sentence, clause: Clause, phrase: WhPhrase, replaced: tuple[int, ...]) -> Fact:
    pieces = [*clause.after, *clause.before]
    kept = [tokens for number, tokens in enumerate(pieces) if number not in replaced]
    operator, verb = _operator(clause)
    words = [
        phrase.words,
        operator,
        written(clause.subject),
        written(clause.between),
        verb,
        phrase.tail,
        *map(written, kept),
    ]
    counted = [token for number in replaced for token in _behind_the_amount(pieces[number])]
    used = [*clause.subject, *clause.between, *counted, *(token for tokens in kept for token in tokens)]
    return Fact(
        question=tidied(_IN_BRACKETS.sub("", " ".join(word for word in words if word))) + "?",
        answer=tidied(_RELATIVE.sub("", phrase.answer)),
        kind=phrase.kind,
        subject=tidied(written(clause.subject)),
        sentence=sentence,
        tokens=tuple(used),
        subject_head=clause.subject_head,
    )


def _behind_the_amount(tokens: "list[Token]") -> "list[Token]":
    """Of `two rooms of the building`, what stays in the question beside the noun that is counted."""
    counted = next((token.head.i for token in tokens if token.dep_ == "nummod"), None)
    return [token for token in tokens if counted is not None and token.i > counted]


def _operator(clause: Clause) -> tuple[str, str]:
    """The verb form that stands before the subject, and the rest of the verb group."""
    if clause.is_copula:
        return clause.verb.text.lower(), ""
    if clause.auxiliaries:
        first, *others = clause.auxiliaries
        return first.text.lower(), " ".join(token.text for token in [*others, clause.verb])
    return _DO[clause.verb.tag_], clause.verb.lemma_


def _who(sentence: Sentence, clause: Clause) -> Iterator[Fact]:
    """`Who` for a subject that names one person or body."""
    head = clause.subject_head
    is_person = head.ent_type_ == "PERSON" and len(clause.subject) > 1
    if not (head.lemma_.lower() in ROLES or is_person) or head.dep_ == "nsubjpass" or clause.is_copula:
        return
    if head.tag_ not in {"NN", "NNP"} or clause.subject[0].lower_ == "only" or not _is_definite(clause):
        return
    if any(token.dep_ in {"conj", "relcl"} for token in head.children) or _has_second_subject(clause.verb):
        return
    last = max(token.i for token in clause.subject)
    predicate = [
        token
        for token in sentence.parse
        if token.i > last and not (token.is_punct and token.i >= sentence.parse.end - 1)
    ]
    if len(predicate) < 6 or clause.verb.lemma_ == "have" or any(token.text == "," for token in predicate):
        return
    words = ["who", written(predicate), *map(written, clause.before)]
    yield Fact(
        question=tidied(" ".join(words)) + "?",
        answer=tidied(written(clause.subject)),
        kind="who",
        subject="",
        sentence=sentence,
        tokens=(*predicate, *(token for tokens in clause.before for token in tokens)),
        subject_head=clause.verb,
    )


def _has_purpose(clause: Clause) -> bool:
    return any(child.dep_ in {"advcl", "xcomp"} for child in clause.verb.children)


def _has_second_subject(verb: "Token") -> bool:
    return any(child.dep_ == "conj" and any(t.dep_ in SUBJECTS for t in child.children) for child in verb.children)


def _is_definite(clause: Clause) -> bool:
    """Whether the subject names something in particular: `the …`, a possessive, a name."""
    head = clause.subject_head
    if head.pos_ == "PROPN":
        return True
    return any(token.lower_ == "the" or token.dep_ == "poss" for token in head.children)
