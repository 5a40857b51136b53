"""Folds passages that say nearly the same: releases of one page, and the same boilerplate on many pages."""

import re
from collections.abc import Sequence
from dataclasses import replace

from haystack import Document

from tasks_lib.text.words import words

NEARLY_THE_SAME = 0.9
"""Share of their words that two passages have in common from which one stands for both (Jaccard)."""
FEWEST_WORDS = 12
"""Different words of a passage that is compared: rows and headings are alike without being the same."""

_VERSION = re.compile(r"(?<![\w.])v?(\d{1,4}(?:\.\d{1,4})+|\d{4}-\d{2}(?:-\d{2})?)(?![\w])")


def without_near_duplicates(documents: Sequence[Document], top_k: int, *, newer: bool = False) -> list[Document]:
    """The first `top_k` that differ; `also_in` of their metadata names the documents of those that they stand for.

    Rows of numbers, and passages of one document, are never folded.

    :param documents: Best first.
    :param newer: Whether the newest of nearly equal passages stands for them, at the place of the best.
    """
    groups: list[list[Document]] = []
    said: list[frozenset[str]] = []
    for document in documents:
        text = frozenset(words(document.content or ""))
        place = next((at for at, other in enumerate(said) if _same(text, other, document, groups[at][0])), None)
        if place is not None:
            groups[place].append(document)
        elif len(groups) < top_k:
            groups.append([document])
            said.append(text)
    return [_one_for(group, newer=newer) for group in groups]


def _same(one: frozenset[str], other: frozenset[str], document: Document, first: Document) -> bool:
    if min(len(one), len(other)) < FEWEST_WORDS or _path(document) == _path(first):
        return False
    if len(one & other) < NEARLY_THE_SAME * len(one | other):
        return False
    return {word for word in one if word[0].isdigit()} == {word for word in other if word[0].isdigit()}


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
