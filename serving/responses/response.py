"""One answer as a response of OpenAI's Responses API, whole or as the events of a stream."""

import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import HTTPException

from serving.cut import Cut
from serving.openai import extras_of, model_of, tokens_of
from serving.responses.citations import citations
from serving.responses.request import ResponseRequest

PLACE = {"output_index": 0, "content_index": 0}


class ResponseWriter:
    """Writes one answer. One that a request wants as JSON is told at its end: a refusal is no JSON.

    :param model: Name under which the assistant is offered.
    """

    def __init__(self, request: ResponseRequest, model: str) -> None:
        self._request = request
        self._model = model
        self._cut = Cut(most_tokens=request.max_output_tokens)
        self._is_text = request.format().is_text
        self._head = {"id": f"resp_{uuid.uuid4().hex}", "object": "response", "created_at": int(time.time())}
        self._item = f"msg_{uuid.uuid4().hex}"
        self._number = 0

    def whole(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The body of an answer that is not streamed, and the last event of one that is."""
        cut = self._cut.end(answer["response"])[1] == "length"
        status = "incomplete" if cut else "completed"
        read, written = tokens_of(answer)
        usage = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }
        told = self._body(status, model_of(self._model, answer), output=[self._message(answer, status)], usage=usage)
        told["incomplete_details"] = {"reason": "max_output_tokens"} if cut else None
        return {**told, **extras_of(answer)}

    async def stream(self, events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
        """Server-sent events; a failure after the first is `response.failed`, which ends the stream."""
        text, shown = "", 0
        answer: dict[str, Any] = {}
        started = self._body("in_progress", self._model)
        for kind in ("response.created", "response.in_progress"):
            yield self._event(kind, response=started)
        item = {"id": self._item, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        yield self._event("response.output_item.added", output_index=0, item=item)
        if self._is_text:
            yield self._placed("response.content_part.added", part=_text_part(""))
        try:
            async for event in events:
                answer = event.get("answer", answer)
                text += event.get("piece", "")
                ready = (self._cut.end(text)[0] if answer else self._cut.ready(text)) if self._is_text else 0
                if ready > shown:
                    yield self._placed("response.output_text.delta", delta=text[shown:ready], logprobs=[])
                    shown = ready
        except HTTPException as error:
            failure = {"code": "server_error", "message": str(error.detail)}
            yield self._event("response.failed", response={**self._body("failed", self._model), "error": failure})
            return
        if answer:
            for line in self._ended(answer):
                yield line

    def _ended(self, answer: dict[str, Any]) -> Iterator[str]:
        response = self.whole(answer)
        message = response["output"][0]
        (part,) = message["content"]
        if not self._is_text:
            yield from self._told_at_once(part)
        if part["type"] == "output_text":
            for index, annotation in enumerate(part["annotations"]):
                yield self._placed(
                    "response.output_text.annotation.added", annotation_index=index, annotation=annotation
                )
            yield self._placed("response.output_text.done", text=part["text"], logprobs=[])
        else:
            yield self._placed("response.refusal.done", refusal=part["refusal"])
        yield self._placed("response.content_part.done", part=part)
        yield self._event("response.output_item.done", output_index=0, item=message)
        yield self._event(f"response.{response['status']}", response=response)

    def _told_at_once(self, part: dict[str, Any]) -> Iterator[str]:
        if part["type"] == "output_text":
            yield self._placed("response.content_part.added", part=_text_part(""))
            yield self._placed("response.output_text.delta", delta=part["text"], logprobs=[])
        else:
            yield self._placed("response.content_part.added", part={"type": "refusal", "refusal": ""})
            yield self._placed("response.refusal.delta", delta=part["refusal"])

    def _message(self, answer: dict[str, Any], status: str) -> dict[str, Any]:
        if answer["refused"] and not self._is_text:
            part: dict[str, Any] = {"type": "refusal", "refusal": answer["response"]}
        else:
            text = self._cut.of(answer["response"])
            part = {**_text_part(text), "annotations": citations(answer, len(text))}
        return {"id": self._item, "type": "message", "status": status, "role": "assistant", "content": [part]}

    def _body(self, status: str, model: str, **fields: Any) -> dict[str, Any]:
        format_ = self._request.format()
        return {
            **self._head,
            "status": status,
            "model": model,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "max_output_tokens": self._request.max_output_tokens,
            "metadata": self._request.metadata or {},
            "output": [],
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": None,
            "text": {"format": format_.told()},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "auto",
            "usage": None,
            **fields,
        }

    def _placed(self, kind: str, **fields: Any) -> str:
        return self._event(kind, item_id=self._item, **PLACE, **fields)

    def _event(self, kind: str, **fields: Any) -> str:
        body = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return f"event: {kind}\ndata: {json.dumps(body)}\n\n"


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
