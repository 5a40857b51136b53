"""``ChunkEmbedder``: the Haystack component that gives chunks their vectors."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from haystack import Document, component, default_from_dict, default_to_dict
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.ingestion.chunk import content_hash, embedding_text

EMBED_TEXTS = 256
"""Texts handed to the embedder at once, sorted by length."""

Vectors = NDArray[np.float32]
KnownVectors = Callable[[Sequence[str]], dict[str, list[float]]]
"""Hashes of texts (`content_hash`) → the vectors that are known already."""


@component
class ChunkEmbedder:
    """Embeds chunks below their titles and headings. Equal texts, and those whose vectors are known, are not embedded.

    :param embedder: Any embedder of the platform.
    """

    def __init__(self, *, embedder: Embedder) -> None:
        self.embedder = embedder

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component, the embedder included."""
        return default_to_dict(self, embedder=self.embedder)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document], vectors=Vectors, embedded=int)
    def run(self, documents: list[Document], known_vectors: KnownVectors | None = None) -> dict[str, Any]:
        """Embed `documents`.

        :param known_vectors: Looks up vectors, as those of the index.
        :returns: `documents` as they came; `vectors`, one row of float32 for each, an eighth of the memory that lists
            of floats take; `embedded`, how many texts were embedded.
        """
        hashes = [document.meta.get("content_hash") or content_hash(document) for document in documents]
        texts = dict(zip(hashes, map(embedding_text, documents), strict=True))
        known = known_vectors(list(texts)) if texts and known_vectors else {}
        vectors = {digest: np.asarray(vector, dtype=np.float32) for digest, vector in known.items()}
        unknown = sorted((digest for digest in texts if digest not in vectors), key=lambda digest: len(texts[digest]))
        for first in range(0, len(unknown), EMBED_TEXTS):
            portion = unknown[first : first + EMBED_TEXTS]
            embedded = self.embedder.embed([texts[digest] for digest in portion])
            vectors.update(zip(portion, np.asarray(embedded, dtype=np.float32), strict=True))
        rows = np.empty((len(documents), self.embedder.dimension), dtype=np.float32)
        for row, digest in enumerate(hashes):
            rows[row] = vectors[digest]
        return {"documents": documents, "vectors": rows, "embedded": len(unknown)}
