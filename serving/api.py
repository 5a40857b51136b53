"""The LitServe API: every question goes through it to the production version, and comes back as events."""

import asyncio
import logging
import multiprocessing
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from litserve import LitAPI

from serving.live import Production
from serving.logs import log_as_json
from tasks_lib.errors import LlmopsError
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.process import VersionReply
from tasks_lib.registry.tracking import TRACE_REQUEST_TAG

logger = logging.getLogger(__name__)

INTERNAL_PATH = "/internal/answers"
"""Where LitServe knows the API; no request comes in there."""


class AssistantAPI(LitAPI):
    """Streams events of one answer: `{"piece"}` for each piece of text, then `{"answer"}` or `{"error"}`.

    :param platform: Name of the platform.
    :param model: Registered model.
    :param alias: Alias of the live version.
    :param timeout_seconds: Deadline of one answer.
    :param slots: Answers under way at a time, in all workers together.
    :param poll_seconds: How often the alias is looked at.
    """

    def __init__(
        self, *, platform: str, model: str, alias: str, timeout_seconds: float, slots: int, poll_seconds: float
    ) -> None:
        super().__init__(api_path=INTERNAL_PATH, stream=True, enable_async=True)
        self.platform_name = platform
        self.model_name = model
        self.alias = alias
        self.timeout_seconds = timeout_seconds
        self.slots = slots
        self.poll_seconds = poll_seconds
        self.left = multiprocessing.get_context("spawn").Array("b", slots, lock=False)
        """Per slot: whether the client has left. The routes set it, the worker takes it away when it has ended."""

    def setup(self, device: str) -> None:  # noqa: ARG002  (LitServe's signature)
        """Load the production version; runs in the worker."""
        log_as_json()
        self.production = Production(
            self.platform_name, self.model_name, self.alias, threads=self.slots, poll_seconds=self.poll_seconds
        )
        try:
            self.production.start()
        except LlmopsError as error:
            logger.error("the worker does not start: %s", error.message)  # noqa: TRY400  (no traceback)
            raise
        self.threads = ThreadPoolExecutor(self.slots, thread_name_prefix="answer")

    async def decode_request(self, request: dict[str, Any], **_: Any) -> dict[str, Any]:
        """`{"messages", "slot", "request_id"}`, as the routes have checked it."""
        return request

    async def predict(self, x: dict[str, Any], **_: Any) -> AsyncIterator[dict[str, Any]]:
        """Ask the version."""
        events = self._events(x["messages"], x["slot"], {TRACE_REQUEST_TAG: x["request_id"]})
        loop = asyncio.get_running_loop()
        while (event := await loop.run_in_executor(self.threads, next, events, None)) is not None:
            yield event

    async def encode_response(self, output: AsyncIterator[dict[str, Any]], **_: Any) -> Any:
        """LitServe writes each event as a line of JSON. The return type is that of LitServe's own route."""
        async for event in output:
            yield event

    def _events(self, messages: list[dict[str, str]], slot: int, tags: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        told = False
        left = self.left
        try:
            for item in self.production.stream(messages, self.timeout_seconds, lambda: bool(left[slot]), tags):
                told = not isinstance(item, str)
                yield {"piece": item} if isinstance(item, str) else _last_event(*item)
        except LlmopsError as error:
            told = True
            yield {"error": error.message}
        finally:
            if not told:
                left[slot] = False


def _last_event(version: LiveVersion, reply: VersionReply) -> dict[str, Any]:
    told = {"model_uri": version.uri, "trace_id": reply.trace_id}
    if reply.error is not None:
        return {"error": str(reply.error), **told}
    return {"answer": {**(reply.answer or {}), **told}}
