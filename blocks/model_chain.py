"""A chain of language models as one Haystack chat generator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from haystack import component
from haystack.components.generators.chat.fallback import FallbackChatGenerator
from haystack.dataclasses import ChatMessage, StreamingCallbackT
from haystack.tools import ToolsType

from tasks_lib.assistant.providers.stream import BrokenStreamError, Stream
from tasks_lib.assistant.providers.usage import ModelPrice
from tasks_lib.errors import ProviderError

# Haystack's decorator replaces a class, so in its methods `super()` would look for the one that was written
_single_sync = FallbackChatGenerator._run_single_sync  # noqa: SLF001  (overridden below)
_single_async = FallbackChatGenerator._run_single_async  # noqa: SLF001


@component
class ModelChain(FallbackChatGenerator):
    """Asks one model after the other until one answers; a stream that broke halfway is an error."""

    takes_output_schema = True

    @property
    def price(self) -> ModelPrice | None:
        """The highest of its models' prices; `None` where one has none."""
        prices = [getattr(generator, "price", None) for generator in self.chat_generators]
        known = [price for price in prices if price is not None]
        if len(known) < len(prices):
            return None
        return ModelPrice(input=max(price.input for price in known), output=max(price.output for price in known))

    @property
    def longest_reply(self) -> int:
        """Tokens that one of its models writes at most."""
        return max(int(getattr(generator, "longest_reply", 0)) for generator in self.chat_generators)

    @component.output_types(replies=list[ChatMessage], meta=dict[str, Any])
    def run(
        self,
        messages: list[ChatMessage] | str,
        generation_kwargs: dict[str, Any] | None = None,
        tools: ToolsType | None = None,
        streaming_callback: StreamingCallbackT | None = None,
    ) -> dict[str, Any]:
        """Answer `messages` with the first model that can.

        :raises ProviderError: If none can.
        """
        with _one_error():
            answer: dict[str, Any] = FallbackChatGenerator.run(
                self, messages, generation_kwargs, tools, streaming_callback
            )
        return answer

    @component.output_types(replies=list[ChatMessage], meta=dict[str, Any])
    async def run_async(
        self,
        messages: list[ChatMessage] | str,
        generation_kwargs: dict[str, Any] | None = None,
        tools: ToolsType | None = None,
        streaming_callback: StreamingCallbackT | None = None,
    ) -> dict[str, Any]:
        """Like :meth:`run`."""
        with _one_error():
            answer: dict[str, Any] = await FallbackChatGenerator.run_async(
                self, messages, generation_kwargs, tools, streaming_callback
            )
        return answer

    def _run_single_sync(
        self,
        gen: Any,
        messages: list[ChatMessage],
        generation_kwargs: dict[str, Any] | None,
        tools: ToolsType | None,
        streaming_callback: StreamingCallbackT | None,
    ) -> dict[str, Any]:
        stream = Stream(streaming_callback)
        callback = stream.forward if streaming_callback else None
        with stream.unbroken():
            return _single_sync(self, gen, messages, generation_kwargs, tools, callback)

    async def _run_single_async(
        self,
        gen: Any,
        messages: list[ChatMessage],
        generation_kwargs: dict[str, Any] | None,
        tools: ToolsType | None,
        streaming_callback: StreamingCallbackT | None,
    ) -> dict[str, Any]:
        stream = Stream(streaming_callback)
        callback = stream.forward_async if streaming_callback else None
        with stream.unbroken():
            return await _single_async(self, gen, messages, generation_kwargs, tools, callback)


@contextmanager
def _one_error() -> Iterator[None]:
    """Whatever the models of a chain raised, as one named error."""
    try:
        yield
    except (RuntimeError, BrokenStreamError) as error:
        hint = "Check each model of llm.model and llm.fallback with `llmops doctor`."
        raise ProviderError(str(error), hint=hint) from None
