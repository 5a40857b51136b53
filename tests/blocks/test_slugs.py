"""Components of stored pipelines find their provider by its slug, in a process that has imported nothing else."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL

from blocks.chat_generator import chat_generator_of
from blocks.embedder import embedder_of
from blocks.loading import kinds_of, load_block
from blocks.openai import OpenAICompatibleModels
from blocks.provider import ModelProvider
from blocks.store import IndexStore
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError
from tests.stubs.openai_api import OpenAIStub

PROGRAM = r"""
import importlib, json, sys
module, name = sys.argv[1].rsplit(".", 1)
made = getattr(importlib.import_module(module), name).from_dict(json.loads(sys.argv[2]))
print(json.dumps(made.to_dict()))
if hasattr(made, "run"):
    print(made.run("Leave is 27 days.\nHow long is leave?")["replies"][0].text)
else:
    print(len(made.embed(["a text"])[0]))
"""


def in_a_fresh_process(stored: dict[str, Any], environment: dict[str, str]) -> tuple[dict[str, Any], str]:
    """What the component is there, and what it says."""
    command = [sys.executable, "-c", PROGRAM, stored["type"], json.dumps(stored)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rebuilt, said = done.stdout.splitlines()[-2:]
    return json.loads(rebuilt), said


def components(models: OpenAICompatibleModels) -> list[Any]:
    return [chat_generator_of(models, LlmConfig(model="openai/stub-chat")), embedder_of(models, "stub-embed")]


@pytest.mark.slow
def test_a_provider_of_the_environment_is_found(openai: OpenAIStub) -> None:
    models = OpenAICompatibleModels(base_url=openai.url, api_key="sk")
    models.set_origin("environment/openai")
    environment = {"OPENAI_BASE_URL": openai.url, "OPENAI_API_KEY": "sk"}
    generator, embedder = (component.to_dict() for component in components(models))
    assert in_a_fresh_process(generator, environment) == (generator, "Leave is 27 days.")
    assert in_a_fresh_process(embedder, environment) == (embedder, "256")


@pytest.mark.slow
@pytest.mark.flow
@pytest.mark.usefixtures("prefect_harness")
def test_a_saved_provider_is_found(openai: OpenAIStub) -> None:
    OpenAICompatibleModels(base_url=openai.url, api_key="sk").save("stored", overwrite=True)
    slug = "llmops-openai-compatible-models/stored"
    models = load_block(slug, OpenAICompatibleModels, "the test")
    environment = {"PREFECT_API_URL": PREFECT_API_URL.value() or ""}
    generator, embedder = (component.to_dict() for component in components(models))
    assert generator["init_parameters"]["provider"] == embedder["init_parameters"]["provider"] == slug
    assert in_a_fresh_process(generator, environment) == (generator, "Leave is 27 days.")


def test_a_provider_that_the_environment_does_not_describe_is_named() -> None:
    from blocks.slugs import load_provider

    with pytest.raises(ConfigurationError, match="'environment/openai'"):
        load_provider("environment/openai")


def test_kinds_of_a_role_are_the_types_that_can_play_it() -> None:
    import blocks.collection  # noqa: F401  (imports all types)

    assert {"llmops-lancedb-store", "llmops-weaviate-store"} == set(kinds_of(IndexStore))
    assert {"llmops-bedrock-models", "llmops-ollama-models", "llmops-local-models"} < set(kinds_of(ModelProvider))
