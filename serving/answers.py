"""Questions on their way to the workers: one slot an answer, none waits, and a client that leaves frees its slot."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from fastapi import HTTPException, Request
from litserve.server import LitServer, StreamingRequestHandler

from serving.api import AssistantAPI

RETRY_AFTER_SECONDS = 1
LOOK_SECONDS = 0.3
"""How often a request that waits looks whether its client has left."""
DRAIN_SECONDS = 30.0
"""How long a slot is kept for an answer whose client has left."""


class Answers:
    """Hands questions to LitServe's workers and reads the events of their answers."""

    def __init__(self, server: LitServer, api: AssistantAPI) -> None:
        self._handler = StreamingRequestHandler(api, server)
        self._api = api
        self._free = list(range(api.slots))
        self._draining: set[asyncio.Task[None]] = set()

    async def events(self, messages: list[dict[str, str]], request_id: str) -> AsyncIterator[dict[str, Any]]:
        """Events as :class:`AssistantAPI` tells them. The last one is always `answer`.

        :param request_id: Becomes a tag of the trace.

        :raises HTTPException: 429 when every slot is taken, 503 when the version failed, 504 when it was too slow.
        """
        if not self._free:
            raise HTTPException(
                429, "All places are taken; try again in a moment.", headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
            )
        slot = self._free.pop()
        body = await self._submitted({"messages": messages, "slot": slot, "request_id": request_id})
        ended = False
        try:
            async for line in body:
                event = json.loads(line)
                if "error" in event:
                    ended = True
                    raise _failure(event["error"])
                ended = "answer" in event
                yield event
                if ended:
                    return
            raise _failure("the worker ended")
        finally:
            self._release(slot, left=not ended)

    async def _submitted(self, question: dict[str, Any]) -> AsyncIterator[str]:
        try:
            response = await self._handler.handle_request(question, dict)
        except BaseException:
            self._free.append(question["slot"])
            raise
        return aiter(response.body_iterator)  # type: ignore[arg-type]  # lines of text

    def _release(self, slot: int, *, left: bool) -> None:
        """Give the slot away, at once after an answer, else when the worker has noticed that the client left."""
        if not left:
            self._free.append(slot)
            return
        self._api.left[slot] = True
        task = asyncio.create_task(self._drain(slot))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _drain(self, slot: int) -> None:
        """Wait for the worker, which takes the mark away when it ends the answer; not for ever: it may have died."""
        end = time.monotonic() + DRAIN_SECONDS
        while self._api.left[slot] and time.monotonic() < end:  # noqa: ASYNC110  (memory of two processes)
            await asyncio.sleep(LOOK_SECONDS)
        self._api.left[slot] = False
        self._free.append(slot)


async def while_connected(request: Request, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """`events`, as long as the client is there: a server is not told that it left, unless it writes to it."""
    iterator, looked = aiter(events), time.monotonic()
    try:
        while True:
            coming = asyncio.ensure_future(_next(iterator))
            while not coming.done() or time.monotonic() > looked + LOOK_SECONDS:
                looked = time.monotonic()
                if await request.is_disconnected():
                    await _given_up(coming)
                    return
                await asyncio.wait({coming}, timeout=LOOK_SECONDS)
            event = coming.result()
            if event is None:
                return
            yield event
    finally:
        await iterator.aclose()  # type: ignore[attr-defined]  # a generator


async def _given_up(task: "asyncio.Future[dict[str, Any] | None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, HTTPException):
        await task


async def _next(iterator: AsyncIterator[dict[str, Any]]) -> dict[str, Any] | None:
    return await anext(iterator, None)


def _failure(problem: str) -> HTTPException:
    status = 504 if "no answer within" in problem else 503
    return HTTPException(status, f"The assistant could not answer: {problem}")
