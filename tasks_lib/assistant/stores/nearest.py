"""Which vectors may be among the nearest to another one: quickly, and none too few.

Comparing a query with 100,000 vectors reads all of them from memory, which is what takes the time. So each vector is
first compared in the few directions in which the vectors differ most, and the length of its rest bounds what the other
directions can add (Cauchy-Schwarz). What cannot reach the best ones is left out; the rest is for the caller to compute.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

DIRECTIONS = 64
LEAST_ROWS, LEAST_WIDTH = 5_000, 3 * DIRECTIONS
"""Fewer or narrower vectors are compared as they are."""
SAMPLED = 20_000
"""Vectors from which the directions are taken."""
TRIED = 4
"""Times as many rows as are wanted, whose true cosines say how near the best are at least."""
FEW = 0.1
"""Share of the vectors up to which copying them together is faster than comparing all."""
MARGIN = 1e-3
"""More than the error of a bound in single precision."""
NEARLY = 1e-4
"""More than the error of a cosine in single precision."""


@dataclass(frozen=True)
class _Heads:
    """Each vector in the directions that tell most, and the length of what is left of it."""

    directions: Floats
    heads: Floats
    rests: Floats

    @classmethod
    def of(cls, embeddings: Floats, scales: Floats) -> Self:
        step = max(1, len(embeddings) // SAMPLED)
        sample = np.where(scales[::step, None] > 0, embeddings[::step] * scales[::step, None], 0).astype(np.float64)
        _, found = np.linalg.eigh(sample.T @ sample)
        directions = np.ascontiguousarray(found[:, -DIRECTIONS:], dtype=np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            heads = (embeddings @ directions) * scales[:, None]
            left = 1 - np.einsum("ij,ij->i", heads, heads)
        return cls(directions, heads, np.sqrt(np.maximum(left, 0)))

    def bounds(self, wanted: Floats) -> tuple[Floats, Floats]:
        """A guess at each cosine, and what it is at most."""
        head = _products(np.ascontiguousarray(self.directions.T), wanted)
        rest = np.sqrt(max(0.0, 1 - float(head @ head)))
        guess = _products(self.heads, head)
        return guess, guess + self.rests * np.float32(rest) + np.float32(MARGIN)


@dataclass(frozen=True)
class Vectors:
    """:param embeddings: A row for each chunk; one that is not finite is near to nothing."""

    embeddings: Floats

    @cached_property
    def scales(self) -> Floats:
        """What makes a vector one of length 1; 0 for one that is not finite, or has no direction."""
        wide = np.einsum("ij,ij->i", self.embeddings, self.embeddings, dtype=np.float64)
        has_direction = np.isfinite(wide) & (wide > 0)
        with np.errstate(over="ignore"):
            inverse = (1 / np.sqrt(np.where(has_direction, wide, 1.0))).astype(np.float32)
        scales: Floats = np.where(has_direction, inverse, np.float32(0))
        return scales

    @cached_property
    def have_direction(self) -> NDArray[np.bool_]:
        """Which vectors can be near to another one."""
        return self.scales > 0

    @cached_property
    def _heads(self) -> _Heads | None:
        if len(self.embeddings) < LEAST_ROWS or self.embeddings.shape[1] < LEAST_WIDTH:
            return None
        return _Heads.of(self.embeddings, self.scales)

    def nearest(self, rows: Rows, wanted: Floats, top_k: int) -> Rows:
        """Those of `rows` that may be among the `top_k` nearest to `wanted`, of length 1.

        :param rows: Of vectors with a direction.
        """
        if len(rows) > max(top_k, FEW * len(self.embeddings)) and self._heads is not None:
            rows = self._possible(self._heads, rows, wanted, top_k)
        if len(rows) <= top_k:
            return rows
        near = self._cosines(rows, wanted)
        return rows[near >= _least(near, top_k)]

    def _possible(self, heads: _Heads, rows: Rows, wanted: Floats, top_k: int) -> Rows:
        guess, most = heads.bounds(wanted)
        if len(rows) < len(most):
            guess, most = guess[rows], most[rows]
        tried = min(TRIED * top_k, len(rows))
        first = rows[np.argpartition(guess, -tried)[-tried:]]
        return rows[~(most < _least(self._cosines(first, wanted), top_k))]

    def _cosines(self, rows: Rows, wanted: Floats) -> Floats:
        """In single precision; what that cannot tell counts as nearest, so that it is computed exactly."""
        with np.errstate(invalid="ignore", over="ignore"):
            if len(rows) <= FEW * len(self.embeddings):
                near = _products(self.embeddings[rows], wanted) * self.scales[rows]
            else:
                near = (_products(self.embeddings, wanted) * self.scales)[rows]
        near[np.isnan(near)] = np.inf
        return near


def _products(vectors: Floats, wanted: Floats) -> Floats:
    """Of each vector with `wanted`, in this thread: threads of a linear algebra library wait for each other.

    Measured under load, they took 89 ms where this took 51, and 8 ms where it took 3.
    """
    products: Floats = np.einsum("ij,j->i", vectors, wanted)
    return products


def _least(near: Floats, top_k: int) -> float:
    """A little less than what the best `top_k` reach at least, by those that single precision can tell."""
    told = np.where(np.isinf(near), np.float32(-1), near)
    return float(np.partition(told, -top_k)[-top_k]) - NEARLY
