"""OpenAI's chat completions API over the same answers, streamed or whole."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from serving.chat_request import ChatRequest

ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 404: "invalid_request_error"}
EXTRAS = ("source_documents", "refused", "refusal_reason", "uncertain", "language", "guardrails", "trace_id")
"""Fields of an answer beside OpenAI's own; the official clients keep unknown fields."""


class OpenAIError(HTTPException):
    """An error with one of OpenAI's codes, which clients act on.

    :param code: Such as `model_not_found`.
    """

    def __init__(self, status: int, message: str, *, code: str) -> None:
        super().__init__(status, message)
        self.code = code


def error_body(status: int, message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape.

    :param param: The field of the request that is wrong.
    """
    kind = ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    kind = "rate_limit_error" if status == 429 else kind
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_response(error: StarletteHTTPException) -> JSONResponse:
    """`error` in OpenAI's shape."""
    code = error.code if isinstance(error, OpenAIError) else None
    return JSONResponse(error_body(error.status_code, str(error.detail), code), error.status_code, error.headers)


class Completion:
    """Writes one answer as a completion, whole or in chunks.

    :param model: Name under which the assistant is offered.
    """

    def __init__(self, request: ChatRequest, model: str) -> None:
        self._request = request
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
        self._model = model
        self._stops = request.stops()

    def whole(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        message = {"role": "assistant", "content": self._cut(answer["response"])}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return self._body("chat.completion", answer, choices=[choice], usage=_usage(answer))

    async def stream(self, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
        """Server-sent events; an error after the first piece is an event too, and ends the stream."""
        text, shown = "", 0
        answer: dict[str, Any] = {}
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            async for event in events:
                answer = event.get("answer", answer)
                text += event.get("piece", "")
                ready = self._ready(text, ended=bool(answer))
                if ready > shown:
                    yield self._chunk({"content": text[shown:ready]})
                    shown = ready
        except HTTPException as error:
            yield _event(error_body(error.status_code, str(error.detail)))
            return
        yield self._chunk({}, answer, finish_reason="stop")
        options = self._request.stream_options
        if options is not None and options.include_usage:
            yield _event(self._body("chat.completion.chunk", answer, choices=[], usage=_usage(answer)))
        yield "data: [DONE]\n\n"

    def _ready(self, text: str, *, ended: bool) -> int:
        """Characters that no stop text can reach any more."""
        cut = len(self._cut(text))
        if cut < len(text) or ended or not self._stops:
            return cut
        return max(0, len(text) - max(map(len, self._stops)) + 1)

    def _cut(self, text: str) -> str:
        ends = [position for stop in self._stops if (position := text.find(stop)) >= 0]
        return text[: min(ends)] if ends else text

    def _chunk(
        self, delta: dict[str, Any], answer: dict[str, Any] | None = None, finish_reason: str | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event(self._body("chat.completion.chunk", answer or {}, choices=[choice]))

    def _body(self, kind: str, answer: dict[str, Any], **fields: Any) -> dict[str, Any]:
        version = answer.get("model_uri", "").rpartition("/")[2]
        model = f"{self._model}/{version}" if version else self._model
        extras = {name: answer[name] for name in EXTRAS if name in answer}
        return {**self._head, "object": kind, "model": model, **fields, **extras}


def _usage(answer: dict[str, Any]) -> dict[str, int]:
    used = answer.get("usage") or {}
    read, written = used.get("input_tokens", 0), used.get("output_tokens", 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
