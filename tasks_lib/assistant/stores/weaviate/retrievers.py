"""Haystack retrievers over the visible chunks of an index on Weaviate."""

import asyncio
from dataclasses import replace
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.core.serialization import generate_qualified_class_name
from haystack_integrations.components.retrievers.weaviate import WeaviateBM25Retriever, WeaviateEmbeddingRetriever

from tasks_lib.assistant.stores.weaviate.store import WeaviateIndexStore


class _Retriever:
    """What both retrievers are made of.

    :param filters: Haystack filters that hold in every run.
    :param top_k: Documents returned at most.
    """

    def __init__(
        self, *, document_store: WeaviateIndexStore, filters: dict[str, Any] | None = None, top_k: int = 10
    ) -> None:
        if top_k < 1:
            msg = f"top_k must be 1 or more, not {top_k}"
            raise ValueError(msg)
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k

    def to_dict(self) -> dict[str, Any]:
        """Serialise, the document store included."""
        return default_to_dict(
            self, document_store=self.document_store.to_dict(), filters=self.filters, top_k=self.top_k
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Deserialise; a store that is named by a class of its own, by that class."""
        parameters = data["init_parameters"]
        if parameters["document_store"]["type"] == generate_qualified_class_name(WeaviateIndexStore):
            parameters["document_store"] = WeaviateIndexStore.from_dict(parameters["document_store"])
        retriever: Self = default_from_dict(cls, data)
        return retriever

    def warm_up(self) -> None:
        """Refuse an index that is no longer at the version that was asked for.

        :raises IndexUnavailableError: As that.
        """
        self.document_store.require_version()


@component
class WeaviateVectorRetriever(_Retriever):
    """Finds the chunks nearest to an embedding; scores are cosine similarities."""

    @component.output_types(documents=list[Document])
    def run(self, query_embedding: list[float], filters: dict[str, Any] | None = None) -> dict[str, list[Document]]:
        """Search.

        :param query_embedding: As long as the embeddings of the index.
        :param filters: Instead of the retriever's own.
        :returns: `documents`, best first.
        :raises IndexUnavailableError: If it has another length, or the server cannot be reached.
        """
        store = self.document_store

        def ask() -> list[Document]:
            if not store.is_there():
                return []
            store.require_dimension(query_embedding)
            retriever = WeaviateEmbeddingRetriever(document_store=store, filters=filters or self.filters)
            return retriever.run(query_embedding, top_k=self.top_k)["documents"]

        documents = store.connection.read(f"index {store.index!r}", ask)
        return {"documents": [replace(document, score=_cosine(document.score)) for document in documents]}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query_embedding: list[float], filters: dict[str, Any] | None = None
    ) -> dict[str, list[Document]]:
        """Twin of `run`."""
        return await asyncio.to_thread(self.run, query_embedding, filters)


@component
class WeaviateKeywordRetriever(_Retriever):
    """Finds the chunks that share words with a text in the way of its language; scores are BM25."""

    @component.output_types(documents=list[Document])
    def run(self, query: str, filters: dict[str, Any] | None = None) -> dict[str, list[Document]]:
        """Search.

        :param query: Any text; there is no query language that could fail.
        :param filters: Instead of the retriever's own.
        :returns: `documents`, best first.
        :raises IndexUnavailableError: If the server cannot be reached.
        """
        store = self.document_store

        def ask() -> list[Document]:
            if not store.is_there():
                return []
            retriever = WeaviateBM25Retriever(document_store=store, filters=filters or self.filters)
            return retriever.run(query, top_k=self.top_k)["documents"]

        return {"documents": store.connection.read(f"index {store.index!r}", ask)}

    @component.output_types(documents=list[Document])
    async def run_async(self, query: str, filters: dict[str, Any] | None = None) -> dict[str, list[Document]]:
        """Twin of `run`."""
        return await asyncio.to_thread(self.run, query, filters)


def _cosine(certainty: float | None) -> float | None:
    """Weaviate's certainty is `(1 + cosine) / 2`."""
    return None if certainty is None else 2 * certainty - 1
