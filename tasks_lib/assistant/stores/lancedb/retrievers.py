"""Haystack retrievers over a `LanceDBDocumentStore`."""

from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.core.serialization import generate_qualified_class_name
from haystack.document_stores.types import FilterPolicy
from haystack.document_stores.types.filter_policy import apply_filter_policy

from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore
from tasks_lib.assistant.stores.lancedb.sync_document_store import Filters


class _Retriever:
    """What both retrievers are made of.

    :param document_store: The store that is searched.
    :param filters: Filters that hold in every run.
    :param top_k: Documents returned at most.
    :param filter_policy: Whether the filters of a run replace these or are merged with them.
    """

    def __init__(
        self,
        *,
        document_store: LanceDBDocumentStore,
        filters: Filters = None,
        top_k: int = 10,
        filter_policy: str | FilterPolicy = FilterPolicy.REPLACE,
    ) -> None:
        if top_k < 1:
            msg = f"top_k must be 1 or more, not {top_k}"
            raise ValueError(msg)
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.filter_policy = (
            filter_policy if isinstance(filter_policy, FilterPolicy) else FilterPolicy.from_str(filter_policy)
        )

    def to_dict(self) -> dict[str, Any]:
        """Serialise, the document store included."""
        return default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            filter_policy=self.filter_policy.value,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Deserialise; a store that is named by a class of its own, by that class."""
        parameters = data["init_parameters"]
        if parameters["document_store"]["type"] == generate_qualified_class_name(LanceDBDocumentStore):
            parameters["document_store"] = LanceDBDocumentStore.from_dict(parameters["document_store"])
        retriever: Self = default_from_dict(cls, data)
        return retriever

    def _options(self, filters: Filters, top_k: int | None) -> dict[str, Any]:
        merged = apply_filter_policy(self.filter_policy, self.filters, filters)
        return {"filters": merged, "top_k": self.top_k if top_k is None else top_k}


@component
class LanceDBEmbeddingRetriever(_Retriever):
    """Finds the documents nearest to an embedding; scores are cosine similarities.

    Example:
        ```python
        retriever = LanceDBEmbeddingRetriever(document_store=store, top_k=5)
        retriever.run(query_embedding=embedder.embed(["How long is parental leave?"])[0])
        ```

    """

    @component.output_types(documents=list[Document])
    def run(
        self, query_embedding: list[float], filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Search.

        :param query_embedding: As long as the embeddings of the store.
        :param filters: Applied before the search, together with the retriever's own as its filter policy says.
        :param top_k: Instead of the retriever's own.
        :returns: `documents`, best first.
        """
        options = self._options(filters, top_k)
        return {"documents": self.document_store.embedding_retrieval(query_embedding, **options)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query_embedding: list[float], filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Twin of `run`."""
        options = self._options(filters, top_k)
        return {"documents": await self.document_store.embedding_retrieval_async(query_embedding, **options)}


@component
class LanceDBKeywordRetriever(_Retriever):
    """Finds the documents that share words with a text, each in the way of its language; scores are BM25.

    Example:
        ```python
        retriever = LanceDBKeywordRetriever(document_store=store, top_k=5)
        retriever.run(query="parental leave")
        ```

    """

    @component.output_types(documents=list[Document])
    def run(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Search.

        :param query: Any text; there is no query language that could fail.
        :param filters: Applied before the search, together with the retriever's own as its filter policy says.
        :param top_k: Instead of the retriever's own.
        :returns: `documents`, best first.
        """
        return {"documents": self.document_store.keyword_retrieval(query, **self._options(filters, top_k))}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Twin of `run`."""
        options = self._options(filters, top_k)
        return {"documents": await self.document_store.keyword_retrieval_async(query, **options)}
