"""Small requests to the workers of one assistant, beside its answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException
from litserve import LitAPI
from litserve.server import LitServer, StreamingRequestHandler

from serving.slots import AnswerSlots

PATIENCE_SECONDS = 25.0
"""How long a worker may take."""
MOST_AT_A_TIME = 16
RETRY_AFTER = {"Retry-After": "5"}


class WorkerCalls:
    """Asks any worker of one assistant, at most :data:`MOST_AT_A_TIME` times at once."""

    def __init__(self, server: LitServer, api: LitAPI, slots: AnswerSlots) -> None:
        self._handler = StreamingRequestHandler(api, server)
        self._slots = slots
        self._under_way = 0

    async def ask(self, request: dict[str, Any], what: str) -> dict[str, Any]:
        """What a worker says; nothing if none took the request in time.

        :param what: What is asked for, as the subject of a message.
        :raises HTTPException: 503 if no worker is ready, or too many requests are under way.
        """
        if self._under_way >= MOST_AT_A_TIME or not self._slots.ready_workers():
            raise HTTPException(503, f"{what} cannot be taken now; try again in a moment.", RETRY_AFTER)
        self._under_way += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                response = await self._handler.handle_request(request, dict)
                lines: AsyncIterator[str] = aiter(response.body_iterator)  # type: ignore[arg-type]  # lines of text
                said: dict[str, Any] = json.loads(await anext(lines, "{}"))
                await lines.aclose()  # type: ignore[attr-defined]  # a generator
        except TimeoutError:
            return {}
        finally:
            self._under_way -= 1
        return said
