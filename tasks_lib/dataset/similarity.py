"""Cosine similarity of texts with every text embedded once."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.embedders.cached import CachedEmbedder

CACHED_TEXTS = 50_000
"""75 MB at 384 dimensions."""


class Similarity:
    """Compares texts by an embedder with a cache; any thread may use it.

    :param embedder: Gives unit vectors.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = CachedEmbedder(embedder, CACHED_TEXTS)

    def prefetch(self, texts: Iterable[str]) -> None:
        """Embed in one batch what is not in the cache yet."""
        self.vectors(list(texts))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector per row."""
        return self._embedder.vectors(texts)

    def between(self, left: str, right: str) -> float:
        """Cosine of the two texts."""
        first, second = self.vectors([left, right])
        return float(first @ second)

    def closest(self, text: str, others: Sequence[str]) -> float:
        """The highest cosine of `text` with one of `others`; -1 without any."""
        if not others:
            return -1.0
        vectors = self.vectors([text, *others])
        return float((vectors[1:] @ vectors[0]).max())
