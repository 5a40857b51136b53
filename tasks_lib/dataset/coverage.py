"""Whether the documents of an index cover a question or mention a thing: asked of the index, not of a sample."""

from typing import Any, Self

from haystack import Document, default_from_dict, default_to_dict
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.said import says
from tasks_lib.text.words import content_stems

COVERED = 0.5
"""Cosine (MiniLM) of a question and its nearest chunk from which the documents are taken to cover the question."""
_NEAREST = 20


class Coverage:
    """Looks things up in an index.

    :param keyword_retriever: A component `run(query: str) -> {"documents"}`.
    :param vector_retriever: A component `run(query_embedding: list[float]) -> {"documents"}`.
    :param embedder: The embedder that made the vectors of the index.
    """

    def __init__(self, *, keyword_retriever: Component, vector_retriever: Component, embedder: Embedder) -> None:
        self._keyword: Any = keyword_retriever
        self._vector: Any = vector_retriever
        self._embedder = embedder

    @classmethod
    def of(cls, index: Index, embedder: Embedder) -> Self:
        """Coverage by the chunks of `index`."""
        return cls(
            keyword_retriever=index.keyword_retriever(top_k=_NEAREST),
            vector_retriever=index.vector_retriever(top_k=_NEAREST),
            embedder=embedder,
        )

    def to_dict(self) -> dict[str, Any]:
        """Serialise, with retrievers and embedder."""
        return default_to_dict(
            self,
            keyword_retriever=component_to_dict(self._keyword, "keyword_retriever"),
            vector_retriever=component_to_dict(self._vector, "vector_retriever"),
            embedder=component_to_dict(self._embedder, "embedder"),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild the object."""
        return default_from_dict(cls, data)

    def mentions(self, phrase: str) -> bool:
        """Whether one chunk holds all content words of `phrase`."""
        needed = content_stems(phrase)
        return any(needed <= content_stems(_text(chunk)) for chunk in self._matching(phrase))

    def covers(self, question: str, language: str = "en") -> bool:
        """Whether a chunk holds all content words of `question`, or lies nearer to it than :data:`COVERED`.

        :param language: ISO 639-1; how near is near is known for English only.
        """
        if self.mentions(question):
            return True
        if language != "en":
            return False
        nearest = self._nearest(question)[:1]
        return bool(nearest) and (nearest[0].score or 0.0) >= COVERED

    def answers_elsewhere(self, example: Example) -> int:
        """How many of the chunks nearest to the question, but its own, hold its answer and its words."""
        asked = content_stems(example.question)
        return sum(
            not _overlaps(chunk, example)
            and says(example.answer, chunk.content or "")
            and asked <= content_stems(_text(chunk))
            for chunk in self._nearest(example.question)
        )

    def near(self, text: str) -> list[Document]:
        """The chunks that are nearest by meaning, then those that share the rarest words, each once."""
        found = {chunk.id: chunk for chunk in (*self._nearest(text), *self._matching(text))}
        return list(found.values())

    def nearest(self, question: str) -> list[str]:
        """The chunk that is nearest by meaning, and the one that shares the rarest words."""
        chunks = (*self._nearest(question)[:1], *self._matching(question)[:1])
        return [chunk.content for chunk in chunks if chunk.content]

    def _nearest(self, question: str) -> list[Document]:
        chunks: list[Document] = self._vector.run(query_embedding=self._embedder.embed([question])[0])["documents"]
        return chunks

    def _matching(self, phrase: str) -> list[Document]:
        chunks: list[Document] = self._keyword.run(query=phrase)["documents"]
        return chunks


def _overlaps(chunk: Document, example: Example) -> bool:
    return any(
        (chunk.meta["source"], chunk.meta["document"]) == (reference.source, reference.document)
        and chunk.meta["start"] < reference.end
        and reference.start < chunk.meta["end"]
        for reference in example.references
    )


def _text(chunk: Document) -> str:
    return " ".join(str(part) for part in (chunk.meta.get("title"), chunk.meta.get("heading"), chunk.content) if part)
