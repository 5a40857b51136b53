"""``CachedEmbedder``: embeds a text once, although guardrails, retriever and the next request ask for it too."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder, embedder_id, in_process, unrelated_cosines
from tasks_lib.assistant.embedders.text_embedder import embedder_to_dict

CACHED_TEXTS = 4096
"""Texts whose vectors are kept, by digest: 6 MB at 384 dimensions."""


class CachedEmbedder:
    """Another embedder with a cache of the vectors used last; the texts themselves are not kept. Threads share it.

    :param embedder: What embeds a text that is not in the cache.
    :param texts: How many vectors are cached.
    """

    def __init__(self, embedder: Embedder, texts: int = CACHED_TEXTS) -> None:
        self._embedder = embedder
        self._cache: LRUCache[bytes, NDArray[np.float32]] = LRUCache(texts)
        self._lock = Lock()
        embed_query = getattr(embedder, "embed_query", None)
        if embed_query is not None:
            self.embed_query = embed_query

    @property
    def id(self) -> str:
        """As of the embedder."""
        return embedder_id(self._embedder)

    @property
    def dimension(self) -> int:
        """As of the embedder."""
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        """As of the embedder."""
        return self._embedder.max_tokens

    @property
    def unrelated(self) -> Mapping[str, float]:
        """As of the embedder."""
        return unrelated_cosines(self._embedder)

    @property
    def in_process(self) -> bool:
        """As of the embedder."""
        return in_process(self._embedder)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """As of the embedder."""
        return self._embedder.token_spans(text)

    def to_dict(self) -> dict[str, Any]:
        """The embedder alone: a cache is not part of a pipeline."""
        return embedder_to_dict(self._embedder)

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of `texts`; only those are computed that are not in the cache."""
        embedded: list[list[float]] = self.vectors(texts).tolist()
        return embedded

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As :meth:`embed`, as the rows of an array."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        with self._lock:
            known = {key: self._cache[key] for key in keys if key in self._cache}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            rows = np.asarray(self._embedder.embed(list(new.values())), dtype=np.float32)
            # copies: a row that is a view would keep the vectors of the whole batch alive
            fresh = {key: row.copy() for key, row in zip(new, rows, strict=True)}
            known |= fresh
            with self._lock:
                self._cache.update(fresh)
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, self.dimension), dtype=np.float32)
