"""The route of OpenAI's Responses API."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from serving.assistants import Assistants
from serving.conditions import Conditions
from serving.counted import answer_of, begun
from serving.openai_routes import UNBUFFERED
from serving.parameters import ignored_header
from serving.responses.request import ResponseRequest
from serving.responses.response import ResponseWriter
from serving.routes import CLIENT_LEFT

PATH = "/v1/responses"


def add_responses_route(app: FastAPI, assistants: Assistants, conditions: Conditions) -> None:
    """Answers only: none is kept, so none can be fetched, continued or deleted."""

    @app.post(PATH, response_model=None)
    async def responses(body: ResponseRequest, request: Request) -> Any:
        """Answer as OpenAI's Responses API does, streamed or whole, with citations as annotations."""
        assistant = assistants.of_model(request, body.model)
        where = conditions.allowed(body.where)
        await assistant.require_format(body.format(), "text.format")
        writer = ResponseWriter(body, assistant.name)
        events = assistant.answers.events(request, PATH, body.turns(), where)
        ignored = ignored_header(body.ignored())
        if not body.stream:
            answer = await answer_of(events)
            return JSONResponse(writer.whole(answer), 200, ignored) if answer else Response(status_code=CLIENT_LEFT)
        stream = writer.stream(await begun(events))
        return StreamingResponse(stream, media_type="text/event-stream", headers={**UNBUFFERED, **ignored})
