"""Folds passages that say nearly the same: releases of one page, boilerplate, and many pages of one template."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from haystack import Document

from tasks_lib.text.words import stop_words, words

NEARLY_THE_SAME = 0.9
"""Share of their words that two passages have in common from which one stands for both (Jaccard)."""
FEWEST_WORDS = 12
"""Different words of a passage that is compared: rows and headings are alike without being the same."""
MANY_VARIANTS = 4
"""Passages that differ in their numbers only from which one stands for all: fewer may be what the question compares."""

_VERSION = re.compile(r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,4})+|\d{4}-\d{2}(?:-\d{2})?)(?![\w])")


@dataclass(frozen=True)
class _Said:
    """The different words of a passage, the numbers among them, and where it stands."""

    words: frozenset[str]
    numbers: frozenset[str]
    path: tuple[str, str]

    @classmethod
    def of(cls, document: Document) -> Self:
        said = frozenset(words(document.content or ""))
        return cls(said, frozenset(word for word in said if word[0].isdigit()), _path(document))

    def is_nearly(self, other: Self, asked: frozenset[str]) -> bool:
        """Whether both say the same, in two documents."""
        return self.numbers == other.numbers and self._is_alike(self.words, other.words, other, asked)

    def differs_in_numbers(self, other: Self, asked: frozenset[str]) -> bool:
        """Whether both say the same of other numbers, in two documents."""
        return self._is_alike(self.words - self.numbers, other.words - other.numbers, other, asked)

    def _is_alike(self, own: frozenset[str], others: frozenset[str], other: Self, asked: frozenset[str]) -> bool:
        """:param asked: Words of the question, which tell passages apart."""
        fewer, more = sorted((len(own), len(others)))
        if fewer < max(FEWEST_WORDS, NEARLY_THE_SAME * more) or self.path == other.path:
            return False
        if len(own & others) < NEARLY_THE_SAME * len(own | others):
            return False
        return asked.isdisjoint(self.words ^ other.words)


@dataclass
class _Variants:
    """Passages that say the same of other numbers: each with those that stand for the same, the best first."""

    said: list[_Said]
    groups: list[list[Document]]

    @property
    def are_many(self) -> bool:
        """Whether they are so many that one stands for all of them."""
        return len(self.groups) >= MANY_VARIANTS

    def shown(self) -> list[list[Document]]:
        """The groups of which one document each is shown."""
        return [[document for group in self.groups for document in group]] if self.are_many else self.groups


def without_near_duplicates(
    documents: Sequence[Document], top_k: int, *, newer: bool = False, question: str = ""
) -> list[Document]:
    """The first `top_k` that differ; `also_in` of their metadata names the documents of those that they stand for.

    Passages that differ in their numbers only are one where they are many. Rows of numbers, passages of one document,
    and those that differ in a word or number of the question are never folded.

    :param documents: Best first.
    :param newer: Whether the newest of nearly equal passages stands for them, at the place of the best.
    """
    asked = frozenset(word for word in words(question) if word not in stop_words())
    place = {document.id: position for position, document in enumerate(documents)}
    found: list[_Variants] = []
    for document in documents:
        text = _Said.of(document)
        if (group := _group_of(text, found, asked)) is not None:
            group.append(document)
            continue
        full = sum(len(variants.shown()) for variants in found) >= top_k
        alike = next((v for v in found if text.differs_in_numbers(v.said[0], asked)), None)
        if alike is not None and (not full or len(alike.groups) >= MANY_VARIANTS - 1):
            alike.said.append(text)
            alike.groups.append([document])
        elif not full:
            found.append(_Variants([text], [[document]]))
    shown = sorted((group for variants in found for group in variants.shown()), key=lambda group: place[group[0].id])
    return [_one_for(group, newer=newer) for group in shown[:top_k]]


def _group_of(text: _Said, found: Sequence[_Variants], asked: frozenset[str]) -> list[Document] | None:
    for variants in found:
        for said, group in zip(variants.said, variants.groups, strict=True):
            if text.is_nearly(said, asked):
                return group
    return None


def _one_for(group: list[Document], *, newer: bool) -> Document:
    best = group[0]
    if len(group) == 1:
        return best
    chosen = max(group, key=_age) if newer else best
    others = list(dict.fromkeys(d.meta["document"] for d in group if _path(d) != _path(chosen)))
    return replace(chosen, score=best.score, meta={**chosen.meta, "also_in": others})


def _age(document: Document) -> tuple[list[int], str]:
    """What grows with the version in the path and the date of a document."""
    versions = _VERSION.findall(document.meta["document"])
    numbers = [int(part) for part in re.split(r"[.-]", versions[-1])] if versions else []
    return numbers, str(document.meta.get("modified") or "")


def _path(document: Document) -> tuple[str, str]:
    return document.meta.get("source") or "", document.meta["document"]
