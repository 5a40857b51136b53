"""`python -m serving.mcp`: the tools over stdin and stdout, for a host on this machine; `llmops mcp` starts it."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from blocks.resolve import resolve_platform
from serving.live import NoVersionError, Production
from serving.passages import find_passages, list_documents
from tasks_lib.errors import LlmopsError
from tasks_lib.registry.live import LiveVersion, require_live
from tasks_lib.registry.process import VersionReply
from tasks_lib.registry.tracking import connect

THREADS = 4
"""Calls at a time; more wait."""
T = TypeVar("T")


class HomeDesk:
    """Does what the tools ask for with the production version of one assistant, which is loaded meanwhile.

    :param platform: Name of the platform.
    :param alias: Alias of the live version of `model`.
    :param timeout: Deadline of one answer, in seconds.
    :param groups: Those of whoever asks.
    """

    def __init__(
        self,
        platform: str,
        model: str,
        alias: str,
        timeout: float,
        groups: Collection[str] = (),
        poll_seconds: float = 10.0,
    ) -> None:
        self._platform = platform
        self._model = model
        self._alias = alias
        self._timeout = timeout
        self._groups = sorted(groups)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mcp")
        self._production = Production(platform, model, alias, threads=THREADS, poll_seconds=poll_seconds)
        self._looked: Future[LiveVersion] = self._threads.submit(self._live)
        self._loading: Future[None] = self._threads.submit(self._load)

    def close(self) -> None:
        """End the version's process."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._production.close()

    async def ask(self, question: str, where: list[str], assistant: str | None) -> dict[str, Any]:
        """As :class:`~serving.mcp.tools.Desk`."""
        self._require(assistant)
        return await self._done(lambda: self._answer(question, where))

    async def search(self, query: str, where: list[str], assistant: str | None) -> list[dict[str, Any]]:
        """As :class:`~serving.mcp.tools.Desk`."""
        self._require(assistant)
        return await self._done(
            lambda: find_passages(resolve_platform(self._platform), self._live_now(), query, where, self._groups)
        )

    async def documents(self, assistant: str | None) -> list[dict[str, str]]:
        """As :class:`~serving.mcp.tools.Desk`."""
        self._require(assistant)
        return await self._done(
            lambda: list_documents(resolve_platform(self._platform), self._live_now(), self._groups)
        )

    def _require(self, assistant: str | None) -> None:
        if assistant not in {None, self._model}:
            raise ToolError(f"The assistant {assistant!r} does not exist; there is {self._model!r}.")

    def _load(self) -> None:
        wait([self._looked])
        self._production.start()

    def _live_now(self) -> LiveVersion:
        wait([self._looked])  # libraries are imported, and the registry is opened, by one thread before the others
        return self._live()

    def _live(self) -> LiveVersion:
        return require_live(connect(resolve_platform(self._platform), self._model), self._model, self._alias)

    def _answer(self, question: str, where: list[str]) -> dict[str, Any]:
        self._loading.result()
        messages = [{"role": "user", "content": question}]
        for item in self._production.stream(messages, self._timeout, lambda: False, where=where, groups=self._groups):
            if not isinstance(item, str):
                return _told(*item)
        raise NoVersionError("the version gave no answer")

    async def _done(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except LlmopsError as error:
            raise ToolError(f"{error.message}. {error.hint}".rstrip(". ") + ".") from None


def _told(live: LiveVersion, reply: VersionReply) -> dict[str, Any]:
    if reply.error is not None:
        raise ToolError(f"The assistant could not answer: {reply.error}")
    return {**(reply.answer or {}), "model_uri": live.uri, "trace_id": reply.trace_id}
