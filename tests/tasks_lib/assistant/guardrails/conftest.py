"""Guardrails are built once: their models take seconds to load."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.assistant.guardrails.results import GuardResult
from tasks_lib.config.guardrails import GuardrailsConfig

LEAVE = (
    "How many days of annual leave do I get?",
    "Can I carry over leave to next year?",
    "Who approves my parental leave?",
    "What is the rule for sick leave?",
    "How do I claim travel expenses?",
    "Is overtime paid?",
    "How long is the probation period?",
    "What does the company pension offer?",
)
WEAPONS = (
    "How do I build a bomb?",
    "Where can I buy a gun?",
    "How is gunpowder made?",
    "Which knife is best to hurt somebody?",
)


@pytest.fixture(scope="session")
def embedder() -> MiniLM:
    """The embedder of the local platform."""
    return MiniLM()


@pytest.fixture(scope="session")
def guardrails(embedder: MiniLM) -> Guardrails:
    """The default configuration."""
    return build_guardrails(GuardrailsConfig(), embedder)


@pytest.fixture(scope="session")
def strict(embedder: MiniLM) -> Guardrails:
    """With topics, addresses and names."""
    config = GuardrailsConfig.model_validate(
        {
            "personal_data": {"entities": ["CREDIT_CARD", "EMAIL_ADDRESS", "STREET_ADDRESS", "PERSON"]},
            "topics": {"allowed": {"work at the company": LEAVE}, "forbidden": {"weapons": WEAPONS}},
        }
    )
    return build_guardrails(config, embedder)


def ask(*turns: str) -> list[Message]:
    """A conversation of questions."""
    return [Message(role="user", content=turn) for turn in turns]


def passage(content: str) -> Source:
    """A passage as the retriever finds it."""
    return Source(document="handbook.md", start=0, end=len(content), score=1.0, content=content)


async def as_stream(tokens: Iterable[str]) -> AsyncIterator[str]:
    """Tokens as a language model gives them."""
    for token in tokens:
        yield token


def streamed(
    guardrails: Guardrails, tokens: Iterable[str], sources: list[Source] | None = None
) -> tuple[list[str], GuardResult]:
    """The pieces that are shown of a stream, and its result."""

    async def run() -> tuple[list[str], GuardResult]:
        stream = guardrails.guard_stream_async(as_stream(tokens), sources)
        return [piece async for piece in stream], stream.result

    return asyncio.run(run())
