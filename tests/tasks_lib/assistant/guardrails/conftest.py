"""Guardrails are built once: their models take seconds to load."""

import pytest

from tasks_lib.assistant.contract.answer import Message, Source
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.guardrails.build import build_guardrails
from tasks_lib.assistant.guardrails.guardrails import Guardrails
from tasks_lib.config.rag import GuardrailsConfig

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
