"""Folds passages that say nearly the same: releases of one page, and the same boilerplate on many pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from haystack import Document

from tasks_lib.text.words import words

NEARLY_THE_SAME = 0.9
"""Share of their words that two passages have in common from which one stands for both (Jaccard)."""
FEWEST_WORDS = 12
"""Different words of a passage that is compared: rows and headings are alike without being the same."""

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

    def is_nearly(self, other: Self) -> bool:
        """Whether both say the same, in two documents."""
        fewer, more = sorted((len(self.words), len(other.words)))
        if fewer < max(FEWEST_WORDS, NEARLY_THE_SAME * more) or self.numbers != other.numbers:
            return False
        if self.path == other.path:
            return False
        return len(self.words & other.words) >= NEARLY_THE_SAME * len(self.words | other.words)


def without_near_duplicates(documents: Sequence[Document], top_k: int, *, newer: bool = False) -> list[Document]:
    """The first `top_k` that differ; `also_in` of their metadata names the documents of those that they stand for.

    Rows of numbers, and passages of one document, are never folded.

    :param documents: Best first.
    :param newer: Whether the newest of nearly equal passages stands for them, at the place of the best.
    """
    groups: list[list[Document]] = []
    said: list[_Said] = []
    for document in documents:
        text = _Said.of(document)
        place = next((at for at, other in enumerate(said) if text.is_nearly(other)), None)
        if place is not None:
            groups[place].append(document)
        elif len(groups) < top_k:
            groups.append([document])
            said.append(text)
    return [_one_for(group, newer=newer) for group in groups]


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
