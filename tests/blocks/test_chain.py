"""A chain of models: the next one answers when one cannot."""

import asyncio
from typing import Any

import pytest
from haystack import Pipeline
from haystack.dataclasses import ChatMessage

from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError, ProviderError
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.services import bedrock_models, openai_models

QUESTION = [ChatMessage.from_user("Leave is 27 days.\nHow long is leave?")]
CHAIN = LlmConfig(model="bedrock/claude-stub", fallback=("openai/stub-chat",))


@pytest.fixture
def platform(bedrock: BedrockStub, openai: OpenAIStub) -> ResolvedPlatform:
    providers = (bedrock_models(bedrock, max_attempts=1), openai_models(openai, max_attempts=1))
    return ResolvedPlatform("test", providers, LanceDBStore())


def test_the_first_model_answers_while_it_can(platform: ResolvedPlatform, openai: OpenAIStub) -> None:
    generator: Any = platform.chat_generator(CHAIN)
    assert generator.run(QUESTION)["replies"][0].meta["model"] == "bedrock/claude-stub"
    assert openai.requests == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_next_model_answers_when_the_first_cannot(
    platform: ResolvedPlatform, bedrock: BedrockStub, asynchronous: bool
) -> None:
    bedrock.script.append("busy")
    generator: Any = platform.chat_generator(CHAIN)
    result = asyncio.run(generator.run_async(QUESTION)) if asynchronous else generator.run(QUESTION)
    reply = result["replies"][0]
    assert (reply.text, reply.meta["model"]) == ("Leave is 27 days.", "openai/stub-chat")
    assert reply.meta["usage"]["output_tokens"] > 0


def test_when_none_can_the_error_names_the_last_cause(
    platform: ResolvedPlatform, bedrock: BedrockStub, openai: OpenAIStub
) -> None:
    bedrock.script.append("busy")
    openai.script.append("broken")
    generator: Any = platform.chat_generator(CHAIN)
    with pytest.raises(ProviderError, match="HTTP 500"):
        generator.run(QUESTION)


def test_words_that_were_streamed_are_not_followed_by_another_models(
    platform: ResolvedPlatform, bedrock: BedrockStub, openai: OpenAIStub
) -> None:
    bedrock.script.append("throttle-stream")
    chunks: list[str] = []
    generator: Any = platform.chat_generator(CHAIN)
    with pytest.raises(ProviderError):
        generator.run(QUESTION, streaming_callback=lambda chunk: chunks.append(chunk.content))
    assert "".join(chunks).strip() == "Leave"
    assert openai.requests == []


def test_a_fallback_must_be_a_language_model_of_the_platform(platform: ResolvedPlatform) -> None:
    with pytest.raises(ConfigurationError, match="local/extractive"):
        platform.chat_generator(CHAIN.model_copy(update={"fallback": ("local/extractive",)}))
    with pytest.raises(ConfigurationError, match=r"llm.fallback 'ollama/x'.*bedrock.*openai"):
        platform.chat_generator(CHAIN.model_copy(update={"fallback": ("ollama/x",)}))


def test_a_stored_pipeline_holds_slugs_and_model_ids_only(platform: ResolvedPlatform) -> None:
    pipeline = Pipeline()
    pipeline.add_component("llm", platform.chat_generator(CHAIN))
    stored = pipeline.dumps()
    assert "llmops-bedrock-models/unsaved" in stored
    assert "bedrock/claude-stub" in stored
    for secret in ("stub-secret-access-key", "AKIASTUB", "stub-openai-key"):
        assert secret not in stored
