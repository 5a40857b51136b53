"""Whether the documents of an index cover a question or mention a thing: asked of the index, not of a sample."""

from haystack import Document

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.text.words import content_stems

COVERED = 0.5
"""Cosine (MiniLM) of a question and its nearest chunk from which the documents are taken to cover the question."""
_NEAREST = 20


class Coverage:
    """Looks things up in an index.

    :param embedder: The embedder that made the vectors of `index`.
    """

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self._embedder = embedder
        self._keyword = index.keyword_retriever(top_k=_NEAREST)
        self._vector = index.vector_retriever(top_k=1)

    def mentions(self, phrase: str) -> bool:
        """Whether one chunk holds all content words of `phrase`."""
        needed = content_stems(phrase)
        return any(needed <= content_stems(_text(chunk)) for chunk in self._find(phrase))

    def covers(self, question: str) -> bool:
        """Whether a chunk holds all content words of `question`, or lies nearer to it than :data:`COVERED`."""
        if self.mentions(question):
            return True
        nearest = self._vector.run(query_embedding=self._embedder.embed([question])[0])["documents"]
        return bool(nearest) and (nearest[0].score or 0.0) >= COVERED

    def nearest(self, question: str) -> list[str]:
        """The chunk that is nearest by meaning, and the one that shares the rarest words."""
        by_meaning = self._vector.run(query_embedding=self._embedder.embed([question])[0])["documents"]
        return [chunk.content for chunk in (*by_meaning, *self._find(question)[:1]) if chunk.content]

    def _find(self, phrase: str) -> list[Document]:
        found: list[Document] = self._keyword.run(query=phrase)["documents"]
        return found


def _text(chunk: Document) -> str:
    return " ".join(str(part) for part in (chunk.meta.get("title"), chunk.meta.get("heading"), chunk.content) if part)
