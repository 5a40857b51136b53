"""Rankers and retrievers that a configuration names, between the ranking and the passages."""

from collections.abc import Callable

from haystack import Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.core.component import Component

from tasks_lib.assistant.retrieval.vector_retriever import VectorRetriever
from tasks_lib.config.pipelines import HaystackComponent
from tasks_lib.config.rag import ComponentConfig
from tasks_lib.errors import ConfigurationError
from tasks_lib.haystack_yaml import build_component
from tasks_lib.plugins import plugin

KEY = "retriever.components"
Refused = Callable[[str], ConfigurationError]


def add_custom_component(
    pipeline: Pipeline, name: str, config: ComponentConfig | HaystackComponent, ranking: str
) -> str:
    """Add a ranker or a retriever of Haystack or of another package.

    A ranker takes `documents`, and what it gives stands in their place. A retriever takes `query` or `query_embedding`,
    and what it gives is joined with the documents so far by reciprocal rank fusion.

    :param name: Its name in the pipeline.
    :param ranking: Component whose `documents` are the candidates so far.
    :returns: The component whose `documents` are the candidates now.
    :raises ConfigurationError: If it cannot be imported or made, or is neither of them.
    """
    component, refused = _made(config)
    inputs = _add(pipeline, name, component, refused)
    if inputs == {"query_embedding"}:
        pipeline.add_component(name, VectorRetriever(pipeline.remove_component(name)))
        pipeline.connect("embedder.embedding", f"{name}.embedding")
    if "documents" in inputs:
        pipeline.connect(f"{ranking}.documents", f"{name}.documents")
        return name
    joined = f"{name}_joined"
    pipeline.add_component(joined, DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect(f"{ranking}.documents", f"{joined}.documents")
    pipeline.connect(f"{name}.documents", f"{joined}.documents")
    return joined


def _made(config: ComponentConfig | HaystackComponent) -> tuple[Component, Refused]:
    """The component, and the error that names it."""
    if isinstance(config, ComponentConfig):
        part = plugin("components", config.name, KEY)
        return part.make(config.options), part.failed

    def refused(what: str) -> ConfigurationError:
        return ConfigurationError(f"{KEY} names {config.type!r}, which {what}", hint="Name a ranker or a retriever.")

    # whether it is allowed was asked where the configuration was loaded: a version runs what it was registered with
    return build_component(config, config.modules, KEY), refused


def _add(pipeline: Pipeline, name: str, component: Component, refused: Refused) -> set[str]:
    """Put the component into the pipeline; those of its inputs that a question or a ranking is given to."""
    try:
        pipeline.add_component(name, component)
    except Exception as error:
        raise refused(f"is no Haystack component: {error}") from error
    sockets, outputs = pipeline.inputs()[name], pipeline.outputs()[name]
    needed = {socket for socket, about in sockets.items() if about["is_mandatory"]}
    given = needed if needed == {"query_embedding"} else {"query", "documents"} & set(sockets)
    if "documents" not in outputs or not given or not needed <= given:
        raise refused(
            "must take `query`, `documents` or `query_embedding`, and give `documents`; "
            f"it takes {sorted(sockets)} and gives {sorted(outputs)}"
        )
    return given
