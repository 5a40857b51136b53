"""Packages that an assistant of a configuration needs: plug-ins, and what brings the components that it names."""

import re
from collections.abc import Iterator
from typing import Any

from tasks_lib.config.rag import RagConfig
from tasks_lib.plugins import Plugin, distributions_of, plugin, plugins

FULL_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def named_plugins(rag: RagConfig) -> list[Plugin]:
    """The validators and components that a configuration names.

    :raises ConfigurationError: If no installed package brings one of them.
    """
    return [
        *(plugin("validators", name, "guardrails.validators") for name in rag.guardrails.validators),
        *(plugin("components", part.name, "retriever.components") for part in rag.retriever.components),
    ]


def requirements_of(rag: RagConfig) -> list[str]:
    """Packages, as `name==version`, that an assistant of this configuration may run: what it names, and providers.

    Which provider serves a model is the platform's matter, so all installed ones are listed.
    """
    parts = (*named_plugins(rag), *plugins("providers").values())
    return sorted({*(part.requirement for part in parts), *distributions_of(_types(rag.model_dump()))})


def _types(value: Any) -> Iterator[str]:
    """Full names of the classes that Haystack's YAML form names: each `type`, also inside `init_parameters`."""
    if isinstance(value, dict):
        if FULL_NAME.fullmatch(str(value.get("type"))):
            yield value["type"]
        for item in value.values():
            yield from _types(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _types(item)
