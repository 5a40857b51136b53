"""``ModelProvider``: what the blocks of all providers of language models and embedders share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from blocks.base import PlatformBlock
from tasks_lib.assistant.providers.call import CallPolicy
from tasks_lib.assistant.providers.structured import OutputSchema
from tasks_lib.assistant.providers.usage import ModelPrice

if TYPE_CHECKING:
    from tasks_lib.assistant.contract.embedder import Embedder

PROVIDER_NAME = r"^[a-z][a-z0-9-]*$"
DEFAULT_MAX_TOKENS = 512
"""Input limit of an embedder where neither the block nor the class knows it."""

EmbedBatch = Callable[[list[str]], tuple[list[list[float]], int]]
"""Texts → their vectors, and the tokens that the provider counted (0: unknown)."""


class ModelProvider(PlatformBlock, ABC):
    """Language models and embedders under one address and one set of credentials."""

    parameter_names: ClassVar[Mapping[str, str]]
    """Generation parameters of `llm` → the provider's names."""
    embedding_batch: ClassVar[int] = 32
    known_dimensions: ClassVar[Mapping[str, int]] = {}
    known_max_tokens: ClassVar[Mapping[str, int]] = {}

    provider: str = Field(
        default="provider",
        pattern=PROVIDER_NAME,
        title="Provider name",
        description="First part of the model ids that this block serves, as in `name/model`.",
    )
    request_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        title="Request timeout",
        description="Seconds that one call may take, with waiting and retries.",
    )
    max_attempts: int = Field(
        default=4, ge=1, le=20, title="Attempts", description="Attempts of one call when the provider is overloaded."
    )
    calls_in_flight: int = Field(
        default=8, ge=1, le=256, title="Calls in flight", description="Calls at the same time, in one process."
    )
    prices: dict[str, ModelPrice] = Field(
        default_factory=dict,
        title="Prices",
        description="Prices of a million tokens read and written, by model, as "
        '`{"model-id": {"input": 3, "output": 15}}`. Empty: no cost is shown.',
    )
    dimensions: dict[str, int] = Field(
        default_factory=dict,
        title="Embedding dimensions",
        description='Dimensions of the vectors, by embedder, as `{"model-id": 1024}`. Empty: it is asked once.',
    )
    max_input_tokens: dict[str, int] = Field(
        default_factory=dict,
        title="Embedder input",
        description='Tokens that an embedder reads, as `{"model-id": 8192}`. Known for common models, else '
        f"{DEFAULT_MAX_TOKENS}.",
    )

    @abstractmethod
    def haystack_chat_generator(self, model: str, parameters: dict[str, Any]) -> Any:
        """Haystack's generator for `model`, trying once, with parameters as the provider calls them."""

    def structured_output(self, schema: OutputSchema) -> dict[str, Any]:  # noqa: ARG002  (here for those that can)
        """Parameters, as the provider calls them, that hold a reply to `schema`; none where it cannot."""
        return {}

    @abstractmethod
    def embed_batch(self, model: str, *, query: bool = False) -> EmbedBatch:
        """What embeds one batch of at most `batch_size` texts, trying once.

        :param query: Questions instead of documents; some models embed them differently.
        """

    @abstractmethod
    def check(self) -> str:
        """Health check: reach the provider with its credentials; one line about it.

        :raises LlmopsError: If not.
        """

    def batch_size(self, model: str) -> int:  # noqa: ARG002  (depends on the model for some providers)
        """Texts in one call of an embedder."""
        return self.embedding_batch

    def streaming_parameters(self) -> dict[str, Any]:
        """Further parameters of a call whose answer is streamed."""
        return {}

    def header_parameters(self, headers: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002  (here for those that can)
        """Parameters of one call by which its client sends these headers; none where it takes none with a call."""
        return {}

    def policy(self) -> CallPolicy:
        """How the provider wants to be called."""
        return CallPolicy(
            provider=self.slug,
            deadline_seconds=self.request_timeout_seconds,
            max_attempts=self.max_attempts,
            calls_in_flight=self.calls_in_flight,
            secrets=self.secrets(),
        )

    def generates(self, model: str) -> bool:  # noqa: ARG002  (here for those whose answers are extracted)
        """Whether `model` is a language model; else answers are extracted from the passages.

        :raises ConfigurationError: If the provider knows that it has no such model.
        """
        return True

    def local_embedder(self, model: str) -> "Embedder | None":  # noqa: ARG002  (here for those that have one)
        """An embedder that runs in this process, and calls no server; `None` for one behind :meth:`embed_batch`.

        :raises ConfigurationError: If the provider knows that it has no such embedder.
        """
        return None

    def declared_dimension(self, model: str) -> int | None:
        """Dimensions by the block, else by `known_dimensions`; `None` to ask the embedder."""
        return self.dimensions.get(model) or self.known_dimensions.get(model)

    def declared_max_tokens(self, model: str) -> int:
        """Tokens that the embedder reads, by the block, else by `known_max_tokens`."""
        return self.max_input_tokens.get(model) or self.known_max_tokens.get(model) or DEFAULT_MAX_TOKENS
