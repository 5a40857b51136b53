"""Rankers and retrievers of other packages, between the ranking and the passages."""

from haystack import Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.core.component import Component

from tasks_lib.config.rag import ComponentConfig
from tasks_lib.plugins import Plugin, plugin


def own_name(number: int) -> str:
    """Name in the pipeline of the component at this place in `retriever.components`."""
    return f"own_{number}"


def add_own_component(pipeline: Pipeline, name: str, config: ComponentConfig, ranking: str) -> str:
    """Add a Haystack component that takes `query` and gives `documents`.

    A ranker takes `documents` as well, and what it gives stands in their place. What a retriever finds is joined with
    them by reciprocal rank fusion.

    :param ranking: Component whose `documents` are the candidates so far.
    :returns: The component whose `documents` are the candidates now.
    :raises PluginError: If it cannot be imported or made, or is no such component.
    """
    brought = plugin("components", config.name, "retriever.components")
    inputs = _add(pipeline, name, brought, brought.make(config.options))
    if "documents" in inputs:
        pipeline.connect(f"{ranking}.documents", f"{name}.documents")
        return name
    joined = f"{name}_joined"
    pipeline.add_component(joined, DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect(f"{ranking}.documents", f"{joined}.documents")
    pipeline.connect(f"{name}.documents", f"{joined}.documents")
    return joined


def _add(pipeline: Pipeline, name: str, brought: Plugin, component: Component) -> set[str]:
    """Put the component into the pipeline; its inputs."""
    try:
        pipeline.add_component(name, component)
    except Exception as error:
        raise brought.failed("is no Haystack component", error) from error
    inputs, outputs = set(pipeline.inputs()[name]), set(pipeline.outputs()[name])
    if "query" not in inputs or "documents" not in outputs:
        what = f"must take `query` and give `documents`; it takes {sorted(inputs)} and gives {sorted(outputs)}"
        raise brought.failed(what)
    return inputs
