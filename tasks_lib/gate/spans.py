"""Retrieval metrics over character spans, so that two chunkings of the same documents compare. Chunk ids never count.

A span is characters `start` to `end` (exclusive) of the converted text of one document of one source. Recall and
precision follow Smith & Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), with characters in
place of tokens. References are compared as the set of their characters: overlapping references count once.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks_lib.text.forms import composed

Interval = tuple[int, int]

HIT_SHARE = 0.5
"""A passage hits a reference when the overlap is at least this share of the shorter of the two."""


class HasSpan(Protocol):
    """What the metrics read: `Reference` and `Source` both have it."""

    @property
    def document(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Span:
    """A passage without its text. An empty `source` in a reference matches every source."""

    document: str
    start: int
    end: int
    source: str = ""

    @classmethod
    def of(cls, passage: HasSpan) -> "Span":
        """The place of a reference or of a retrieved source."""
        return cls(composed(passage.document), passage.start, passage.end, passage.source)

    @property
    def length(self) -> int:
        """Characters; 0 when `end` does not lie after `start`."""
        return max(0, self.end - self.start)


def same_document(reference: Span, retrieved: Span) -> bool:
    """Whether both lie in one document; a reference that names no source matches any."""
    return reference.document == retrieved.document and reference.source in ("", retrieved.source)


def overlap(reference: Span, retrieved: Span) -> int:
    """Characters that both cover; 0 in different documents."""
    if not same_document(reference, retrieved):
        return 0
    return max(0, min(reference.end, retrieved.end) - max(reference.start, retrieved.start))


def is_hit(reference: Span, retrieved: Span) -> bool:
    """Whether the overlap is at least :data:`HIT_SHARE` of the shorter of the two, and not empty."""
    shared = overlap(reference, retrieved)
    return shared > 0 and shared >= HIT_SHARE * min(reference.length, retrieved.length)


def recall(references: Sequence[Span], retrieved: Sequence[Span]) -> float | None:
    """Reference characters that were retrieved / reference characters. `None` without references."""
    total = sum(_size(place) for place in _places(references).values())
    return _covered(references, retrieved) / total if total else None


def precision(references: Sequence[Span], retrieved: Sequence[Span]) -> float | None:
    """Reference characters that were retrieved / retrieved characters, text retrieved twice counting twice.

    0 when nothing was retrieved, `None` without references.
    """
    if not any(reference.length for reference in references):
        return None
    total = sum(span.length for span in retrieved)
    return _covered(references, retrieved) / total if total else 0.0


def mrr(references: Sequence[Span], retrieved: Sequence[Span]) -> float | None:
    """1 / rank of the first passage that hits a reference, 0 if none does, `None` without references."""
    if not any(reference.length for reference in references):
        return None
    for rank, span in enumerate(retrieved, start=1):
        if any(is_hit(reference, span) for reference in references):
            return 1 / rank
    return 0.0


def ndcg(references: Sequence[Span], retrieved: Sequence[Span]) -> float | None:
    """Normalised discounted cumulative gain with graded gains; `None` without references.

    The gain of the passage at rank r is the share of all reference characters that it covers and no passage before it
    covered; DCG = sum of gain / log2(r + 1). The ideal ranking gives each reference (touching ones merged) in a passage
    of its own, longest first. A passage that covers several references can exceed that ideal; the value is cut at 1.
    """
    sizes = sorted((end - start for place in _places(references).values() for start, end in place), reverse=True)
    total = sum(sizes)
    if not total:
        return None
    ideal = sum(size / total / math.log2(rank + 1) for rank, size in enumerate(sizes, start=1))
    gained = before = 0.0
    for rank in range(1, len(retrieved) + 1):
        covered = _covered(references, retrieved[:rank])
        gained += (covered - before) / total / math.log2(rank + 1)
        before = covered
    return min(1.0, gained / ideal)


def _places(spans: Iterable[Span]) -> dict[tuple[str, str], list[Interval]]:
    """Disjoint intervals by (source, document)."""
    grouped: dict[tuple[str, str], list[Interval]] = {}
    for span in spans:
        if span.length:
            grouped.setdefault((span.source, span.document), []).append((span.start, span.end))
    return {place: _union(intervals) for place, intervals in grouped.items()}


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _size(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)


def _covered(references: Sequence[Span], retrieved: Sequence[Span]) -> int:
    """Reference characters that at least one retrieved span covers."""
    covered = 0
    for (source, document), intervals in _places(references).items():
        hits = [
            (max(start, span.start), min(end, span.end))
            for start, end in intervals
            for span in retrieved
            if overlap(Span(document, start, end, source), span)
        ]
        covered += _size(_union(hits))
    return covered
