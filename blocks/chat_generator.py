"""One language model of a provider as a Haystack chat generator."""

import logging
from collections.abc import Mapping
from threading import Lock
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.components.generators.chat.types import ChatGenerator
from haystack.dataclasses import ChatMessage, StreamingCallbackT
from haystack.tools import ToolsType

from blocks.provider import ModelProvider
from tasks_lib.assistant.providers.call import ModelCall
from tasks_lib.assistant.providers.failures import RefusedRequestError
from tasks_lib.assistant.providers.parameters import parameters_of, translate
from tasks_lib.assistant.providers.stream import Stream, with_whole_characters
from tasks_lib.assistant.providers.structured import OUTPUT_SCHEMA, OutputSchema
from tasks_lib.assistant.providers.trace_context import outgoing_headers
from tasks_lib.assistant.providers.usage import ModelPrice, normalised_usage
from tasks_lib.config.rag import LlmConfig

logger = logging.getLogger(__name__)
_refusing = Lock()


@component
class ProviderChatGenerator:
    """Calls a model within its provider's limits; every reply has tokens, cost, latency and attempts in its meta.

    `reply.meta["usage"]` is `{"input_tokens", "output_tokens", "cost"}` for every provider, `reply.meta["model"]` is
    `provider/model`. A stored pipeline holds the provider's slug and the model's parameters, never a credential.

    :param provider: Where the model is.
    :param llm: The model, as `provider/model`, and its generation parameters.
    """

    takes_output_schema = True

    def __init__(self, *, provider: ModelProvider, llm: LlmConfig) -> None:
        self.provider = provider
        self.llm = llm
        self.model = llm.model.split("/", 1)[1]
        self._inner: Any = None
        self._shaped: dict[OutputSchema, Any] = {}
        self._refuses_schemas = False

    @property
    def price(self) -> ModelPrice | None:
        """Of the model, by its provider's block."""
        return self.provider.prices.get(self.model)

    @property
    def longest_reply(self) -> int:
        """Tokens that the model writes at most."""
        return self.llm.max_tokens

    def warm_up(self) -> None:
        """Build the provider's generator; its client is made on the first call."""
        if self._inner is None:
            self._inner = self._built({})

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

        :param generation_kwargs: Overrides for this call, named as in `llm`. With an `output_schema`, the reply is JSON
            of that shape where the provider can force it; where it refuses, the reply is what the words ask for.
        :raises LlmopsError: `ProviderError` or `ConfigurationError`, without secrets.
        """
        schema, overrides = self._schema_and_rest(generation_kwargs)
        try:
            return self._run(schema, messages, streaming_callback, overrides, tools)
        except RefusedRequestError as refused:
            if schema is None:
                raise
            answered = self._run(None, messages, streaming_callback, overrides, tools)
            self._do_without_schemas(refused)
            return answered

    @component.output_types(replies=list[ChatMessage])
    async def run_async(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        tools: ToolsType | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """Like :meth:`run`; the deadline interrupts the call."""
        schema, overrides = self._schema_and_rest(generation_kwargs)
        try:
            return await self._run_async(schema, messages, streaming_callback, overrides, tools)
        except RefusedRequestError as refused:
            if schema is None:
                raise
            answered = await self._run_async(None, messages, streaming_callback, overrides, tools)
            self._do_without_schemas(refused)
            return answered

    def _run(
        self,
        schema: OutputSchema | None,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None,
        overrides: Mapping[str, Any],
        tools: ToolsType | None,
    ) -> dict[str, list[ChatMessage]]:
        call, stream, inputs = self._prepared(messages, streaming_callback, overrides, tools)
        callback = stream.forward_until_deadline(call) if streaming_callback else None
        run = self._generator(schema).run
        return self._measured(call.run(lambda: run(streaming_callback=callback, **inputs)), call)

    async def _run_async(
        self,
        schema: OutputSchema | None,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None,
        overrides: Mapping[str, Any],
        tools: ToolsType | None,
    ) -> dict[str, list[ChatMessage]]:
        call, stream, inputs = self._prepared(messages, streaming_callback, overrides, tools)
        callback = stream.forward_async if streaming_callback else None
        run = self._generator(schema).run_async
        return self._measured(await call.run_async(lambda: run(streaming_callback=callback, **inputs)), call)

    def _schema_and_rest(
        self, generation_kwargs: Mapping[str, Any] | None
    ) -> tuple[OutputSchema | None, dict[str, Any]]:
        """The output schema of the call, and the other parameters."""
        overrides = dict(generation_kwargs or {})
        schema: OutputSchema | None = overrides.pop(OUTPUT_SCHEMA, None)
        return (None if self._refuses_schemas else schema), overrides

    def _generator(self, schema: OutputSchema | None) -> Any:
        """The provider's generator; one for each schema, since not every generator takes it with a call."""
        if schema is None:
            self.warm_up()
            return self._inner
        if schema not in self._shaped:
            self._shaped[schema] = self._built(self.provider.structured_output(schema))
        return self._shaped[schema]

    def _built(self, further: Mapping[str, Any]) -> Any:
        parameters = translate(parameters_of(self.llm), self.provider.parameter_names)
        return self.provider.haystack_chat_generator(self.model, {**parameters, **further})

    def _do_without_schemas(self, refused: RefusedRequestError) -> None:
        """Stop asking for a schema, and log that once."""
        with _refusing:
            if self._refuses_schemas:
                return
            self._refuses_schemas = True
        logger.warning("%s is asked for JSON by its prompt from now on: %s", self.llm.model, refused.message)

    def _prepared(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None,
        generation_kwargs: Mapping[str, Any],
        tools: ToolsType | None,
    ) -> tuple[ModelCall, Stream, dict[str, Any]]:
        """The call, who hands its chunks on, and what the provider's generator is given."""
        stream = Stream(streaming_callback)
        overrides = translate(generation_kwargs, self.provider.parameter_names)
        if streaming_callback:
            overrides = {**self.provider.streaming_parameters(), **overrides}
        if headers := outgoing_headers():
            overrides |= self.provider.header_parameters(headers)
        inputs = {"messages": messages, "generation_kwargs": overrides, **({"tools": tools} if tools else {})}
        return ModelCall(self.provider.policy(), self.model, lambda: stream.started), stream, inputs

    def _measured(self, result: dict[str, Any], call: ModelCall) -> dict[str, list[ChatMessage]]:
        for reply in result["replies"]:
            reply.meta["usage"] = normalised_usage(reply.meta.get("usage"), self.provider.prices.get(self.model))
            reply.meta["model"] = self.llm.model
            reply.meta["latency_seconds"] = call.seconds()
            reply.meta["attempts"] = call.attempts
        return {"replies": [with_whole_characters(reply) for reply in result["replies"]]}


def chat_generator_of(provider: ModelProvider, llm: LlmConfig) -> ChatGenerator | None:
    """The chat generator of `llm.model`; `None` where answers are extracted from the passages.

    :raises ConfigurationError: If the provider knows that it has no such model.
    """
    if not provider.generates(llm.model.split("/", 1)[1]):
        return None
    generator: ChatGenerator = ProviderChatGenerator(provider=provider, llm=llm)
    return generator
