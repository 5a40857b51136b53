"""Which packages a configuration needs."""

from importlib.metadata import version

import pytest

from tasks_lib.config.rag import RagConfig
from tasks_lib.config.requirements import requirements_of
from tasks_lib.plugins import distributions_of


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("haystack.components.rankers.LostInTheMiddleRanker", "haystack-ai"),
        ("haystack.components.rankers.lost_in_the_middle.LostInTheMiddleRanker", "haystack-ai"),
        ("haystack_integrations.components.generators.ollama.OllamaChatGenerator", "ollama-haystack"),
        (
            "haystack_integrations.components.embedders.ollama.document_embedder.OllamaDocumentEmbedder",
            "ollama-haystack",
        ),
        ("haystack_integrations.document_stores.weaviate.WeaviateDocumentStore", "weaviate-haystack"),
    ],
)
def test_the_package_that_brings_a_class_is_pinned(name: str, package: str) -> None:
    assert distributions_of([name]) == [f"{package}=={version(package)}"]


def test_our_own_classes_and_unknown_ones_need_no_package() -> None:
    ours = ["tasks_lib.assistant.retrieval.fusion.Fusion", "blocks.chat_generator.ProviderChatGenerator"]
    assert distributions_of([*ours, "nobody.brings.This", "json.JSONDecoder"]) == []


def test_classes_are_found_wherever_a_configuration_names_them() -> None:
    inner = {"type": "haystack.components.rankers.MetaFieldRanker", "init_parameters": {"meta_field": "page"}}
    anywhere = {"words": [{"type": "env_var", "env_vars": ["X"]}, inner], "schema": {"type": "object"}}
    rag = RagConfig.model_validate({"retriever": {"filters": anywhere}})
    assert requirements_of(rag) == [f"haystack-ai=={version('haystack-ai')}"]
    assert requirements_of(RagConfig()) == []
