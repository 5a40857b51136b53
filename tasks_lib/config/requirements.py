"""Packages that an assistant of a configuration needs: plug-ins, and what brings the components that it names."""

from tasks_lib.config.rag import RagConfig
from tasks_lib.plugins import Plugin, distributions_of, plugin, plugins


def named_plugins(rag: RagConfig) -> list[Plugin]:
    """The validators and components that a configuration names by their entry points.

    :raises ConfigurationError: If no installed package brings one of them.
    """
    return [
        *(plugin("validators", name, "guardrails.validators") for name in rag.guardrails.validators),
        *(plugin("components", name, "retriever.components") for name in rag.retriever.plugin_names),
    ]


def requirements_of(rag: RagConfig) -> list[str]:
    """Packages, as `name==version`, that an assistant of this configuration may run: what it names, and providers.

    Which provider serves a model is the platform's matter, so all installed ones are listed.
    """
    parts = (*named_plugins(rag), *plugins("providers").values())
    types = [name for part in rag.retriever.haystack_components for name in part.types]
    return sorted({*(part.requirement for part in parts), *distributions_of(types)})
