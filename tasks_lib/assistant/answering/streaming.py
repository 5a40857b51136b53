"""An answer as it is written: text as the guardrails let it through, then the whole :class:`Answer`."""

import asyncio
import contextvars
import os
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from haystack.dataclasses import StreamingChunk

from tasks_lib.assistant.answering.builders import begun_no_answer, says_no_answer
from tasks_lib.assistant.answering.passage_guard import PASSAGES_KEY
from tasks_lib.assistant.contract.answer import Answer, Message

THREADS = 64
"""Steps of all streams that block, at once."""

Emit = Callable[[str], Awaitable[None]]


class StreamingAssistant(Protocol):
    """What a stream needs of the assistant."""

    async def answer_streaming(
        self, messages: Sequence[Message], emit: Emit, where: Sequence[str] = (), groups: Collection[str] = ()
    ) -> Answer:
        """Answer the last message; `emit` takes the pieces of the text."""
        ...


class ReplyText:
    """The text of a streamed reply. `refused` once the model has said that the passages hold no answer.

    The sentinel itself is never passed on, nor is what may become it.
    """

    def __init__(self, chunks: AsyncIterator[StreamingChunk]) -> None:
        self._chunks = chunks
        self._text = ""
        self.refused = False

    async def __aiter__(self) -> AsyncIterator[str]:
        """Pieces of the reply, all chunks being read to the end."""
        passed = 0
        async for chunk in self._chunks:
            self._text += chunk.content
            self.refused = self.refused or says_no_answer(self._text)
            end = len(self._text) - begun_no_answer(self._text)
            if end > passed and not self.refused:
                yield self._text[passed:end]
                passed = end
        if passed < len(self._text) and not self.refused:
            yield self._text[passed:]


async def passages_of(chunks: AsyncIterator[StreamingChunk]) -> StreamingChunk | None:
    """The chunk with which the passage guard opens a stream; `None` where the run ended before it."""
    async for chunk in chunks:
        if PASSAGES_KEY in chunk.meta:
            return chunk
    return None


class AnswerStream:
    """Iterates over the pieces of one answer; `answer` is complete once it is exhausted. Closing it stops the model.

    The work runs in the event loop of all streams, in a copy of the context that made this one, so that its spans lie
    below the span that was open there.

    :param beat_seconds: After this time without text, an empty piece gives whoever reads a chance to close the stream.
    """

    def __init__(
        self,
        assistant: StreamingAssistant,
        messages: Sequence[Message],
        where: Sequence[str] = (),
        groups: Collection[str] = (),
        *,
        beat_seconds: float | None = None,
    ) -> None:
        self.answer: Answer | None = None
        self._assistant = assistant
        self._messages = list(messages)
        self._where = tuple(where)
        self._groups = frozenset(groups)
        self._beat_seconds = beat_seconds
        self._context = contextvars.copy_context()
        self._pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[str]:
        """Text as let through.

        :raises LlmopsError: As :meth:`Assistant.answer`.
        """
        work = self._context.run(asyncio.run_coroutine_threadsafe, self._work(), _LOOP.get())
        try:
            while (piece := self._next()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            work.cancel()

    def _next(self) -> str | BaseException | None:
        try:
            return self._pieces.get(timeout=self._beat_seconds)
        except queue.Empty:
            return ""

    async def _work(self) -> None:
        async def emit(piece: str) -> None:
            self._pieces.put(piece)

        try:
            self.answer = await self._assistant.answer_streaming(self._messages, emit, self._where, self._groups)
        except BaseException as error:
            self._pieces.put(error)  # raised where the stream is read
            raise
        self._pieces.put(None)


class _Loop:
    """The event loop of all streams: connections that a client keeps open work only in the loop they began in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: asyncio.AbstractEventLoop | None = None
        os.register_at_fork(after_in_child=self._forget)  # threads do not survive a fork

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop, which runs in a thread from the first stream on."""
        with self._lock:
            if self._running is None:
                self._running = asyncio.new_event_loop()
                self._running.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="stream"))
                threading.Thread(target=self._running.run_forever, name="streams", daemon=True).start()
            return self._running

    def _forget(self) -> None:
        self._lock, self._running = threading.Lock(), None


_LOOP = _Loop()
