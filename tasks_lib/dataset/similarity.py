"""Closeness in meaning of texts with every text embedded once."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder, stretched, unrelated_cosine
from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.text.languages import language_of

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
        """Cosine of the two texts, stretched so that unrelated ones are about 0 by whichever embedder."""
        first, second = self.vectors([left, right])
        return stretched(float(first @ second), self.unrelated(right))

    def closest(self, text: str, others: Sequence[str]) -> float:
        """The greatest closeness of `text` with one of `others`, as :meth:`between`; -1 without any."""
        if not others:
            return -1.0
        vectors = self.vectors([text, *others])
        return stretched(float((vectors[1:] @ vectors[0]).max()), self.unrelated(text))

    def unrelated(self, text: str) -> float:
        """Cosine of texts that have nothing in common, in the language of `text`."""
        return unrelated_cosine(self.unrelated_cosines, language_of(text))

    @property
    def unrelated_cosines(self) -> Mapping[str, float]:
        """As the embedder tells them by language."""
        return self._embedder.unrelated
