"""Models that cannot be called are told before anything is begun, by the providers' real clients."""

from dataclasses import replace

import pytest

from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from blocks.provider import ModelProvider
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError, LlmopsError, ModelUnavailableError
from tasks_lib.home import Home
from tasks_lib.registry.preflight import call_models
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.services import Service, openai_models

MINILM = "local/all-MiniLM-L6-v2"


def platform(home: Home, *providers: ModelProvider, judge: str | None = None) -> ResolvedPlatform:
    return ResolvedPlatform("stub", providers, LanceDBStore(), judge_model=judge, home=home)


def refused(service: Service, home: Home, **fields: object) -> LlmopsError:
    """What is said of a language model that fails as the script of the stub says."""
    place = platform(home, service.models(max_attempts=1, **fields))
    with pytest.raises(LlmopsError) as told:
        call_models(place, embedder=MINILM, llms=[LlmConfig(model=service.chat_model)])
    return told.value


def test_models_that_answer_are_called_once_each(service: Service, home: Home) -> None:
    name = service.chat_model.split("/")[0]
    place = platform(home, service.models(), judge=service.chat_model)
    llms = [LlmConfig(model=service.chat_model), LlmConfig(model=service.chat_model, temperature=0.7)]
    call_models(place, embedder=f"{name}/{service.embedder}", llms=llms, judge=True)
    assert len(service.stub.requests) == 3
    call_models(place, embedder=f"{name}/{service.embedder}")
    assert len(service.stub.requests) == 4


def test_an_unknown_model_is_bad_configuration(service: Service, home: Home) -> None:
    service.stub.script.append(service.permanent)
    error = refused(service, home)
    assert isinstance(error, ConfigurationError)
    assert (error.exit_code, service.chat_model.split("/", 1)[1] in error.message) == (2, True)
    assert "model" in error.hint


def test_a_deadline_that_passes_is_told(service: Service, home: Home) -> None:
    service.stub.script.append("hang")
    error = refused(service, home, request_timeout_seconds=0.4)
    assert isinstance(error, ModelUnavailableError)
    assert error.exit_code == 2
    assert error.message.startswith(f"llm.model {service.chat_model!r} does not answer, so nothing was begun: ")
    assert "request timeout" in error.hint


def test_a_service_that_is_down_is_told(service: Service, home: Home) -> None:
    provider = service.models(max_attempts=1)
    name = service.chat_model.split("/")[0]
    service.stub.__exit__(None, None, None)
    place = platform(home, provider)
    for what, call in {
        f"llm.model {service.chat_model!r}": {"embedder": MINILM, "llms": [LlmConfig(model=service.chat_model)]},
        f"embedder '{name}/{service.embedder}'": {"embedder": f"{name}/{service.embedder}"},
        "the judge": {"embedder": MINILM, "judge": True},
    }.items():
        with pytest.raises(ModelUnavailableError) as told:
            call_models(replace(place, judge_model=service.chat_model), **call)  # type: ignore[arg-type]
        assert told.value.message.startswith(f"{what} does not answer, so nothing was begun: ")
        assert "cannot be reached" in told.value.message
        assert "its service runs" in told.value.hint
        assert "\n" not in told.value.message + told.value.hint


def test_a_wrong_key_is_told_without_the_key(home: Home) -> None:
    with OpenAIStub("wrong-key") as stub, pytest.raises(ConfigurationError, match="HTTP 401") as told:
        call_models(platform(home, openai_models(stub)), embedder=MINILM, llms=[LlmConfig(model="openai/stub-chat")])
    assert "stub-openai-key" not in told.value.message
    assert told.value.hint == "Check the key of the provider's block."


def test_a_fallback_that_answers_is_enough(home: Home) -> None:
    with OpenAIStub("unknown-model") as stub:
        llm = LlmConfig(model="openai/gone", fallback=("openai/stub-chat",))
        call_models(platform(home, openai_models(stub)), embedder=MINILM, llms=[llm])
        assert [body["model"] for body in stub.bodies("chat")] == ["gone", "stub-chat"]
