"""An answer as it is written: text as the guardrails let it through, then the whole :class:`Answer`."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from haystack.dataclasses import StreamingChunk

from tasks_lib.rag.answering import says_no_answer
from tasks_lib.rag.passage_guard import PASSAGES_KEY
from tasks_lib.rag.types import Answer, Message

if TYPE_CHECKING:
    from tasks_lib.rag.assistant import Assistant

Emit = Callable[[str], Awaitable[None]]


class ReplyText:
    """The text of a streamed reply. `refused` once the model has said that the passages hold no answer.

    The sentinel itself is never passed on: the guardrails hold back more characters than it has.
    """

    def __init__(self, chunks: AsyncIterator[StreamingChunk]) -> None:
        self._chunks = chunks
        self._text = ""
        self.refused = False

    async def __aiter__(self) -> AsyncIterator[str]:
        """Pieces of the reply, all chunks being read to the end."""
        async for chunk in self._chunks:
            self._text += chunk.content
            self.refused = self.refused or says_no_answer(self._text)
            if chunk.content and not self.refused:
                yield chunk.content


async def passages_of(chunks: AsyncIterator[StreamingChunk]) -> StreamingChunk | None:
    """The chunk with which the passage guard opens a stream; `None` where the run ended before it."""
    async for chunk in chunks:
        if PASSAGES_KEY in chunk.meta:
            return chunk
    return None


class AnswerStream:
    """Iterates over the pieces of one answer; `answer` is complete once it is exhausted. Closing it stops the model.

    The work runs in a thread of its own, in a copy of the context that made the stream, so that its spans lie below
    the span that was open there.

    :param beat_seconds: After this time without text, an empty piece gives whoever reads a chance to close the stream.
    """

    def __init__(
        self, assistant: "Assistant", messages: Sequence[Message], *, beat_seconds: float | None = None
    ) -> None:
        self.answer: Answer | None = None
        self._assistant = assistant
        self._messages = list(messages)
        self._beat_seconds = beat_seconds
        self._context = contextvars.copy_context()
        self._pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[str]:
        """Text as let through.

        :raises LlmopsError: As :meth:`Assistant.answer`.
        """
        loop = asyncio.new_event_loop()
        work = loop.create_task(self._work(), context=self._context)
        thread = threading.Thread(target=self._context.copy().run, args=(self._run, loop, work), daemon=True)
        thread.start()
        try:
            while (piece := self._next()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(work.cancel)

    def _next(self) -> str | BaseException | None:
        try:
            return self._pieces.get(timeout=self._beat_seconds)
        except queue.Empty:
            return ""

    async def _work(self) -> None:
        async def emit(piece: str) -> None:
            self._pieces.put(piece)

        self.answer = await self._assistant.answer_streaming(self._messages, emit)

    def _run(self, loop: asyncio.AbstractEventLoop, work: "asyncio.Task[None]") -> None:
        try:
            loop.run_until_complete(work)
            self._pieces.put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the stream is read
            self._pieces.put(error)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
