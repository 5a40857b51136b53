"""OpenAI's routes: chat completions and models."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from serving.assistants import Assistants, ServedAssistant
from serving.chat_request import ChatRequest
from serving.completion import Completion
from serving.conditions import Conditions
from serving.counted import answer_of, begun
from serving.parameters import ignored_header
from serving.routes import CLIENT_LEFT

UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Nginx and its like hand on a stream as a whole, unless told not to."""


def add_openai_routes(app: FastAPI, assistants: Assistants, conditions: Conditions, *, created: int) -> None:
    """The part of OpenAI's API that there is.

    Beside what OpenAI's API tells of a model there is `version`, the one that answers now.

    :param created: When the models are said to be made, in seconds since 1970: an alias has no such moment.
    """

    @app.post("/v1/chat/completions", response_model=None)
    async def chat_completions(body: ChatRequest, request: Request) -> Any:
        """Answer as OpenAI's API does, streamed or whole."""
        assistant = assistants.of_model(request, body.model)
        where = conditions.allowed(body.where)
        await assistant.require_format(body.format(), "response_format")
        completion = Completion(body, assistant.name)
        events = assistant.answers.events(request, "/v1/chat/completions", body.turns(), where)
        ignored = ignored_header(body.ignored())
        if not body.stream:
            answer = await answer_of(events)
            return JSONResponse(completion.whole(answer), 200, ignored) if answer else Response(status_code=CLIENT_LEFT)
        stream = completion.stream(await begun(events))
        return StreamingResponse(stream, media_type="text/event-stream", headers={**UNBUFFERED, **ignored})

    def entry(assistant: ServedAssistant) -> dict[str, Any]:
        live = sorted(assistant.slots.versions())  # two while production is switched, none before the first
        told = {"version": str(live[-1])} if live else {}
        return {"id": assistant.name, "object": "model", "created": created, "owned_by": "llmops", **told}

    @app.get("/v1/models")
    def models(request: Request) -> dict[str, Any]:
        """List the assistants."""
        return {"object": "list", "data": [entry(one) for one in assistants.visible(request)]}

    @app.get("/v1/models/{model:path}")
    def model(model: str, request: Request) -> dict[str, Any]:
        """One assistant."""
        return entry(assistants.of_model(request, model))
