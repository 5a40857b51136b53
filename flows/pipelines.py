"""`pipeline list` and `pipeline show`: Haystack pipelines as they would run under a platform and a configuration."""

import pkgutil
import re
from difflib import get_close_matches
from typing import Any, Literal

from haystack import Pipeline
from pydantic import BaseModel

from blocks.resolve import resolve_platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.haystack_yaml import pipeline_yaml

Format = Literal["yaml", "mermaid"]

PIPELINES = {
    "indexing": ("tasks_lib.ingestion.pipeline:indexing_pipeline", "from files to chunks with vectors"),
    "search": ("tasks_lib.assistant.retrieval.pipeline:search_pipeline", "from a question to passages"),
    "assistant": ("tasks_lib.assistant.pipeline:assistant_pipeline", "from a conversation to an answer"),
    "questions": ("tasks_lib.dataset.pipeline:questions_pipeline", "from chunks to evaluation questions"),
    "evaluation": ("tasks_lib.gate.pipeline:evaluation_pipeline", "from a version's answers to the gate's metrics"),
    "scoring": ("tasks_lib.monitoring.pipeline:scoring_pipeline", "from production traces to monitoring's metrics"),
}
"""Name → its builder, imported on use, and what the pipeline does."""

WIDEST = 4
"""A component with more successors than this turns the flowchart from top-down to left-to-right."""


class PipelinesResult(BaseModel):
    """Pipelines in the requested format."""

    pipelines: dict[str, str]


def list_pipelines(settings: Settings, platform: str = "local") -> PipelinesResult:
    """Every pipeline as YAML.

    :raises ConfigurationError: As :func:`build_pipeline`.
    """
    return PipelinesResult(pipelines={name: _rendered(build_pipeline(name, settings, platform)) for name in PIPELINES})


def show_pipeline(name: str, settings: Settings, platform: str = "local", form: Format = "yaml") -> PipelinesResult:
    """One pipeline.

    :raises InputError: If there is none of this name.
    :raises ConfigurationError: As :func:`build_pipeline`.
    """
    return PipelinesResult(pipelines={name: _rendered(build_pipeline(name, settings, platform), form)})


def build_pipeline(name: str, settings: Settings, platform: str = "local") -> Pipeline:
    """The pipeline called `name`; no index needs to exist, and no model is loaded.

    :raises InputError: If there is none of this name.
    :raises ConfigurationError: If the platform or a component that `settings` name cannot be made.
    """
    if name not in PIPELINES:
        near = get_close_matches(name, PIPELINES, n=1, cutoff=0.4)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"there is no pipeline {name!r}{guess}", hint=f"Pipelines: {', '.join(PIPELINES)}.")
    build: Any = pkgutil.resolve_name(PIPELINES[name][0])
    pipeline: Pipeline = build(resolve_platform(platform), settings)
    return pipeline


def _rendered(pipeline: Pipeline, form: Format = "yaml") -> str:
    return pipeline_yaml(pipeline) if form == "yaml" else mermaid(pipeline)


def mermaid(pipeline: Pipeline) -> str:
    """The pipeline as a Mermaid flowchart: its components by name and class, what they hand on, and both ends.

    Haystack's own `Pipeline.draw` sends the pipeline to a server on the internet.
    """
    graph = pipeline.graph
    widest = max((len(set(graph.successors(name))) for name in graph.nodes), default=0)
    lines = ["flowchart LR" if widest > WIDEST else "flowchart TD"]
    lines += [
        f'    {_id(name)}["<b>{name}</b><br>{type(part).__name__}"]' for name, part in graph.nodes(data="instance")
    ]
    for name, sockets in pipeline.inputs().items():
        for socket in (socket for socket, about in sockets.items() if about["is_mandatory"]):
            lines.append(f"    in_{socket}([{socket}]) --> {_id(name)}")
    handed_on: dict[tuple[str, str], list[str]] = {}
    for sender, receiver, edge in graph.edges(data=True):
        handed_on.setdefault((_id(sender), _id(receiver)), []).append(edge["from_socket"].name)
    lines += [f'    {sender} -- "{", ".join(names)}" --> {receiver}' for (sender, receiver), names in handed_on.items()]
    for name in (name for name in graph.nodes if graph.out_degree(name) == 0):
        given = list(pipeline.outputs().get(name, ()))
        lines.append(f'    {_id(name)} --> out_{"_".join(given)}(["{", ".join(given)}"])')
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    """The name of a component as Mermaid takes it."""
    return re.sub(r"\W", "_", name)
