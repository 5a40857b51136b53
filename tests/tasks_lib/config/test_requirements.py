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


def test_a_ranker_and_what_it_is_made_of_are_pinned_but_no_splitter_which_answers_do_not_need() -> None:
    generator = {"type": "haystack_integrations.components.generators.ollama.OllamaChatGenerator"}
    ranker = {"type": "haystack.components.rankers.LLMRanker", "init_parameters": {"chat_generator": generator}}
    splitter = {"type": "haystack_integrations.components.converters.kreuzberg.KreuzbergConverter"}
    rag = RagConfig.model_validate({"retriever": {"components": [ranker]}, "chunking": {"splitter": splitter}})
    assert requirements_of(rag) == [f"{name}=={version(name)}" for name in ("haystack-ai", "ollama-haystack")]
    assert requirements_of(RagConfig()) == []
