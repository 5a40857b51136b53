"""Call each model of a run once, shortly, before anything is registered or changed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks_lib.assistant.contract.embedder import in_process
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ModelUnavailableError, ProviderError
from tasks_lib.progress import advance

if TYPE_CHECKING:
    from haystack.components.generators.chat.types import ChatGenerator
    from haystack.dataclasses import ChatMessage

QUESTION = "Answer with the word yes."
SENTENCE = "a question about annual leave"
STEP = "call the models"


def call_models(platform: Platform, *, embedder: str, llms: Iterable[LlmConfig] = (), judge: bool = False) -> None:
    """Call an embedder that is a service, language models with their fallbacks, and the judge where there is one.

    :raises ConfigurationError: If a provider refuses the call: a wrong key, an unknown model.
    :raises ModelUnavailableError: If it gives no answer: a refused connection, a deadline that passed.
    """
    different = {(llm.model, llm.fallback): llm for llm in llms}.values()
    advance(STEP, 0, 1)
    supplied = platform.embedder(embedder)
    if not in_process(supplied):
        with unavailable(f"embedder {embedder!r}"):
            supplied.embed([SENTENCE])
    for llm in different:
        _ask(platform.chat_generator(llm), f"llm.model {llm.model!r}")
    if judge:
        _ask(platform.judge(), "the judge")
    advance(STEP, 1, 1)


def reply_of(generator: "ChatGenerator") -> "ChatMessage":
    """What a model says to a question that takes it no time.

    :raises LlmopsError: `ProviderError` or `ConfigurationError`, without secrets.
    """
    from haystack.dataclasses import ChatMessage

    reply: ChatMessage = generator.run(messages=[ChatMessage.from_user(QUESTION)])["replies"][0]
    return reply


def _ask(generator: "ChatGenerator | None", what: str) -> None:
    if generator is not None:
        with unavailable(what):
            reply_of(generator)


@contextmanager
def unavailable(what: str) -> Iterator[None]:
    """Say that `what` does not answer, where a provider fails.

    :raises ModelUnavailableError: In place of any other `ProviderError`.
    """
    try:
        yield
    except ProviderError as error:
        message = f"{what} does not answer, so nothing was begun: {error.message}"
        raise ModelUnavailableError(message, hint=error.hint) from error
