"""One embedder of a provider, as :class:`~tasks_lib.assistant.contract.embedder.Embedder`."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Lock
from typing import Any

from haystack import default_from_dict, default_to_dict

from blocks.provider import EmbedBatch, ModelProvider
from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.assistant.providers.call import ModelCall
from tasks_lib.assistant.providers.tokens import approximate_token_spans
from tasks_lib.assistant.providers.usage import normalised_usage
from tasks_lib.errors import ConfigurationError, ProviderError

PROBE = "How many dimensions does this have?"

_asked: dict[tuple[str, str], int] = {}


class ProviderEmbedder:
    """Embeds in batches, several at a time, within the provider's limits. Threads may share it.

    `usage` sums up what its calls took: `calls`, `input_tokens`, `seconds`, and `cost` where the block has a price.

    :param provider: Where the embedder is.
    :param model: Its id, without the provider's name.
    """

    def __init__(self, *, provider: ModelProvider, model: str) -> None:
        self.provider = provider
        self.model = model
        self.max_tokens = provider.declared_max_tokens(model)
        self.usage: dict[str, Any] = {"calls": 0, "input_tokens": 0, "seconds": 0.0, "cost": None}
        self._embed_batch = provider.embed_batch(model)
        self._embed_query = provider.embed_batch(model, query=True)
        self._lock = Lock()

    @cached_property
    def dimension(self) -> int:
        """Declared by the block, else measured by embedding a sentence, once a process."""
        declared = self.provider.declared_dimension(self.model)
        if declared:
            return declared
        key = (self.provider.slug, self.model)
        if key not in _asked:
            _asked[key] = len(self.embed_query(PROBE))
        return _asked[key]

    def embed_query(self, text: str) -> list[float]:
        """Unit vector of a question; some models embed questions and documents differently."""
        return self._call([text], self._embed_query)[0]

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of `texts`.

        :raises LlmopsError: `ProviderError` or `ConfigurationError`, without secrets.
        """
        size = self.provider.batch_size(self.model)
        batches = [texts[start : start + size] for start in range(0, len(texts), size)]
        if len(batches) < 2:
            return [vector for batch in batches for vector in self._call(batch)]
        with ThreadPoolExecutor(min(self.provider.calls_in_flight, len(batches)), "embedder") as pool:
            return [vector for vectors in pool.map(self._call, batches) for vector in vectors]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Approximate: the model's own tokenizer is not here."""
        return approximate_token_spans(text)

    def to_dict(self) -> dict[str, Any]:
        """Slug of the provider and id of the model."""
        return default_to_dict(self, provider=self.provider.slug, model=self.model)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ProviderEmbedder":
        """Rebuild the embedder; the provider is looked up by its slug."""
        from blocks.slugs import load_provider

        parameters = data["init_parameters"]
        parameters["provider"] = load_provider(parameters["provider"])
        embedder: ProviderEmbedder = default_from_dict(cls, data)
        return embedder

    def _call(self, batch: list[str], embed_batch: EmbedBatch | None = None) -> list[list[float]]:
        # some providers refuse an empty text, and a text of spaces means as little
        texts = [text if text.strip() else "-" for text in batch]
        started = time.perf_counter()
        call = ModelCall(self.provider.policy(), self.model)
        vectors, tokens = call.run(lambda: (embed_batch or self._embed_batch)(texts))
        if len(vectors) != len(batch) or not all(vectors):
            raise ProviderError(f"{self.provider.slug} gave {len(vectors)} vectors for {len(batch)} texts")
        declared = self.provider.declared_dimension(self.model)
        if declared and {len(vector) for vector in vectors} != {declared}:
            raise ConfigurationError(
                f"{self.provider.slug} answers with {len(vectors[0])} dimensions from {self.model!r}, "
                f"and {declared} are declared",
                hint="Correct the embedding dimensions of the provider's block.",
            )
        self._record(tokens, time.perf_counter() - started)
        return [_unit(vector) for vector in vectors]

    def _record(self, tokens: int, seconds: float) -> None:
        price = self.provider.prices.get(self.model)
        cost = normalised_usage({"input_tokens": tokens}, price)["cost"]
        with self._lock:
            self.usage["calls"] += 1
            self.usage["input_tokens"] += tokens
            self.usage["seconds"] += seconds
            if cost is not None:
                self.usage["cost"] = (self.usage["cost"] or 0.0) + cost


def embedder_of(provider: ModelProvider, model: str) -> Embedder:
    """The embedder with this id, without the provider's name.

    :raises ConfigurationError: If the provider knows that it has no such embedder.
    """
    return provider.local_embedder(model) or ProviderEmbedder(provider=provider, model=model)


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector
