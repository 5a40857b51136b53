"""Cosine similarity of texts with every text embedded once."""

from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder

Vector = NDArray[np.float32]


class Similarity:
    """An embedder that remembers; any thread may use it.

    :param embedder: Gives unit vectors.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, Vector] = {}
        self._lock = Lock()

    def prefetch(self, texts: Iterable[str]) -> None:
        """Embed in one batch what is not known yet."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
            if missing:
                vectors = np.asarray(self._embedder.embed(missing), dtype=np.float32)
                self._vectors.update(zip(missing, vectors, strict=True))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector per row."""
        self.prefetch(texts)
        return np.stack([self._vectors[text] for text in texts])

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
