"""An embedder that embeds a text once, although the guardrails, the retriever and the next request ask for it too."""

from array import array
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Any

from tasks_lib.assistant.contract.embedder import Embedder, in_process
from tasks_lib.assistant.embedders.text_embedder import embedder_to_dict

REMEMBERED = 4096
"""Texts whose vectors are kept, by digest: 12 MB at 384 dimensions."""


class RememberedEmbedder:
    """Another embedder with a memory of its latest vectors; the texts themselves are not kept. Threads share it.

    :param texts: How many are remembered.
    """

    def __init__(self, embedder: Embedder, texts: int = REMEMBERED) -> None:
        self._embedder = embedder
        self._texts = texts
        self._vectors: OrderedDict[bytes, array[float]] = OrderedDict()
        self._lock = Lock()
        own_query = getattr(embedder, "embed_query", None)
        if own_query is not None:
            self.embed_query = own_query

    @property
    def dimension(self) -> int:
        """As of the embedder."""
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        """As of the embedder."""
        return self._embedder.max_tokens

    @property
    def in_process(self) -> bool:
        """As of the embedder."""
        return in_process(self._embedder)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """As of the embedder."""
        return self._embedder.token_spans(text)

    def to_dict(self) -> dict[str, Any]:
        """The embedder alone: a memory is not part of a pipeline."""
        return embedder_to_dict(self._embedder)

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of `texts`; only those are computed that are not remembered."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        with self._lock:
            known = {key: self._vectors[key] for key in keys if key in self._vectors}
            for key in known:
                self._vectors.move_to_end(key)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = self._embedder.embed(list(new.values()))
            fresh = {key: array("d", vector) for key, vector in zip(new, made, strict=True)}
            known |= fresh
            with self._lock:
                self._vectors |= fresh
                while len(self._vectors) > self._texts:
                    self._vectors.popitem(last=False)
        return [known[key].tolist() for key in keys]
