"""Joins what the vector retriever and the keyword retriever give into one ranking."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from haystack import Document, component, default_from_dict, default_to_dict
from numpy.typing import NDArray

RANK_CONSTANT = 60
"""k of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""


@component
class HybridFusion:
    """Joins two rankings of the same index, and lets chunks near each other in a document support each other.

    :param method: `normalised` brings the scores of each list to 0..1 (least to greatest) and weighs them; `rrf` uses
        the ranks only.
    :param vector_weight: Share of the vector list, 0 to 1.
    :param context_weight: What a chunk gains from the fused score of a chunk right beside it, with `normalised`. Other
        chunks of the same document count less with their distance.
    :param context_characters: Distance from which they count nothing.
    """

    def __init__(
        self,
        *,
        method: Literal["normalised", "rrf"] = "normalised",
        vector_weight: float = 0.4,
        context_weight: float = 0.5,
        context_characters: int = 1200,
    ) -> None:
        self.method = method
        self.vector_weight = vector_weight
        self.context_weight = context_weight
        self.context_characters = context_characters

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(
            self,
            method=self.method,
            vector_weight=self.vector_weight,
            context_weight=self.context_weight,
            context_characters=self.context_characters,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "HybridFusion":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document])
    def run(self, vector: list[Document], keyword: list[Document]) -> dict[str, list[Document]]:
        """Fuse both lists, each with the best first.

        :returns: All documents of both, the best first, with the fused score: 0..1 plus what the context adds.
        """
        documents = {document.id: document for document in [*vector, *keyword]}
        fused = dict.fromkeys(documents, 0.0)
        for ranking, weight in ((vector, self.vector_weight), (keyword, 1 - self.vector_weight)):
            for document, share in zip(ranking, self._shares(ranking), strict=True):
                fused[document.id] += weight * share
        candidates = list(documents.values())
        scores = np.array([fused[document.id] for document in candidates])
        if self.method == "normalised" and candidates:
            scores = scores + self._support(candidates) @ scores
        order = sorted(range(len(candidates)), key=lambda row: (-scores[row], candidates[row].id))
        return {"documents": [replace(candidates[row], score=float(scores[row])) for row in order]}

    def _shares(self, ranking: list[Document]) -> list[float]:
        if self.method == "rrf":
            return [(RANK_CONSTANT + 1) / (RANK_CONSTANT + rank) for rank in range(1, len(ranking) + 1)]
        scores = [document.score or 0.0 for document in ranking]
        least, span = min(scores, default=0.0), max(scores, default=0.0) - min(scores, default=0.0)
        return [(score - least) / span if span else 1.0 for score in scores]

    def _support(self, documents: list[Document]) -> NDArray[np.float64]:
        """Weight of each document (column) for each other (row): falls in a line with the characters between them."""
        start = np.array([document.meta.get("start", 0) for document in documents], dtype=float)
        end = np.array([document.meta.get("end", 0) for document in documents], dtype=float)
        paths = [(document.meta.get("source"), document.meta.get("document")) for document in documents]
        number = {path: position for position, path in enumerate(dict.fromkeys(paths))}
        document_of = np.array([number[path] for path in paths])
        between = np.maximum(start[None, :] - end[:, None], start[:, None] - end[None, :])
        near = 1 - np.maximum(between, 0) / self.context_characters
        weights = self.context_weight * np.maximum(near, 0) * (document_of[:, None] == document_of[None, :])
        np.fill_diagonal(weights, 0)
        return np.asarray(weights)
