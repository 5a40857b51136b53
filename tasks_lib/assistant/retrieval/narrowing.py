"""Keeps the retrievers of a pipeline to the passages that meet a question's own conditions."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from haystack import Pipeline

from tasks_lib.assistant.retrieval.vector_retriever import VectorRetriever
from tasks_lib.errors import InputError

FiltersOf = Callable[[Sequence[str]], dict[str, Any]]
"""Conditions such as `document=guides/*` → Haystack's filters, those of the configuration among them."""
OWN = ("vector", "keyword")
"""Names of the retrievers of a search pipeline; those that a configuration adds are joined by `NAME_joined`."""


def narrowed(pipeline: Pipeline, where: Sequence[str], filters_of: FiltersOf | None) -> dict[str, dict[str, Any]]:
    """Inputs of the pipeline's retrievers that keep them to what meets `where`; none where that is empty.

    :raises InputError: If a condition cannot be read, or a retriever takes no filters.
    """
    if not where:
        return {}
    retrievers = list(_retrievers(pipeline))
    deaf = [name for name in retrievers if not _takes_filters(pipeline.get_component(name))]
    if filters_of is None or deaf or not retrievers:
        named = ", ".join(deaf) or "its pipeline"
        raise InputError(
            f"this assistant takes no conditions such as {where[0]!r}: {named} finds passages without filters",
            hint="Leave the conditions out, or use retrievers that take `filters`.",
        )
    filters = filters_of(where)
    return {name: {"filters": filters} for name in retrievers}


def _retrievers(pipeline: Pipeline) -> Iterator[str]:
    names = set(pipeline.graph.nodes)
    return (name for name in sorted(names) if name in OWN or f"{name}_joined" in names)


def _takes_filters(component: Any) -> bool:
    retriever = component.retriever if isinstance(component, VectorRetriever) else component
    return "filters" in inspect.signature(retriever.run).parameters
