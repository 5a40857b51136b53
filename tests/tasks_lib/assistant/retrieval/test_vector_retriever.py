"""The step between the question's embedding and an index's retriever."""

import asyncio
from typing import Any

import numpy as np
import pytest
from haystack import Document, Pipeline, component
from haystack.components.retrievers import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from tasks_lib.assistant.retrieval.vector_retriever import VectorRetriever


@component
class OnlySync:
    """As another package may write one."""

    def __init__(self) -> None:
        self.asked: Any = None
        self.warm = False

    def warm_up(self) -> None:
        self.warm = True

    @component.output_types(documents=list[Document])
    def run(self, query_embedding: list[float]) -> dict[str, list[Document]]:
        self.asked = query_embedding
        return {"documents": [Document(content="found")]}


@pytest.fixture
def in_memory() -> InMemoryEmbeddingRetriever:
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(
        [Document(content="up", embedding=[0.0, 1.0]), Document(content="right", embedding=[1.0, 0.0])]
    )
    return InMemoryEmbeddingRetriever(store, top_k=1)


def test_the_retriever_is_given_a_list_and_finds_what_is_nearest(in_memory: InMemoryEmbeddingRetriever) -> None:
    retriever = VectorRetriever(in_memory)
    up = np.asarray([0.1, 0.9])
    assert [document.content for document in retriever.run(embedding=up)["documents"]] == ["up"]
    assert asyncio.run(retriever.run_async(embedding=up)) == retriever.run(embedding=up)


def test_a_retriever_without_an_asynchronous_run_serves_as_well() -> None:
    only_sync = OnlySync()
    retriever = VectorRetriever(only_sync)
    retriever.warm_up()
    found = asyncio.run(retriever.run_async(embedding=np.asarray([0.5, 0.25])))
    assert [document.content for document in found["documents"]] == ["found"]
    assert (only_sync.asked, only_sync.warm) == ([0.5, 0.25], True)


def test_it_is_saved_with_its_retriever(in_memory: InMemoryEmbeddingRetriever) -> None:
    pipeline = Pipeline()
    pipeline.add_component("vector", VectorRetriever(in_memory))
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["tasks_lib.assistant.*"])
    assert again.to_dict()["components"]["vector"]["type"].endswith("VectorRetriever")
    assert isinstance(again.get_component("vector").retriever, InMemoryEmbeddingRetriever)
