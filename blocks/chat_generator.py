"""One language model of a provider as a Haystack chat generator; and a chain of them."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from haystack import component, default_from_dict, default_to_dict
from haystack.components.generators.chat.fallback import FallbackChatGenerator
from haystack.dataclasses import ChatMessage, StreamingCallbackT, StreamingChunk
from haystack.tools import ToolsType

from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ProviderError
from tasks_lib.providers.call import ModelCall
from tasks_lib.providers.parameters import parameters_of, translate
from tasks_lib.providers.usage import normalised_usage

if TYPE_CHECKING:
    from blocks.provider import ModelProvider


@component
class ProviderChatGenerator:
    """Calls a model within its provider's limits; every reply tells tokens, cost, latency and attempts in its meta.

    `reply.meta["usage"]` is `{"input_tokens", "output_tokens", "cost"}` for every provider, `reply.meta["model"]` is
    `provider/model`. A stored pipeline holds the provider's slug and the model's parameters, never a credential.
    """

    def __init__(self, provider: "ModelProvider", llm: LlmConfig) -> None:
        self.provider = provider
        self.llm = llm
        self.model = llm.model.split("/", 1)[1]
        self._inner: Any = None

    def warm_up(self) -> None:
        """Build the provider's generator; its client is made on the first call."""
        if self._inner is None:
            parameters = translate(parameters_of(self.llm), self.provider.parameter_names)
            self._inner = self.provider.haystack_chat_generator(self.model, parameters)

    def to_dict(self) -> dict[str, Any]:
        """Slug of the provider and parameters of the model."""
        return default_to_dict(self, provider=self.provider.slug, llm=self.llm.model_dump(mode="json"))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ProviderChatGenerator":
        """Rebuild the component; the provider is looked up by its slug."""
        from blocks.slugs import load_provider

        parameters = data["init_parameters"]
        parameters["provider"] = load_provider(parameters["provider"])
        parameters["llm"] = LlmConfig.model_validate(parameters["llm"])
        generator: ProviderChatGenerator = default_from_dict(cls, data)
        return generator

    @component.output_types(replies=list[ChatMessage])
    def run(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        tools: ToolsType | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """Answer `messages`.

        :param generation_kwargs: Overrides for this call, in our vocabulary.
        :raises LlmopsError: `ProviderError` or `ConfigurationError`, without secrets.
        """
        call, stream, inputs = self._prepared(messages, streaming_callback, generation_kwargs, tools)
        callback = stream.forward_until_deadline(call) if streaming_callback else None
        return self._measured(call.run(lambda: self._inner.run(streaming_callback=callback, **inputs)), call)

    @component.output_types(replies=list[ChatMessage])
    async def run_async(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        tools: ToolsType | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """Like :meth:`run`; the deadline interrupts the call."""
        call, stream, inputs = self._prepared(messages, streaming_callback, generation_kwargs, tools)
        callback = stream.forward_async if streaming_callback else None
        run = self._inner.run_async
        return self._measured(await call.run_async(lambda: run(streaming_callback=callback, **inputs)), call)

    def _prepared(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None,
        generation_kwargs: Mapping[str, Any] | None,
        tools: ToolsType | None,
    ) -> "tuple[ModelCall, _Stream, dict[str, Any]]":
        """The call, who hands its chunks on, and what the provider's generator is given."""
        self.warm_up()
        stream = _Stream(streaming_callback)
        overrides = translate(generation_kwargs or {}, self.provider.parameter_names)
        if streaming_callback:
            overrides = {**self.provider.streaming_parameters(), **overrides}
        inputs = {"messages": messages, "generation_kwargs": overrides, **({"tools": tools} if tools else {})}
        return ModelCall(self.provider.policy(), self.model, lambda: stream.started), stream, inputs

    def _measured(self, result: dict[str, Any], call: ModelCall) -> dict[str, list[ChatMessage]]:
        for reply in result["replies"]:
            reply.meta["usage"] = normalised_usage(reply.meta.get("usage"), self.provider.prices.get(self.model))
            reply.meta["model"] = self.llm.model
            reply.meta["latency_seconds"] = call.seconds()
            reply.meta["attempts"] = call.attempts
        return {"replies": result["replies"]}


class _Stream:
    """Hands chunks on, and knows whether there were any."""

    def __init__(self, callback: StreamingCallbackT | None) -> None:
        self._callback: Callable[[StreamingChunk], Any] | None = callback
        self.started = False

    def forward(self, chunk: StreamingChunk) -> None:
        """The callback of a synchronous call."""
        self.started = self.started or bool(chunk.content)
        if self._callback:
            self._callback(chunk)

    def forward_until_deadline(self, call: ModelCall) -> Callable[[StreamingChunk], None]:
        """The callback of a synchronous call that no one else interrupts."""

        def forward(chunk: StreamingChunk) -> None:
            call.check_deadline()
            self.forward(chunk)

        return forward

    async def forward_async(self, chunk: StreamingChunk) -> None:
        """The callback of an asynchronous call, whose deadline interrupts it."""
        self.started = self.started or bool(chunk.content)
        handed = self._callback(chunk) if self._callback else None
        if inspect.isawaitable(handed):
            await handed

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """An error after the first words is one that no other model may follow."""
        try:
            yield
        except Exception as error:
            if self.started:
                raise _BrokenStreamError(str(error)) from None
            raise


class _BrokenStreamError(BaseException):
    """Passes through Haystack's chain: words that were handed on cannot be taken back by asking another model."""


# Haystack's decorator replaces a class, so in its methods `super()` would look for the one that was written
_single_sync = FallbackChatGenerator._run_single_sync  # noqa: SLF001  (overridden below)
_single_async = FallbackChatGenerator._run_single_async  # noqa: SLF001


@component
class ModelChain(FallbackChatGenerator):
    """Asks one model after the other until one answers; a stream that broke halfway is an error."""

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
            found: dict[str, Any] = FallbackChatGenerator.run(
                self, messages, generation_kwargs, tools, streaming_callback
            )
        return found

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
            found: dict[str, Any] = await FallbackChatGenerator.run_async(
                self, messages, generation_kwargs, tools, streaming_callback
            )
        return found

    def _run_single_sync(
        self,
        gen: Any,
        messages: list[ChatMessage],
        generation_kwargs: dict[str, Any] | None,
        tools: ToolsType | None,
        streaming_callback: StreamingCallbackT | None,
    ) -> dict[str, Any]:
        stream = _Stream(streaming_callback)
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
        stream = _Stream(streaming_callback)
        callback = stream.forward_async if streaming_callback else None
        with stream.unbroken():
            return await _single_async(self, gen, messages, generation_kwargs, tools, callback)


@contextmanager
def _one_error() -> Iterator[None]:
    """Whatever the models of a chain raised, as one named error."""
    try:
        yield
    except (RuntimeError, _BrokenStreamError) as error:
        hint = "Check each model of llm.model and llm.fallback with `llmops doctor`."
        raise ProviderError(str(error), hint=hint) from None
