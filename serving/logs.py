"""Structured logs: one JSON object a line on stderr, and an access log with request and trace ids."""

import logging
import re
import time
import uuid
from threading import Event
from typing import Any

from pythonjsonlogger.json import JsonFormatter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.trace_context import trace_context
from tasks_lib.errors import LlmopsError

REQUEST_ID, TRACE_ID = "X-Request-ID", "X-Trace-ID"
GIVEN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
"""A valid request id of a caller; any other is replaced."""
UNLOGGED = frozenset({"/health", "/ready", "/metrics"})
"""Paths that are polled every few seconds."""

logger = logging.getLogger("serving.requests")


def _not_a_named_error(record: logging.LogRecord) -> bool:
    """Drop LitServe's tracebacks of named errors, which the worker has logged already."""
    return record.exc_info is None or not isinstance(record.exc_info[1], LlmopsError)


def log_as_json(stopping: Event | None = None) -> None:
    """Write the logs of this process as lines of JSON; a process calls it once.

    :param stopping: Is set when the process stops. LitServe's watcher then fails on workers that have ended.
    """
    logging.getLogger("litserve.loops.loops").addFilter(_not_a_named_error)
    if stopping is not None:
        logging.getLogger("litserve.server").addFilter(lambda _: not stopping.is_set())
    handler = logging.StreamHandler()
    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=names))
    for name, level in (("serving", logging.INFO), ("tasks_lib", logging.WARNING), ("blocks", logging.WARNING)):
        room = logging.getLogger(name)
        room.handlers, room.propagate = [handler], False
        room.setLevel(level)


def identify(state: dict[str, Any], answer: dict[str, Any]) -> None:
    """Note which trace and version an answer came from, for its headers and its line in the log."""
    state["trace_id"] = answer.get("trace_id")
    state["model_uri"] = answer.get("model_uri")


class RequestLog:
    """ASGI middleware: every request has an id, its own or the caller's, in the answer's headers and in the log.

    The log names the caller's own trace if it sent one, the holder of a key, and of a person who has logged in the
    pseudonym.

    The header with the trace is there when the trace is known before the answer begins, which it is not for a stream:
    its last event names it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        given = Headers(scope=scope).get(REQUEST_ID, "")
        state["request_id"] = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        parent = state["trace_context"] = trace_context(Headers(scope=scope))
        started, status = time.perf_counter(), 500

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = state["request_id"]
                if state.get("trace_id"):
                    headers[TRACE_ID] = state["trace_id"]
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            if scope["path"] not in UNLOGGED and not scope["path"].startswith("/ready/"):
                person = "holder" in state and state["holder"].subject
                names = ("request_id", "trace_id", "model_uri", "caller" if person else "key")
                known = {name: state[name] for name in names if state.get(name)}
                if parent is not None:
                    known |= {"parent_trace_id": parent.trace_id, "parent_span_id": parent.span_id}
                seconds = round(time.perf_counter() - started, 4)
                request = {"method": scope["method"], "path": scope["path"], "status": status, "seconds": seconds}
                logger.info("request", extra={**request, **known})
