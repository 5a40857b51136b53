"""``search_pipeline``: from a question to its passages. The assistant's pipeline begins with it."""

from copy import deepcopy
from typing import Any

from haystack import Pipeline
from haystack.core.component import Component

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.assistant.embedders.cached import CachedEmbedder
from tasks_lib.assistant.embedders.text_embedder import TextEmbedder
from tasks_lib.assistant.retrieval.custom_components import add_custom_component
from tasks_lib.assistant.retrieval.fusion import HybridFusion
from tasks_lib.assistant.retrieval.selection import PassageSelector
from tasks_lib.assistant.retrieval.vector_retriever import VectorRetriever
from tasks_lib.config.rag import RagConfig, RetrieverConfig
from tasks_lib.errors import InputError

EMBEDDER = "embedder"
"""Name of the component that embeds the question."""
PASSAGES = "passages"
"""Name of the component whose `documents` are the retrieved passages."""


def search_pipeline(platform: Platform, rag: RagConfig, *, index_version: str | None = None) -> Pipeline:
    """`embedder` → `vector` and `keyword` → `fusion` → `retriever.components` → `passages`.

    Nothing is opened before the pipeline runs; :func:`question_inputs` are its inputs.

    :param index_version: Committed state of the index that is read, where `rag.index.follow` is `pinned`.
    :raises ConfigurationError: If the platform has no such embedder, or a component does not fit.
    """
    retriever, index = rag.retriever, open_index(platform, rag, index_version)
    parts: dict[str, Component] = {
        EMBEDDER: TextEmbedder(CachedEmbedder(platform.embedder(rag.embedder))),
        PASSAGES: PassageSelector(
            top_k=retriever.top_k,
            score_threshold=retriever.score_threshold,
            merge_neighbours=retriever.merge_neighbours,
            prefer=retriever.prefer,
            weights=retriever.weights,
        ),
    }
    offered = retriever.candidates if retriever.mode == "hybrid" else retriever.top_k
    if retriever.mode != "keyword":
        parts["vector"] = VectorRetriever(index.vector_retriever(top_k=offered, filters=retriever.filters))
    if retriever.mode != "vector":
        parts["keyword"] = index.keyword_retriever(top_k=offered, filters=deepcopy(retriever.filters))
    if retriever.mode == "hybrid":
        parts["fusion"] = _fusion(retriever)
    pipeline = Pipeline()
    pipeline.add_components(parts)
    if "vector" in parts:
        pipeline.connect(f"{EMBEDDER}.embedding", "vector.embedding")
    if "fusion" in parts:
        pipeline.connect("vector.documents", "fusion.vector")
        pipeline.connect("keyword.documents", "fusion.keyword")
    ranking = list(parts)[-1]
    for number, config in enumerate(retriever.components, start=1):
        ranking = add_custom_component(pipeline, f"ranking_{number}", config, ranking)
    pipeline.connect(f"{ranking}.documents", f"{PASSAGES}.documents")
    return pipeline


def question_inputs(pipeline: Pipeline) -> list[str]:
    """Inputs of a search pipeline that take the question, as `component.socket`."""
    queries = [f"{name}.query" for name, sockets in pipeline.inputs().items() if "query" in sockets]
    return [f"{EMBEDDER}.text", *queries]


def inputs_of(pipeline: Pipeline, question: str) -> dict[str, dict[str, Any]]:
    """Data that runs a search pipeline for `question`."""
    return {name: {socket: question} for name, socket in (path.split(".") for path in question_inputs(pipeline))}


def require_index(platform: Platform, rag: RagConfig, index_version: str | None = None) -> None:
    """Refuse to search where nothing was ever ingested.

    :raises InputError: If there is no index.
    """
    if not open_index(platform, rag, index_version).exists():
        raise InputError(
            f"there is no index {rag.index_name!r}",
            hint="Run `llmops ingest` with the same collection, embedder and chunking first.",
        )


def open_index(platform: Platform, rag: RagConfig, index_version: str | None) -> Index:
    """The index that `rag` names, as it says: pinned to `index_version`, the released state, or as it is now."""
    if index_version is not None and rag.index.follow == "pinned":
        return platform.index(rag, version=index_version)
    if rag.index.follow == "gated":
        return platform.open_index(rag.index_name, released=True)
    return platform.open_index(rag.index_name)


def index_as_read(platform: Platform, rag: RagConfig) -> Index:
    """The index as readers of `rag` see it now; later changes, and later releases, do not show in it."""
    index = platform.index(rag)
    if rag.index.follow != "gated" or not index.exists():
        return index
    released = index.states().released
    return index.at(released) if released else index


def _fusion(retriever: RetrieverConfig) -> Component:
    fusion: Component = HybridFusion(
        method=retriever.fusion,
        vector_weight=retriever.vector_weight,
        context_weight=retriever.context_weight,
        context_characters=retriever.context_characters,
    )
    return fusion
