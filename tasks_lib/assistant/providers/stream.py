"""A stream of a model's words on their way to who asked."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from haystack.dataclasses import ChatMessage, StreamingCallbackT, StreamingChunk

from tasks_lib.assistant.providers.call import ModelCall
from tasks_lib.text.forms import encodable

FIRST_HALVES = ("\ud800", "\udbff")
"""The first and the last of the characters that begin a pair."""


class Stream:
    """Hands chunks on, and knows whether there were any."""

    def __init__(self, callback: StreamingCallbackT | None) -> None:
        self._callback: Callable[[StreamingChunk], Any] | None = callback
        self._half = ""
        self.started = False

    def forward(self, chunk: StreamingChunk) -> None:
        """The callback of a synchronous call."""
        self.started = self.started or bool(chunk.content)
        if self._callback:
            self._callback(self._whole(chunk))

    def forward_until_deadline(self, call: ModelCall) -> Callable[[StreamingChunk], None]:
        """The callback of a synchronous call that no one else interrupts."""

        def forward(chunk: StreamingChunk) -> None:
            call.check_deadline()
            self.forward(chunk)

        return forward

    async def forward_async(self, chunk: StreamingChunk) -> None:
        """The callback of an asynchronous call, whose deadline interrupts it."""
        self.started = self.started or bool(chunk.content)
        handed = self._callback(self._whole(chunk)) if self._callback else None
        if inspect.isawaitable(handed):
            await handed

    def _whole(self, chunk: StreamingChunk) -> StreamingChunk:
        """The chunk with whole characters: half of one waits for the other half, which some servers send apart."""
        text = self._half + chunk.content
        if encodable(text) == chunk.content:
            return chunk
        self._half = text[-1] if FIRST_HALVES[0] <= text[-1] <= FIRST_HALVES[1] else ""
        return replace(chunk, content=encodable(text.removesuffix(self._half) if self._half else text))

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """An error after the first words is one that no other model may follow."""
        try:
            yield
        except Exception as error:
            if self.started:
                raise BrokenStreamError(str(error)) from None
            raise


def with_whole_characters(reply: ChatMessage) -> ChatMessage:
    """The reply, in whose text half a character is shown as none."""
    if reply.text is None or encodable(reply.text) == reply.text:
        return reply
    text, calls = encodable(reply.text), reply.tool_calls or None
    return ChatMessage.from_assistant(text, meta=reply.meta, name=reply.name, tool_calls=calls)


class BrokenStreamError(BaseException):
    """Passes through Haystack's chain: words that were handed on cannot be taken back by asking another model."""
