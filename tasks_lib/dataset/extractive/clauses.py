"""The parts of a declarative clause that a question is put together from, found in its dependency parse.

Labels are those of spaCy's English models (ClearNLP), tags those of the Penn Treebank.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_FILLERS = frozenset(
    {"also", "then", "therefore", "however", "thus", "still", "too", "moreover", "furthermore", "already"}
)
_LINKING = frozenset({"instead", "otherwise", "so", "hence", "nevertheless", "likewise", "similarly", "else"})
_DANGLING = frozenset({"neg", "expl", "csubj", "dep", "meta", "intj"})
_FINITE = frozenset({"VBZ", "VBP", "VBD"})


@dataclass(frozen=True)
class Clause:
    """A clause with one subject and one finite verb group."""

    verb: "Token"
    subject: "list[Token]"
    auxiliaries: "list[Token]"
    before: "list[list[Token]]"
    """Adverbials that stand before the subject."""
    between: "list[Token]"
    """Adverbs between subject and verb."""
    after: "list[list[Token]]"
    """What follows the verb, in order."""

    @property
    def is_copula(self) -> bool:
        """Whether the verb is a form of `be` that carries the clause."""
        return self.verb.lemma_ == "be" and not self.auxiliaries

    @property
    def subject_head(self) -> "Token":
        """The noun of the subject."""
        return next(token for token in self.verb.children if token.dep_ in SUBJECTS)


def clauses(sentence: "Span") -> "Iterator[Clause]":
    """Clauses that can be asked about: affirmative, with a subject of their own, nothing left dangling."""
    heads = _clause_heads(sentence)
    for head in heads:
        others = {
            token.i for other in heads if other is not head and head.is_ancestor(other) for token in other.subtree
        }
        clause = _clause(head, others)
        if clause is not None:
            yield clause


def _clause_heads(sentence: "Span") -> "list[Token]":
    heads = [sentence.root]
    for head in heads:
        heads.extend(
            child
            for child in head.children
            if child.dep_ in {"conj", "ccomp", "parataxis"}
            and child.pos_ in {"VERB", "AUX"}
            and _subjects(child)
            and _stands_apart(child)
        )
    return heads


def _stands_apart(token: "Token") -> bool:
    """A clause joined by a comma or a conjunction, not the object of a verb of saying."""
    if token.dep_ == "ccomp":
        return token.i < token.head.i and not any(child.dep_ == "mark" for child in token.children)
    return True


def _subjects(verb: "Token") -> "list[Token]":
    return [token for token in verb.children if token.dep_ in SUBJECTS]


def _clause(verb: "Token", others: set[int]) -> Clause | None:
    subjects = _subjects(verb)
    auxiliaries = [token for token in verb.children if token.dep_ in {"aux", "auxpass"}]
    if len(subjects) != 1 or not _is_askable(verb, subjects[0], auxiliaries):
        return None
    subject = [token for token in subjects[0].subtree if token.i not in others]
    before: list[list[Token]] = []
    between: list[Token] = []
    after: list[list[Token]] = []
    for child in verb.children:
        tokens = [token for token in child.subtree if token.i not in others]
        if (
            child in subjects
            or child in auxiliaries
            or child.dep_ in {"punct", "cc"}
            or not tokens
            or child.i in others
        ):
            continue
        if child.dep_ == "advmod" and child.lower_ in _FILLERS:
            continue
        if child.dep_ == "conj":
            break
        if child.i < subjects[0].i:
            before.append(tokens)
        elif child.i < verb.i:
            between.extend(tokens)
        else:
            after.append(tokens)
    if not all(_is_contiguous(part) for part in (subject, *before, *after)):
        return None
    return Clause(verb, subject, auxiliaries, before, between, after)


def _is_askable(verb: "Token", subject: "Token", auxiliaries: "list[Token]") -> bool:
    """Affirmative, finite, in agreement, and without parts that would be lost or left dangling in a question."""
    children = list(verb.children)
    finite = verb if verb.tag_ in _FINITE else next((t for t in auxiliaries if t.tag_ in {*_FINITE, "MD"}), None)
    return (
        finite is not None
        and subject.i < verb.i
        and subject.pos_ in {"NOUN", "PROPN"}
        and subject.ent_type_ not in {"DATE", "TIME", "ORDINAL"}
        and not any(token.lower_ in {"no", "not", "neither", "nobody", "only"} for token in subject.subtree)
        and not any(token.dep_ in _DANGLING for token in children)
        and not any(token.dep_ == "advmod" and token.lower_ in _LINKING for token in children)
        and not any(token.dep_ == "conj" and token.i - verb.i <= 2 for token in children)
        and not any(token.i > verb.i or token.text[0] in "'’" for token in auxiliaries)
        and _agrees(subject, finite)
    )


def _agrees(subject: "Token", finite: "Token") -> bool:
    """A plural subject does not go with `is`; a parse where it does is wrong."""
    many = subject.tag_ in {"NNS", "NNPS"} or any(token.dep_ == "conj" for token in subject.children)
    if finite.tag_ == "VBZ" or finite.lower_ == "was":
        return not many
    single = any(token.lower_ in {"a", "an", "each", "every"} for token in subject.children)
    return not (single and (finite.tag_ == "VBP" or finite.lower_ == "were"))


def _is_contiguous(tokens: "list[Token]") -> bool:
    return all(right.i - left.i == 1 for left, right in pairwise(tokens))


def head_of(tokens: "list[Token]") -> "Token":
    """The word of a phrase that the others hang on."""
    inside = {token.i for token in tokens}
    return next(token for token in tokens if token.head.i not in inside or token.head is token)
