"""The retrieval part of the pipeline, which the assistant and `search` share."""

from typing import Any

from haystack import Pipeline
from haystack.core.component import Component

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.embedders.text_embedder import TextEmbedder
from tasks_lib.assistant.retrieval.custom_components import add_own_component, own_name
from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.assistant.retrieval.selection import PassageSelector
from tasks_lib.assistant.retrieval.vector_retriever import VectorRetriever
from tasks_lib.config.rag import RagConfig, RetrieverConfig
from tasks_lib.errors import InputError

PASSAGES = "passages"
"""Name of the component whose `documents` are the retrieved passages."""


def open_index(rag: RagConfig, platform: Platform, index_version: str | None) -> Index:
    """The index that `rag` names: pinned to `index_version` if it says so, else as it is now.

    :raises InputError: If nothing was ever ingested into it.
    """
    index = platform.index(rag, version=index_version if rag.index.follow == "pinned" else None)
    if not index.exists():
        raise InputError(
            f"there is no index {rag.index_name!r}",
            hint="Run `llmops ingest` with the same collection, embedder and chunking first.",
        )
    return index


def add_retrieval(pipeline: Pipeline, retriever: RetrieverConfig, index: Index, embedder: Embedder) -> None:
    """Add the components from a question to its passages: `embedder`, retrievers, `fusion`, `passages`."""
    offered = retriever.candidates if retriever.mode == "hybrid" else retriever.top_k
    pipeline.add_component("embedder", TextEmbedder(embedder))
    selector = PassageSelector(
        top_k=retriever.top_k,
        score_threshold=retriever.score_threshold,
        merge_neighbours=retriever.merge_neighbours,
    )
    pipeline.add_component(PASSAGES, selector)
    if retriever.mode != "keyword":
        nearest = index.vector_retriever(top_k=offered, filters=retriever.filters)
        pipeline.add_component("vector", VectorRetriever(nearest))
        pipeline.connect("embedder.embedding", "vector.embedding")
    if retriever.mode != "vector":
        pipeline.add_component("keyword", index.keyword_retriever(top_k=offered, filters=retriever.filters))
    if retriever.mode == "hybrid":
        pipeline.add_component("fusion", _fusion(retriever))
        pipeline.connect("vector.documents", "fusion.vector")
        pipeline.connect("keyword.documents", "fusion.keyword")
    ranking = {"hybrid": "fusion", "vector": "vector", "keyword": "keyword"}[retriever.mode]
    for number, part in enumerate(retriever.components):
        ranking = add_own_component(pipeline, own_name(number), part, ranking)
    pipeline.connect(f"{ranking}.documents", f"{PASSAGES}.documents")


def question_inputs(retriever: RetrieverConfig) -> list[str]:
    """Inputs of the retrieval part that take the question."""
    built_in = ["embedder.text"] if retriever.mode == "vector" else ["embedder.text", "keyword.query"]
    return built_in + [f"{own_name(number)}.query" for number in range(len(retriever.components))]


def inputs_of(question: str, retriever: RetrieverConfig) -> dict[str, dict[str, Any]]:
    """Data that runs the retrieval part for `question`."""
    return {name: {socket: question} for name, socket in (path.split(".") for path in question_inputs(retriever))}


def _fusion(retriever: RetrieverConfig) -> Component:
    fusion: Component = HybridFusion(
        method=retriever.fusion,
        vector_weight=retriever.vector_weight,
        context_weight=retriever.context_weight,
        context_characters=retriever.context_characters,
    )
    return fusion
