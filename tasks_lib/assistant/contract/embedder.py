"""``Embedder``: what turns texts into vectors."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Cosines = TypeVar("Cosines", float, NDArray[np.float32])


class Embedder(Protocol):
    """A bi-encoder and its tokenizer. One that calls no other process may say so by a true `in_process`.

    One that comes with the package tells its `id`, under which it is measured.
    One that tells questions from passages has `embed_query(text)`; one whose unrelated texts have a cosine far from 0
    tells it as `unrelated`: language (ISO 639-1, empty for all others) → that cosine.
    """

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens that are read of a text, without special tokens; the rest is cut off."""
        ...

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of `texts`."""
        ...

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every token of `text`, without special tokens and without truncation."""
        ...


def unrelated_cosines(embedder: Embedder) -> Mapping[str, float]:
    """What the embedder tells of unrelated texts; empty where it tells nothing, and they are about 0."""
    known: Mapping[str, float] = getattr(embedder, "unrelated", {})
    return known


def unrelated_cosine(known: Mapping[str, float], language: str | None) -> float:
    """That of a language (ISO 639-1), else of all others."""
    return known.get(language or "", known.get("", 0.0))


def stretched(cosines: Cosines, unrelated: float) -> Cosines:
    """Cosines as thresholds expect them: about 0 for unrelated texts, 1 for the same."""
    return (cosines - unrelated) / (1 - unrelated)


def embedder_id(embedder: Embedder) -> str:
    """The id of an embedder that comes with the package, such as `local/all-MiniLM-L6-v2`; empty for any other."""
    return str(getattr(embedder, "id", ""))


def in_process(embedder: Embedder) -> bool:
    """Whether it computes here: it may be slow, but does not hang as a call of another process may."""
    return bool(getattr(embedder, "in_process", False))
