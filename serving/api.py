"""The LitServe API: every question goes through it to the production version, and comes back as events."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from litserve import LitAPI

from blocks.resolve import resolve_platform
from serving.feedback import log_feedback
from serving.live import NoVersionError, Production
from serving.logs import log_as_json
from serving.slots import AnswerSlots
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.registry.live import LiveVersion
from tasks_lib.registry.process import VersionReply
from tasks_lib.registry.tracking import TRACE_CALLER_TAG, TRACE_PARENT_ID_TAG, TRACE_PARENT_TAG, TRACE_REQUEST_TAG

logger = logging.getLogger(__name__)

INTERNAL_PATH = "/internal/"
"""Where LitServe's own routes begin; no request comes in there."""
FEEDBACK_THREADS = 2
"""Threads of a worker that write feedback."""
SEARCH_THREADS = 2
"""Threads of a worker that look into the documents without an answer."""
REGISTRY_RETRIES = 2
"""Retries of an MLflow server that does not answer; MLflow's own default takes minutes."""


class AssistantAPI(LitAPI):
    """Streams events of one answer: `{"piece"}` for each piece of text, then `{"answer"}` or `{"error"}`.

    `{"refused"}` ends it where the version cannot read the request, such as a condition that fits no document.
    `{"not_ready"}` is the only event where the worker's version is being started again.

    :param platform: Name of the platform.
    :param model: Registered model.
    :param alias: Alias of the live version.
    :param timeout_seconds: Deadline of one answer.
    :param workers: Processes that answer, each with a process of the version.
    :param slots: Answers under way at a time, in all workers together.
    :param poll_seconds: Interval of polling the alias.
    :param number: Of this assistant among those of the server.
    :param required: Without a version the worker does not start; else it waits for one.
    """

    def __init__(
        self,
        *,
        platform: str,
        model: str,
        alias: str,
        timeout_seconds: float,
        workers: int,
        slots: int,
        poll_seconds: float,
        number: int = 0,
        required: bool = True,
    ) -> None:
        # LitServe tells the workers of two APIs apart by the last part of their paths
        super().__init__(api_path=f"{INTERNAL_PATH}{number}", stream=True, enable_async=True)
        self.platform_name = platform
        self.model_name = model
        self.alias = alias
        self.timeout_seconds = timeout_seconds
        self.workers = workers
        self.slots = slots
        self.poll_seconds = poll_seconds
        self.required = required
        self.answer_slots = AnswerSlots(workers, slots)

    def setup(self, device: str) -> None:  # noqa: ARG002  (LitServe's signature)
        """Load the production version; runs in the worker."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes; the server ends this one
        log_as_json()
        _limit_registry_retries()
        self.answer_slots.set_state("starting")
        self.production = Production(
            self.platform_name,
            self.model_name,
            self.alias,
            threads=self.slots,
            poll_seconds=self.poll_seconds,
            on_state=self.answer_slots.set_state,
        )
        try:
            self.production.start(required=self.required)
        except LlmopsError as error:
            logger.error("the worker does not start: %s", error.message)  # noqa: TRY400  (no traceback)
            raise
        self.threads = ThreadPoolExecutor(self.slots, thread_name_prefix="answer")
        self.feedback_threads = ThreadPoolExecutor(FEEDBACK_THREADS, thread_name_prefix="feedback")
        self.search_threads = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="search")

    async def decode_request(self, request: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A question as the routes have checked it, or a small request such as `{"feedback"}` or `{"documents"}`."""
        return request

    async def predict(self, x: dict[str, Any], **_: Any) -> AsyncIterator[dict[str, Any]]:
        """Ask the version, write feedback onto a trace of it, or look something up."""
        loop = asyncio.get_running_loop()
        if "feedback" in x:
            yield await loop.run_in_executor(self.feedback_threads, log_feedback, x["feedback"])
            return
        if "examples" in x:
            yield {"questions": self.production.example_questions()}
            return
        if "output_schema" in x:
            yield {"output_schema": self.production.output_schema()}
            return
        if "search" in x or "documents" in x:
            yield await loop.run_in_executor(self.search_threads, self._look_up, x)
            return
        if not self.answer_slots.take(x["slot"], x["offer"]):
            return
        events = self._events(x, _tags(x))
        while (event := await loop.run_in_executor(self.threads, next, events, None)) is not None:
            yield event

    def _look_up(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`{"found"}`; `{"refused"}` where the request cannot be read, `{"problem"}` where the index cannot."""
        from serving.passages import find_passages, list_documents

        try:
            live, platform = self.production.version(), resolve_platform(self.platform_name)
            if "documents" in request:
                return {"found": list_documents(platform, live, request["groups"])}
            return {"found": find_passages(platform, live, request["search"], request["where"], request["groups"])}
        except InputError as error:
            return {"refused": f"{error.message}. {error.hint}".strip()}
        except LlmopsError as error:
            return {"problem": error.message}

    async def encode_response(self, output: AsyncIterator[dict[str, Any]], **_: Any) -> Any:
        """LitServe writes each event as a line of JSON. The return type is that of LitServe's own route."""
        async for event in output:
            yield event

    def _events(self, question: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        ended = False
        client_left, slot = self.answer_slots.client_left, question["slot"]
        try:
            for item in self.production.stream(
                question["messages"],
                self.timeout_seconds,
                lambda: bool(client_left[slot]),
                tags,
                question["where"],
                question["groups"],
            ):
                ended = not isinstance(item, str)
                yield {"piece": item} if isinstance(item, str) else _last_event(*item)
        except NoVersionError as error:
            ended = True
            yield {"not_ready": error.message}
        except InputError as error:
            ended = True
            yield {"refused": error.message}
        except LlmopsError as error:
            ended = True
            yield {"error": error.message}
        finally:
            if not ended:
                client_left[slot] = False


def _tags(question: Mapping[str, Any]) -> dict[str, str]:
    """Tags of the trace: the request, who sent it, and the caller's trace that it is a part of."""
    parent = question["traceparent"]
    tags = {
        TRACE_REQUEST_TAG: question["request_id"],
        TRACE_CALLER_TAG: question["caller"],
        TRACE_PARENT_TAG: parent,
        TRACE_PARENT_ID_TAG: parent and parent.split("-")[1],
    }
    return {name: value for name, value in tags.items() if value}


def _last_event(version: LiveVersion, reply: VersionReply) -> dict[str, Any]:
    identity = {"model_uri": version.uri, "trace_id": reply.trace_id}
    if reply.error is not None and reply.error.type == InputError.__name__:
        return {"refused": reply.error.message, **identity}
    if reply.error is not None:
        return {"error": str(reply.error), **identity}
    return {"answer": {**(reply.answer or {}), **identity}}


def _limit_registry_retries() -> None:
    """Change the default of MLflow's client in this process, not in the versions that it starts."""
    from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_MAX_RETRIES

    MLFLOW_HTTP_REQUEST_MAX_RETRIES.default = REGISTRY_RETRIES
