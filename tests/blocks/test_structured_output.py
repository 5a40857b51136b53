"""Replies held to a JSON Schema, as each provider is asked for them; and providers that know no schema."""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage

from blocks.chat_generator import chat_generator_of
from blocks.lancedb import LanceDBStore
from blocks.openai import OpenAICompatibleModels
from blocks.platform import ResolvedPlatform
from blocks.provider import ModelProvider
from tasks_lib.assistant.providers.structured import OUTPUT_SCHEMA, OutputSchema, ask_for, json_object
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.services import Service, bedrock_models, openai_models

SCHEMA = OutputSchema.of_object("mark", {"reason": {"type": "string"}, "mark": {"type": "integer", "enum": [1, 2, 3]}})
MESSAGES = [ChatMessage.from_user("Employees get 27 days of leave.\nHow many days of leave do employees get?")]
SENTENCE = "Employees get 27 days of leave."
BY_PROVIDER: dict[str, Callable[[dict[str, Any]], Any]] = {
    "openai": lambda body: body["response_format"]["json_schema"]["schema"],
    "ollama": lambda body: body["format"],
    "bedrock": lambda body: json.loads(body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]),
}


def generator_of(service: Service) -> Any:
    return chat_generator_of(service.models(), LlmConfig(model=service.chat_model, max_tokens=77))


def schema_in(body: dict[str, Any]) -> Any:
    """The schema that a request asks for, whoever the provider is."""
    for read in BY_PROVIDER.values():
        try:
            return read(body)
        except KeyError:
            continue
    return None


def test_each_provider_is_asked_for_the_schema_in_its_own_way(service: Service) -> None:
    generator = generator_of(service)
    assert ask_for(generator, MESSAGES, SCHEMA).text == SENTENCE
    read = BY_PROVIDER[service.chat_model.split("/")[0]]
    body = service.stub.requests[-1].body
    assert read(body) == SCHEMA.as_dict()
    assert list(read(body)["properties"]) == ["reason", "mark"]
    assert "77" in json.dumps(body)
    assert OUTPUT_SCHEMA not in json.dumps(body)
    generator.run(MESSAGES)
    assert schema_in(service.stub.requests[-1].body) is None


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_provider_without_schemas_is_asked_in_words_and_that_is_said_once(
    service: Service, caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    generator = generator_of(service)
    service.stub.script.append(service.refusing_schemas)

    async def twice() -> list[ChatMessage]:
        asked = {"messages": MESSAGES, "generation_kwargs": {OUTPUT_SCHEMA: SCHEMA}}
        return [(await generator.run_async(**asked))["replies"][0] for _ in range(2)]

    with caplog.at_level(logging.WARNING):
        replies = asyncio.run(twice()) if asynchronous else [ask_for(generator, MESSAGES, SCHEMA) for _ in range(2)]
    assert [reply.text for reply in replies] == [SENTENCE, SENTENCE]
    assert [schema_in(request.body) is not None for request in service.stub.requests] == [True, False, False]
    said = [record.message for record in caplog.records if "JSON by its prompt" in record.message]
    assert len(said) == 1
    assert service.chat_model in said[0]


def test_many_calls_at_once_say_it_once(openai: OpenAIStub, caplog: pytest.LogCaptureFixture) -> None:
    generator: Any = chat_generator_of(openai_models(openai), LlmConfig(model="openai/stub-chat"))
    openai.knows_schemas = False
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(lambda _: ask_for(generator, MESSAGES, SCHEMA).text, range(4)))
    assert replies == [SENTENCE] * 4
    assert sum("JSON by its prompt" in record.message for record in caplog.records) == 1


def test_what_is_wrong_without_a_schema_too_is_not_taken_for_its_fault(service: Service) -> None:
    generator = generator_of(service)
    service.stub.script.extend([service.refusing_schemas] * 2)
    with pytest.raises(ConfigurationError):
        ask_for(generator, MESSAGES, SCHEMA)
    ask_for(generator, MESSAGES, SCHEMA)
    assert schema_in(service.stub.requests[-1].body) is not None


def test_an_unknown_model_is_not_asked_again_in_words(openai: OpenAIStub) -> None:
    generator: Any = chat_generator_of(openai_models(openai), LlmConfig(model="openai/nothing"))
    openai.script.append("unknown-model")
    with pytest.raises(ConfigurationError, match="nothing"):
        ask_for(generator, MESSAGES, SCHEMA)
    assert len(openai.requests) == 1


def test_a_reply_that_met_the_token_limit_is_a_reply(openai: OpenAIStub) -> None:
    openai.script.append("cut")
    reply = ask_for(_plain(openai_models(openai), "openai/stub-chat"), MESSAGES, SCHEMA)
    assert (reply.text, reply.meta["finish_reason"]) == (SENTENCE, "length")
    assert reply.meta["usage"]["output_tokens"] > 1


def _plain(models: ModelProvider, model: str) -> Any:
    return chat_generator_of(models, LlmConfig(model=model))


def test_a_chain_hands_the_schema_to_the_model_that_answers(bedrock: BedrockStub, openai: OpenAIStub) -> None:
    providers = (bedrock_models(bedrock, max_attempts=1), openai_models(openai, max_attempts=1))
    platform = ResolvedPlatform("test", providers, LanceDBStore())
    generator: Any = platform.chat_generator(LlmConfig(model="bedrock/claude-stub", fallback=("openai/stub-chat",)))
    bedrock.script.append("busy")
    assert ask_for(generator, MESSAGES, SCHEMA).meta["model"] == "openai/stub-chat"
    assert schema_in(bedrock.requests[-1].body) == schema_in(openai.requests[-1].body) == SCHEMA.as_dict()


def test_a_provider_that_says_nothing_of_schemas_is_asked_in_words(
    openai: OpenAIStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAICompatibleModels, "structured_output", ModelProvider.structured_output)
    models = openai_models(openai)
    assert ask_for(_plain(models, "openai/stub-chat"), MESSAGES, SCHEMA).text == SENTENCE
    assert "response_format" not in openai.requests[-1].body


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"mark": 2}', {"mark": 2}),
        ('Sure!\n```json\n{"mark": {"a": 1}}\n``` There.', {"mark": {"a": 1}}),
        ("no JSON", None),
        ("}{", None),
        ('{"mark": 2', None),
        ("[1, 2]", None),
        ("{" * 100_000 + "}", None),
    ],
)
def test_the_object_is_found_in_whatever_stands_around_it(text: str, found: dict[str, Any] | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match="no JSON object"):
            json_object(text)
    else:
        assert json_object(text) == found
