"""A stream of a model's words on their way to who asked."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from haystack.dataclasses import StreamingCallbackT, StreamingChunk

from tasks_lib.assistant.providers.call import ModelCall


class Stream:
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
                raise BrokenStreamError(str(error)) from None
            raise


class BrokenStreamError(BaseException):
    """Passes through Haystack's chain: words that were handed on cannot be taken back by asking another model."""
