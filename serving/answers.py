"""Dispatch questions to the workers: one slot an answer, no queue, and a client that disconnects frees its slot."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import HTTPException, Request
from litserve.server import LitServer, StreamingRequestHandler

from serving.api import AssistantAPI
from serving.slots import State

LOOK_SECONDS = 0.3
"""How often a request that waits looks whether its client has left, and whether its worker lives."""
TAKE_SECONDS = 3.0
"""How long a question may wait for a worker before it is offered again: the worker may have been killed."""
GRACE_SECONDS = 5.0
"""The version holds the deadline itself; this much later, nobody waits for it any more."""
DRAIN_SECONDS = 30.0
"""How long a slot is kept for an answer whose client has left."""
TRIES = 5
"""How often a question is offered when no worker takes it, or when the worker has no version."""

BEING_STARTED = "No version is ready, one is being started; try again in a moment."
WHY_NOT_READY: dict[State, str] = {
    "starting": BEING_STARTED,
    "ready": BEING_STARTED,  # between two looks
    "failed": "No version is ready: the one in production does not come up; the endpoint's log says why.",
    "not_deployed": "No version is in production yet.",
}
"""What a question is told that no worker can answer."""


class ClientLeftError(Exception):
    """Nobody reads the answer any more."""


class NotTakenError(Exception):
    """No worker has begun with the question."""


@dataclass
class Question:
    """What a worker is given; `under_way` while one may be writing the answer."""

    messages: list[dict[str, str]]
    where: list[str]
    slot: int
    request_id: str
    caller: str
    groups: list[str]
    traceparent: str = ""
    offer: int = 0
    under_way: bool = False


class Answers:
    """Hands questions to LitServe's workers and reads the events of their answers."""

    def __init__(self, server: LitServer, api: AssistantAPI) -> None:
        self._handler = StreamingRequestHandler(api, server)
        self._timeout = api.timeout_seconds
        self._slots = api.answer_slots
        self._free = list(range(api.slots))
        self._draining: set[asyncio.Task[None]] = set()

    async def events(
        self, request: Request, messages: list[dict[str, str]], where: list[str]
    ) -> AsyncIterator[dict[str, Any]]:
        """Events as :class:`AssistantAPI` emits them; the last one is `answer`, unless the client leaves before.

        The trace carries the request's id as a tag, the pseudonym of who asked, and the caller's own trace.

        :param where: Conditions that passages meet.
        :raises HTTPException: 400 when a condition fits no document, 429 when every slot is taken, 503 when the version
            failed or there is none, 504 when it was too slow.
        """
        if not self._free:
            raise retry_later(429, "All slots are taken; try again in a moment.", 1)
        state = request.state
        question = Question(
            messages,
            where,
            self._free.pop(),
            state.request_id,
            state.caller,
            groups_of(request),
            str(getattr(state, "trace_context", None) or ""),
        )
        try:
            for _ in range(TRIES):
                if not self._slots.ready_workers():
                    break
                with suppress(NotTakenError):
                    async for event in self._events(request, question):
                        yield event
                    return
            raise retry_later(503, WHY_NOT_READY[self._slots.state()], 5)
        except ClientLeftError:
            return
        finally:
            self._release(question)

    async def _events(self, request: Request, question: Question) -> AsyncIterator[dict[str, Any]]:
        """Events of one try."""
        begun = time.monotonic()
        question.offer = self._slots.offer(question.slot)

        async def look() -> None:
            if await request.is_disconnected():
                raise ClientLeftError
            self._check(question, time.monotonic() - begun)

        response = await self._handler.handle_request(asdict(question), dict)
        question.under_way = True
        lines: AsyncIterator[str] = aiter(response.body_iterator)  # type: ignore[arg-type]  # lines of text
        async for line in watched(lines, look):
            event = json.loads(line)
            question.under_way = "piece" in event
            if "not_ready" in event:
                raise NotTakenError
            if "refused" in event:
                raise HTTPException(400, event["refused"])
            if "error" in event:
                raise _failure(event["error"])
            yield event
            if "answer" in event:
                return
        raise _failure("the worker ended")

    def _check(self, question: Question, waited: float) -> None:
        """Whether waiting makes sense."""
        if self._slots.worker_died(question.slot):
            question.under_way = False
            raise _failure("its worker died")
        if waited > TAKE_SECONDS and not self._slots.taken(question.slot):
            self._slots.offer(question.slot)
            question.under_way = False
            raise NotTakenError
        if waited > self._timeout + GRACE_SECONDS:
            raise _failure(f"no answer within {self._timeout:g} s")

    def _release(self, question: Question) -> None:
        """Give the slot away, at once after an answer, else when the worker has noticed that nobody waits for it."""
        if not question.under_way:
            self._free.append(question.slot)
            return
        self._slots.client_left[question.slot] = True
        task = asyncio.create_task(self._drain(question.slot))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _drain(self, slot: int) -> None:
        """Wait for the worker, which takes the mark away when it ends the answer; not for ever: it may have died."""
        end, slots = time.monotonic() + DRAIN_SECONDS, self._slots
        while slots.client_left[slot] and not slots.worker_died(slot) and time.monotonic() < end:  # noqa: ASYNC110  (two processes)
            await asyncio.sleep(LOOK_SECONDS)
        slots.client_left[slot] = False
        self._free.append(slot)


async def watched(lines: AsyncIterator[str], look: Callable[[], Awaitable[None]]) -> AsyncIterator[str]:
    """`lines`, with a `look` every now and then while they come or are waited for; what it raises ends them."""
    looked = time.monotonic()
    try:
        while True:
            coming = asyncio.ensure_future(_next(lines))
            try:
                while not coming.done() or time.monotonic() > looked + LOOK_SECONDS:
                    if time.monotonic() > looked + LOOK_SECONDS:
                        looked = time.monotonic()
                        await look()
                    await asyncio.wait({coming}, timeout=LOOK_SECONDS)
            finally:
                if not coming.done():
                    coming.cancel()
                    await asyncio.wait({coming})
            line = coming.result()
            if line is None:
                return
            yield line
    finally:
        await lines.aclose()  # type: ignore[attr-defined]  # a generator


async def _next(lines: AsyncIterator[str]) -> str | None:
    return await anext(lines, None)


def groups_of(request: Request) -> list[str]:
    """Groups of whoever sent a request, as access control has found them; never what the request says."""
    return sorted(getattr(request.state, "groups", ()))


def retry_later(status: int, message: str, seconds: int) -> HTTPException:
    """An error that passes: `Retry-After` says when."""
    return HTTPException(status, message, headers={"Retry-After": str(seconds)})


def _failure(problem: str) -> HTTPException:
    message = f"The assistant could not answer: {problem}"
    return HTTPException(504, message) if "no answer within" in problem else retry_later(503, message, 1)
