"""Vector and keyword search over the chunks that a caller may see, as if there were no others.

An index that is shared by all callers tells of all its chunks: how rare a word is in them decides about BM25, and what
lies in a partition about who is found in it. So the chunks of an index under access control are searched in memory:
what is counted are the chunks that the caller may see, and a score is computed from nothing but those. Scores are
equal to the last bit whether there are other chunks or not.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cachetools import LRUCache
from numpy.typing import NDArray

from tasks_lib.assistant.contract.access import Audience, Caller, IndexAccess
from tasks_lib.assistant.stores.nearest import Vectors

K1, B = 1.2, 0.75
"""Of BM25, as LanceDB and Weaviate have them by default."""
MANY = 1_000
"""Chunks that hold a term, from which on it pays to look for those alone that may still be among the best."""
CALLERS = 64
"""Sets of groups whose chunks are kept in mind."""
ACCESSES = 4
"""The same of what documents' access was and is."""
Content = tuple[str, str, str]
"""Source, path and hash of a document."""
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Ranked:
    """Rows, the best first, and their scores."""

    rows: Rows
    scores: list[float]


@dataclass(frozen=True)
class Audiences:
    """For each document the number of its audience, of which there are few."""

    access: IndexAccess
    numbers: Rows
    audiences: list[Audience]

    @classmethod
    def of(cls, access: IndexAccess, documents: Iterable[Content]) -> "Audiences":
        """Those of `documents`."""
        known: dict[Audience, int] = {}
        numbers = [known.setdefault(access.audience(*document), len(known)) for document in documents]
        return cls(access, np.array(numbers, dtype=np.int64), list(known))


@dataclass(frozen=True)
class Visible:
    """What a caller may see of the chunks."""

    mask: Mask
    count: int
    mean_length: float


@dataclass(frozen=True)
class Postings:
    """Which chunks hold a term, and how often: those of term `n` lie from `begins[n]` to `begins[n + 1]`."""

    terms: Mapping[str, int]
    begins: Rows
    rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, texts: pa.ChunkedArray) -> "Postings":
        """:param texts: The terms of each chunk, with blanks between them."""
        words = pc.split_pattern(pc.fill_null(texts, ""), " ").combine_chunks()
        encoded = words.flatten().dictionary_encode()
        rows, codes = pc.list_parent_indices(words).to_numpy(), encoded.indices.to_numpy(zero_copy_only=False)
        names = encoded.dictionary.to_pylist()
        empty = names.index("") if "" in names else -1
        rows, codes = rows[codes != empty], codes[codes != empty].astype(np.int64)
        size = len(texts)
        places, counts = np.unique(codes * size + rows, return_counts=True)
        begins = np.searchsorted(places, np.arange(len(names) + 1, dtype=np.int64) * size)
        return cls(
            {name: code for code, name in enumerate(names) if code != empty},
            begins,
            (places % max(size, 1)).astype(np.int32),
            counts.astype(np.int32),
            np.bincount(rows, minlength=size),
        )

    def of_term(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
        """Rows and counts of a term, where any chunk has it."""
        code = self.terms.get(term)
        if code is None:
            return None
        part = slice(self.begins[code], self.begins[code + 1])
        return self.rows[part], self.counts[part]


@dataclass(frozen=True)
class VisibleSearch:
    """The chunks of one state of an index, in the order of their ids.

    :param contents: The document of each chunk, as a position in `documents`.
    :param embeddings: A row for each chunk; one that is not finite is found by no vector.
    :param texts: The terms of each chunk, with blanks between them.
    """

    ids: Sequence[str]
    documents: Sequence[Content]
    contents: Rows
    embeddings: NDArray[np.float32]
    texts: pa.ChunkedArray
    _visible: "LRUCache[tuple[int, frozenset[str] | None], Visible]" = field(default_factory=lambda: LRUCache(CALLERS))
    _audiences: "LRUCache[int, Audiences]" = field(default_factory=lambda: LRUCache(ACCESSES))
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def postings(self) -> Postings:
        """Made when words are first looked up."""
        return Postings.of(self.texts)

    @cached_property
    def vectors(self) -> Vectors:
        """Made when a vector is first looked for."""
        return Vectors(self.embeddings)

    def seen_by(self, caller: Caller, access: IndexAccess) -> Visible:
        """The chunks that `caller` may see."""
        with self._lock:
            known = self._audiences.get(id(access))
            if known is None or known.access is not access:
                known = self._audiences[id(access)] = Audiences.of(access, self.documents)
                self._visible.clear()
            key = id(access), None if caller.sees_all else caller.groups
            if key not in self._visible:
                sees = np.array([caller.sees(audience) for audience in known.audiences], dtype=bool)
                mask = sees[known.numbers][self.contents] if len(self.contents) else np.zeros(0, dtype=bool)
                count = int(mask.sum())
                total = int(self.postings.lengths[mask].sum())
                self._visible[key] = Visible(mask, count, total / count if count else 0.0)
            return self._visible[key]

    def by_words(self, terms: Iterable[str], visible: Visible, within: Mask | None, top_k: int) -> Ranked:
        """The chunks with any of `terms`, best first by BM25 over the visible chunks.

        :param within: Chunks that meet the conditions of the search; they do not change a score.
        """
        found = self._found(terms, visible)
        most = sum(weight * (K1 + 1) for weight, _, _ in found)
        scores, possible = np.zeros(len(self.contents)), None
        for weight, rows, counts in found:
            if possible is None and len(rows) > MANY:
                possible = _possible(scores, within, top_k, most)
            most -= weight * (K1 + 1)
            if possible is not None:
                places = np.minimum(np.searchsorted(rows, possible), len(rows) - 1)
                places = places[rows[places] == possible]
                rows, counts = rows[places], counts[places]  # noqa: PLW2901
            seen = visible.mask[rows]
            rows, often = rows[seen], counts[seen].astype(np.float64)  # noqa: PLW2901
            length = self.postings.lengths[rows] / visible.mean_length
            scores[rows] += weight * (often * (K1 + 1) / (often + K1 * (1 - B + B * length)))
        if possible is None:
            possible = np.flatnonzero(scores > 0 if within is None else (scores > 0) & within)
        return _best(possible, scores[possible], top_k)

    def _found(
        self, terms: Iterable[str], visible: Visible
    ) -> list[tuple[float, NDArray[np.int32], NDArray[np.int32]]]:
        """How much each term counts that visible chunks hold, and where it is; the rarest first."""
        found = []
        for term in dict.fromkeys(terms):
            if (posting := self.postings.of_term(term)) is None:
                continue
            holding = int(np.count_nonzero(visible.mask[posting[0]]))
            if holding:
                weight = math.log(1 + (visible.count - holding + 0.5) / (holding + 0.5))
                found.append((weight, *posting))
        return sorted(found, key=lambda each: -each[0])

    def by_vector(self, embedding: Sequence[float], visible: Visible, within: Mask | None, top_k: int) -> Ranked:
        """The chunks whose vectors are nearest to `embedding` by their cosine."""
        wide = np.asarray(embedding, dtype=np.float32).astype(np.float64)
        length = math.sqrt(float((wide * wide).sum()))
        if not 0 < length < math.inf:
            return Ranked(np.zeros(0, dtype=np.int64), [])
        eligible = visible.mask & self.vectors.have_direction
        candidates = np.flatnonzero(eligible if within is None else eligible & within)
        candidates = self.vectors.nearest(candidates, (wide / length).astype(np.float32), top_k)
        return _best(candidates, self._cosines(candidates, wide), top_k)

    def _cosines(self, rows: Rows, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Cosines that depend on nothing but both vectors: a product of matrices rounds by a row's place in it."""
        chosen = self.embeddings[rows].astype(np.float64)
        squares = (chosen * chosen).sum(axis=1) * (wanted * wanted).sum()
        cosines: NDArray[np.float64] = (chosen * wanted).sum(axis=1) / np.sqrt(squares)
        return cosines


def _possible(scores: NDArray[np.float64], within: Mask | None, top_k: int, most: float) -> Rows | None:
    """Rows that may still be among the best `top_k` if no term that follows adds more than `most` in all.

    `None` where that may be any row.
    """
    scored = np.flatnonzero(scores > 0 if within is None else (scores > 0) & within)
    if len(scored) < top_k:
        return None
    known = scores[scored]
    least = float(np.partition(known, -top_k)[-top_k]) * (1 - 1e-9)
    return scored[known + most >= least] if most < least else None


def _best(rows: Rows, scores: NDArray[np.float64], top_k: int) -> Ranked:
    """The best `top_k`; equal ones in the order of their ids."""
    if len(rows) > top_k:
        kept = scores >= np.partition(scores, -top_k)[-top_k]
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))[:top_k]
    return Ranked(rows[order], scores[order].tolist())
