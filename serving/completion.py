"""OpenAI's chat completions API over the same answers, streamed or whole."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException

from serving.chat_request import ChatRequest
from serving.cut import Cut, Ending
from serving.openai import error_body, extras_of, model_of, tokens_of


class Completion:
    """Writes one answer as a completion, whole or in chunks.

    An answer that a request wants as JSON is told at its end: a refusal is no JSON, and has a field of its own.

    :param model: Name under which the assistant is offered.
    """

    def __init__(self, request: ChatRequest, model: str) -> None:
        self._request = request
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time())}
        self._model = model
        self._cut = Cut(request.stops(), request.most_tokens())
        self._is_text = request.format().is_text

    def whole(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        message = {"role": "assistant", "content": None, "refusal": None, **self._told(answer)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._ending(answer["response"])}
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
                ready = (self._cut.end(text)[0] if answer else self._cut.ready(text)) if self._is_text else 0
                if ready > shown:
                    yield self._chunk({"content": text[shown:ready]})
                    shown = ready
        except HTTPException as error:
            yield _event(error_body(error.status_code, str(error.detail)))
            return
        if answer and not self._is_text:
            yield self._chunk(self._told(answer))
        yield self._chunk({}, answer, finish_reason=self._ending(text))
        options = self._request.stream_options
        if options is not None and options.include_usage:
            yield _event(self._body("chat.completion.chunk", answer, choices=[], usage=_usage(answer)))
        yield "data: [DONE]\n\n"

    def _told(self, answer: dict[str, Any]) -> dict[str, str]:
        if answer["refused"] and not self._is_text:
            return {"refusal": answer["response"]}
        return {"content": self._cut.of(answer["response"])}

    def _ending(self, text: str) -> Ending:
        return self._cut.end(text)[1]

    def _chunk(
        self, delta: dict[str, Any], answer: dict[str, Any] | None = None, finish_reason: str | None = None
    ) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event(self._body("chat.completion.chunk", answer or {}, choices=[choice]))

    def _body(self, kind: str, answer: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return {**self._head, "object": kind, "model": model_of(self._model, answer), **fields, **extras_of(answer)}


def _usage(answer: dict[str, Any]) -> dict[str, int]:
    read, written = tokens_of(answer)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _event(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"
