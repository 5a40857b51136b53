"""Embeddings of one check, each text embedded once although several detectors ask."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder

Matrix = NDArray[np.float32]


class Vectors:
    """Unit vectors of texts, remembered for the life of one check."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Matrix] = {}

    def of(self, texts: Sequence[str]) -> Matrix:
        """One row per text."""
        new = [t for t in dict.fromkeys(texts) if t not in self._known]
        if new:
            rows = np.asarray(self._embedder.embed(new), dtype=np.float32)
            self._known.update(zip(new, rows, strict=True))
        return np.stack([self._known[t] for t in texts])
