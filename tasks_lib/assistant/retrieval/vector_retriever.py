"""Hands the question's embedding to an index's own retriever."""

import asyncio
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.core.component import Component
from haystack.core.serialization import component_to_dict

from tasks_lib.assistant.embedders.text_embedder import Vector


@component
class VectorRetriever:
    """An embedding retriever that is given an array.

    A pipeline copies what components hand on entry by entry, which for a list of numbers takes longer than the search.

    :param retriever: A component `run(query_embedding: list[float]) -> {"documents"}`.
    """

    def __init__(self, retriever: Component) -> None:
        self.retriever: Any = retriever

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its retriever."""
        return default_to_dict(self, retriever=component_to_dict(self.retriever, "retriever"))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "VectorRetriever":
        """Rebuild the component."""
        retriever: VectorRetriever = default_from_dict(cls, data)
        return retriever

    def warm_up(self) -> None:
        """As of the retriever."""
        if hasattr(self.retriever, "warm_up"):
            self.retriever.warm_up()

    @component.output_types(documents=list[Document])
    def run(self, embedding: Vector, filters: dict[str, Any] | None = None) -> dict[str, list[Document]]:
        """The documents nearest to `embedding`, as the retriever finds them.

        :param filters: Given to a retriever that is to find what meets them; without any its own hold.
        """
        inputs = {} if filters is None else {"filters": filters}
        result: dict[str, list[Document]] = self.retriever.run(query_embedding=embedding.tolist(), **inputs)
        return {"documents": result["documents"]}

    @component.output_types(documents=list[Document])
    async def run_async(self, embedding: Vector, filters: dict[str, Any] | None = None) -> dict[str, list[Document]]:
        """As `run`, without blocking the event loop."""
        if not hasattr(self.retriever, "run_async"):
            return await asyncio.to_thread(self.run, embedding, filters)
        inputs = {} if filters is None else {"filters": filters}
        result: dict[str, list[Document]] = await self.retriever.run_async(query_embedding=embedding.tolist(), **inputs)
        return {"documents": result["documents"]}
