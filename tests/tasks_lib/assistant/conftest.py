"""A small index of the handbook that the tests of this room share, and platforms over it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from haystack.components.generators.chat import MockChatGenerator
from haystack.dataclasses import ChatMessage

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import LlmConfig, RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home

INCLUDE = ("leave/*", "work/working-hours.md", "pay/expenses-and-travel.md")


@pytest.fixture(scope="session")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> LocalPlatform:
    """The local platform with a few handbook documents in its default index."""
    platform = LocalPlatform(Home(tmp_path_factory.mktemp("rag") / "home").ensure())
    synchronise(platform, Settings(ingest=IngestConfig(include=INCLUDE)))
    return platform


@dataclass(frozen=True)
class ModelPlatform(LocalPlatform):
    """The local platform with a language model: `reply` makes the text, and `seen` keeps what it was asked."""

    reply: Callable[[list[ChatMessage]], str] = lambda _: "27 days a year [1]."
    seen: list[list[ChatMessage]] = field(default_factory=list)

    def chat_generator(self, llm: LlmConfig) -> Any:
        """A generator that answers with `reply`."""

        def respond(messages: list[ChatMessage]) -> ChatMessage:
            self.seen.append(messages)
            usage = {"prompt_tokens": 100, "completion_tokens": 7}
            return ChatMessage.from_assistant(self.reply(messages), meta={"usage": usage, "model": llm.model})

        return MockChatGenerator(response_fn=respond)


@pytest.fixture
def with_model(handbook: LocalPlatform) -> Callable[..., ModelPlatform]:
    """Make a platform with a model over the same index."""
    return lambda reply: ModelPlatform(home=handbook.home, reply=reply)


@pytest.fixture(scope="session")
def unguarded() -> dict[str, Any]:
    """Guardrails that are all switched off: quick to build, for tests that are about something else."""
    names = ("personal_data", "secrets", "injection", "topics", "grounding", "length", "output_schema")
    return {name: {"enabled": False} for name in names}


@pytest.fixture
def model_rag(unguarded: dict[str, Any]) -> RagConfig:
    """A configuration that asks a model."""
    return RagConfig.model_validate({"llm": {"model": "mock/canned"}, "guardrails": unguarded})


@pytest.fixture
def empty_home(tmp_path: Path) -> LocalPlatform:
    """A platform into which nothing was ingested."""
    return LocalPlatform(Home(tmp_path / "home").ensure())
