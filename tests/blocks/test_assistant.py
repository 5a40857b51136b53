"""The whole assistant on each provider: only names change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import build_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tests.stubs.server import Request, Responder
from tests.stubs.services import Service

LEAVE = "# Leave\n\nEmployees get 27 days of annual leave in each calendar year.\n"
LUNCH = "# Lunch\n\nThe canteen serves lunch from noon until two in the afternoon.\n"


@pytest.fixture
def settings(service: Service, tmp_path: Path) -> Settings:
    provider = service.chat_model.split("/", 1)[0]
    return Settings.model_validate(
        {
            "llm": {"model": service.chat_model},
            "embedder": f"{provider}/{service.embedder}",
            "ingest": {"source": str(tmp_path / "documents")},
        }
    )


@pytest.fixture
def platform(service: Service, settings: Settings, home: Home, tmp_path: Path) -> ResolvedPlatform:
    """A platform whose index holds two documents, embedded by the provider."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text(LEAVE)
    (folder / "lunch.md").write_text(LUNCH)
    price = {"input": 1_000_000, "output": 0}
    model = service.models(prices={service.chat_model.split("/", 1)[1]: price})
    found = ResolvedPlatform("test", (model,), LanceDBStore())
    result = synchronise(found, settings)
    assert (result.added, result.failed) == (2, [])
    return found


def test_an_answer_is_generated_with_sources_and_token_counts(platform: ResolvedPlatform, settings: Settings) -> None:
    assistant = build_assistant(settings.rag, platform)
    answer = assistant.answer([Message(role="user", content="How many days of annual leave do employees get?")])
    assert not answer.refused
    assert "27 days" in answer.response
    assert answer.source_documents[0].document == "leave.md"
    assert answer.usage.input_tokens > answer.usage.output_tokens > 5
    assert answer.usage.cost == answer.usage.input_tokens
    assert answer.model == settings.llm.model


@pytest.mark.parametrize(
    "ask",
    [
        lambda assistant, messages: assistant.answer(messages),
        lambda assistant, messages: list(assistant.stream(messages)),
    ],
    ids=["whole", "streamed"],
)
def test_a_provider_that_refuses_is_named_not_its_plumbing(
    service: Service,
    platform: ResolvedPlatform,
    settings: Settings,
    ask: Callable[[Assistant, list[Message]], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assistant, answer = build_assistant(settings.rag, platform), service.stub.answer

    def refuse_to_chat(request: Request, word: str, out: Responder) -> None:
        answer(request, service.permanent if "messages" in request.body else word, out)

    monkeypatch.setattr(service.stub, "answer", refuse_to_chat)
    with pytest.raises(LlmopsError, match="refused"):
        ask(assistant, [Message(role="user", content="How many days of annual leave do employees get?")])
