"""What every provider of models does alike, against its API on a local server."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage, StreamingChunk
from opentelemetry import context

from blocks.chat_generator import chat_generator_of
from blocks.embedder import embedder_of
from tasks_lib.assistant.providers.trace_context import CONTEXT_KEY
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError, ProviderError
from tests.stubs.services import SERVICES, Service

PROMPT = "Employees get 27 days of leave. Lunch is at noon.\nHow many days of leave do employees get?"
SENTENCE = "Employees get 27 days of leave."


def ask(service: Service, fields: dict[str, Any] | None = None, **parameters: Any) -> ChatMessage:
    generator = chat_generator_of(service.models(**(fields or {})), LlmConfig(model=service.chat_model, **parameters))
    assert generator is not None
    reply: ChatMessage = generator.run(messages=[ChatMessage.from_user(PROMPT)])["replies"][0]
    return reply


def test_a_reply_tells_text_tokens_cost_and_latency(service: Service) -> None:
    prices = {service.chat_model.split("/", 1)[1]: {"input": 1_000_000, "output": 2_000_000}}
    reply = ask(service, {"prices": prices})
    assert reply.text == SENTENCE
    usage = reply.meta["usage"]
    assert usage["input_tokens"] > usage["output_tokens"] > 5
    assert usage["cost"] == usage["input_tokens"] + 2 * usage["output_tokens"]
    assert reply.meta["model"] == service.chat_model
    assert reply.meta["latency_seconds"] > 0


def test_without_prices_no_cost_is_claimed(service: Service) -> None:
    assert ask(service).meta["usage"]["cost"] is None


def test_parameters_reach_the_provider_under_its_own_names(service: Service) -> None:
    ask(service, max_tokens=77, temperature=0.5, stop=("STOP",), seed=3)
    body = service.stub.requests[-1].body
    expected = {
        "bedrock": {"inferenceConfig": {"maxTokens": 77, "temperature": 0.5, "stopSequences": ["STOP"]}},
        "openai": {"max_tokens": 77, "temperature": 0.5, "stop": ["STOP"], "seed": 3},
        "ollama": {"options": {"num_predict": 77, "temperature": 0.5, "stop": ["STOP"], "seed": 3}},
    }[service.chat_model.split("/")[0]]
    assert {name: body[name] for name in expected} == expected
    assert "additionalModelRequestFields" not in body


@pytest.mark.parametrize("given", [f"00-{'a' * 32}-{'b' * 16}-01", ""])
def test_a_call_carries_the_callers_trace_where_the_client_takes_headers(service: Service, given: str) -> None:
    token = context.attach(context.set_value(CONTEXT_KEY, given))
    try:
        ask(service)
    finally:
        context.detach(token)
    sent = [request.headers.get("traceparent") for request in service.stub.requests]
    takes = service.chat_model.startswith("openai/") and given
    assert sent == [given if takes else None]


def test_a_stream_arrives_in_pieces_and_tells_its_tokens(service: Service) -> None:
    chunks: list[StreamingChunk] = []
    generator = chat_generator_of(service.models(), LlmConfig(model=service.chat_model))
    assert generator is not None
    reply = generator.run(messages=[ChatMessage.from_user(PROMPT)], streaming_callback=chunks.append)["replies"][0]
    assert len([chunk for chunk in chunks if chunk.content]) >= 5
    assert "".join(chunk.content for chunk in chunks) == reply.text == SENTENCE
    assert reply.meta["usage"]["input_tokens"] > reply.meta["usage"]["output_tokens"] > 5


@pytest.mark.parametrize("streamed", [False, True])
def test_asynchronous_calls_answer_the_same(service: Service, streamed: bool) -> None:
    chunks: list[str] = []

    async def collect(chunk: StreamingChunk) -> None:
        chunks.append(chunk.content)

    async def run() -> ChatMessage:
        generator: Any = chat_generator_of(service.models(), LlmConfig(model=service.chat_model))
        callback = collect if streamed else None
        result = await generator.run_async([ChatMessage.from_user(PROMPT)], streaming_callback=callback)
        return result["replies"][0]  # type: ignore[no-any-return]

    reply = asyncio.run(run())
    assert reply.text == SENTENCE
    assert reply.meta["usage"]["output_tokens"] > 5
    assert "".join(chunks) == (SENTENCE if streamed else "")


def test_two_throttled_attempts_cost_one_retry_layer(service: Service) -> None:
    service.stub.script.extend([service.passing] * 2)
    reply = ask(service)
    assert (reply.text, len(service.stub.requests), reply.meta["attempts"]) == (SENTENCE, 3, 3)


def test_an_overloaded_provider_is_given_up_after_the_attempts_of_its_block(service: Service) -> None:
    service.stub.script.extend([service.passing] * 9)
    with pytest.raises(ProviderError) as failed:
        ask(service, {"max_attempts": 2})
    assert len(service.stub.requests) == 2
    assert "llm.fallback" in failed.value.hint


def test_a_permanent_error_is_not_retried_and_names_the_model(service: Service) -> None:
    service.stub.script.extend([service.permanent] * 9)
    with pytest.raises(ConfigurationError) as failed:
        ask(service)
    assert len(service.stub.requests) == 1
    assert service.chat_model.split("/", 1)[1] in failed.value.message
    assert "model id" in failed.value.hint


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_hanging_provider_ends_at_its_deadline(service: Service, asynchronous: bool) -> None:
    service.stub.script.extend(["hang"] * 9)
    generator: Any = chat_generator_of(service.models(request_timeout_seconds=0.5), LlmConfig(model=service.chat_model))
    started = time.monotonic()
    messages = [ChatMessage.from_user(PROMPT)]
    with pytest.raises(ProviderError, match="no answer"):
        asyncio.run(generator.run_async(messages)) if asynchronous else generator.run(messages)
    assert time.monotonic() - started < 10
    assert len(service.stub.requests) <= 1  # none, if this machine needs longer to build the client


def test_calls_in_flight_are_limited_over_all_threads(service: Service) -> None:
    provider = service.models(calls_in_flight=2)
    provider.set_origin(f"test/{service.chat_model}")
    generators: list[Any] = [chat_generator_of(provider, LlmConfig(model=service.chat_model)) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda generator: generator.run([ChatMessage.from_user(PROMPT)]), generators * 4))
    assert len(service.stub.requests) == 8
    assert service.stub.most_at_once <= 2


def test_an_unreachable_provider_is_named_with_a_way_out(service: Service) -> None:
    with service.stub:
        provider = service.models(max_attempts=1)
    generator: Any = chat_generator_of(provider, LlmConfig(model=service.chat_model))
    with pytest.raises(ProviderError, match="cannot be reached") as failed:
        generator.run([ChatMessage.from_user(PROMPT)])
    assert "endpoint" in failed.value.hint


def test_an_embedder_gives_unit_vectors_in_order_and_counts_tokens(service: Service) -> None:
    embedder: Any = embedder_of(service.models(), service.embedder)
    texts = ["annual leave", "", "expenses and travel", "annual leave"] * 20
    vectors = embedder.embed(texts)
    assert embedder.dimension == service.dimension
    assert {len(vector) for vector in vectors} == {service.dimension}
    assert sum(value * value for value in vectors[0]) == pytest.approx(1)
    assert vectors[0] == vectors[3] == vectors[-1] != vectors[2]
    assert embedder.usage["calls"] >= 1
    if not service.chat_model.startswith("ollama"):
        assert embedder.usage["input_tokens"] > 100


def test_a_server_that_speaks_openais_api_is_given_the_prefixes_of_a_model() -> None:
    service = SERVICES["openai"]()
    with service.stub:
        prefixes = {
            "query_prefixes": {service.embedder: "query: "},
            "passage_prefixes": {service.embedder: "passage: "},
        }
        prefixed: Any = embedder_of(service.models(**prefixes), service.embedder)
        plain: Any = embedder_of(service.models(), service.embedder)
        assert prefixed.embed_query("leave") == plain.embed(["query: leave"])[0] != plain.embed_query("leave")
        assert prefixed.embed(["leave"]) == plain.embed(["passage: leave"])


def test_an_embedder_survives_throttling_and_names_an_unknown_model(service: Service) -> None:
    embedder: Any = embedder_of(service.models(), service.embedder)
    service.stub.script.append(service.passing)
    assert len(embedder.embed(["annual leave"])) == 1
    service.stub.script.append(service.permanent)
    with pytest.raises(ConfigurationError, match=r"refused"):
        embedder.embed(["annual leave"])
    assert len(service.stub.requests) == 3


def test_a_dimension_that_nobody_declared_is_asked_once(service: Service) -> None:
    provider = service.models()
    provider.set_origin(f"asked-once/{service.chat_model}")
    model = "cohere.unknown" if service.chat_model.startswith("bedrock") else "unknown"
    assert [embedder_of(provider, model).dimension for _ in range(3)] == [service.dimension] * 3
    assert len(service.stub.requests) == 1


def test_a_declared_dimension_is_not_asked(service: Service) -> None:
    assert embedder_of(service.models(dimensions={service.embedder: 7}), service.embedder).dimension == 7
    assert service.stub.requests == []


def test_a_dimension_that_is_declared_wrongly_is_named_at_the_first_call(service: Service) -> None:
    embedder = embedder_of(service.models(dimensions={service.embedder: 7}), service.embedder)
    with pytest.raises(ConfigurationError, match=f"{service.dimension} dimensions from '{service.embedder}', and 7"):
        embedder.embed(["annual leave"])


def test_check_finds_the_provider(service: Service) -> None:
    assert service.models().check()
