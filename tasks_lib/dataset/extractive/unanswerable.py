"""Questions that sound as if they had an answer: a fact's question, asked of something that no document mentions."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tasks_lib.dataset.coverage import Coverage
from tasks_lib.dataset.extractive.facts import Fact
from tasks_lib.dataset.extractive.wording import is_name, tidied
from tasks_lib.text.words import listed

if TYPE_CHECKING:
    from spacy.tokens import Token

_PEOPLE = frozenset(
    listed(
        "employee contractor intern manager engineer part-timer parent customer player soldier member worker colleague "
        "student newcomer visitor guest developer researcher user mother mentor mentee buddy"
    )
)
_GROUPS = (
    ("shareholder", "shareholders"),
    ("board member", "board members"),
    ("pensioner", "pensioners"),
    ("exchange student", "exchange students"),
    ("franchise partner", "franchise partners"),
    ("volunteer firefighter", "volunteer firefighters"),
    ("landlord", "landlords"),
    ("visiting lecturer", "visiting lecturers"),
    ("lighthouse keeper", "lighthouse keepers"),
    ("foster family", "foster families"),
    ("sponsored athlete", "sponsored athletes"),
    ("harbour pilot", "harbour pilots"),
)
"""Singular and plural of groups that a general rule for the people in the question does not include."""
_NAMES = {
    "GPE": ("Rotterdam", "Toronto", "Nairobi", "Osaka", "Tallinn", "Santiago", "Hobart", "Bratislava", "Montevideo"),
    "LOC": ("the Faroe Islands", "Patagonia", "the Gobi Desert", "Lake Baikal"),
    "FAC": ("Stormhaven Hall", "the Kestrel Building", "Ashdown Bridge", "the Larkfield Tunnel"),
    "ORG": (
        "Veltrio Systems",
        "the Marrowgate Bank",
        "Pellworth Insurance",
        "Ostrava Robotics",
        "the Quillon Institute",
    ),
    "PERSON": ("Ingrid Sorbello", "Tobias Wexcombe", "Marguerite Adeyemi-Holt", "Rafael Quintanilha"),
    "PRODUCT": ("the Zephyrion 4", "Quantabox", "the Orlaith Mark II"),
}


def transplanted(facts: Sequence[tuple[Fact, str]], coverage: Coverage, seed: int) -> Iterator[str]:
    """Questions about something that no chunk mentions.

    :param facts: Facts, each with its question as it stands alone.
    """
    chooser = random.Random(seed)  # noqa: S311  not for security
    absent = _Absent(coverage)
    for fact, question in facts:
        for old, new in _swaps(fact, chooser, absent):
            if question.count(old) == 1:
                yield question.replace(old, new)
                break


class _Absent:
    """Names and groups that no chunk mentions; each is looked up once."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._known: dict[str, bool] = {}

    def of(self, phrases: Sequence[str]) -> list[str]:
        for phrase in phrases:
            if phrase not in self._known:
                self._known[phrase] = self._coverage.mentions(phrase)
        return [phrase for phrase in phrases if not self._known[phrase]]


def _swaps(fact: Fact, chooser: random.Random, absent: _Absent) -> Iterator[tuple[str, str]]:
    """What to replace in the question, and by what; names before groups of people."""
    names = list(_names_in(fact))
    labels = Counter(label for _, label in names)
    for name, label in names:
        if labels[label] > 1 or (label == "PERSON" and "its" in fact.question.split()):
            continue
        unmentioned = absent.of(_NAMES[label])
        if unmentioned:
            new = chooser.choice(unmentioned)
            yield name, new.removeprefix("the ") if name[0].isupper() and _after_article(fact, name) else new
    head = fact.subject_head
    if not fact.subject or head.lemma_.lower() not in _PEOPLE or not _is_plain(head):
        return
    singular = head.tag_ == "NN"
    groups = [(one, many) for one, many in _GROUPS if absent.of([one])]
    if groups:
        group = chooser.choice(groups)[0 if singular else 1]
        yield fact.subject, f"{_article(fact.subject, group)}{group}"


def _names_in(fact: Fact) -> Iterator[tuple[str, str]]:
    """Names within the question with their entity label."""
    words = {token.i for token in fact.tokens}
    for entity in fact.sentence.parse.ents:
        if entity.label_ == "GPE" and fact.subject_head in entity:
            continue  # a place that acts is mostly an organisation that was mistaken for one
        if entity.root.dep_ == "compound" and entity.root.head not in entity:
            continue  # part of a longer name, or of a term: `a Fair wind rating`
        if entity.label_ in _NAMES and all(token.i in words and is_name(token) for token in entity):
            yield tidied(entity.text), entity.label_


def _after_article(fact: Fact, name: str) -> bool:
    return f"the {name}" in fact.question


def _is_plain(head: "Token") -> bool:
    """A group as such: `employees`, `a part-timer`, `every full-time employee`; not `employees who travel`."""
    return all(child.dep_ in {"det", "amod", "compound", "punct"} for child in head.children)


def _article(subject: str, group: str) -> str:
    first = subject.partition(" ")[0].lower()
    if first in {"each", "every", "the"}:
        return f"{first} "
    if first in {"a", "an"}:
        return "an " if group[0] in "aeiou" else "a "
    return ""
