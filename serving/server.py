"""The LitServe server and its routes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from litserve import LitServer
from starlette.routing import Route

from serving import openai
from serving.answers import Answers, while_connected
from serving.api import INTERNAL_PATH, AssistantAPI
from serving.feedback import record_feedback
from serving.metrics import Metrics
from serving.shapes import ChatRequest, FeedbackRequest, PredictRequest, PredictResponse

PAGE = Path(__file__).with_name("page.html")
REPLACED = {"/", "/info", INTERNAL_PATH}
"""Routes of LitServe's own that are not offered."""
LARGEST_BODY = 2**20
"""Bytes."""
CLIENT_LEFT = 499
"""Status that nobody reads: the client closed the connection."""
DESCRIPTION = "Answers questions from the documents, with the production version."


def build_server(
    *, platform: str, model: str, alias: str, workers: int, timeout: float, slots: int, poll_seconds: float
) -> LitServer:
    """A server for `model`'s version behind `alias`; it answers once a worker has loaded that."""
    api = AssistantAPI(
        platform=platform, model=model, alias=alias, timeout_seconds=timeout, slots=slots, poll_seconds=poll_seconds
    )
    server = LitServer(
        api,
        accelerator="cpu",
        workers_per_device=workers,
        timeout=timeout,
        healthcheck_path="/ready",
        restart_workers=True,
        max_payload_size=LARGEST_BODY,
    )
    app = server.app
    app.title, app.description = model, DESCRIPTION
    app.router.routes = [
        route for route in app.router.routes if not (isinstance(route, Route) and route.path in REPLACED)
    ]
    answers, metrics = Answers(server, api), Metrics()
    _add_answers(app, answers, metrics)
    _add_openai(app, answers, metrics, model)
    _add_errors(app)
    _add_rest(app, metrics, platform)
    return server


def _add_answers(app: FastAPI, answers: Answers, metrics: Metrics) -> None:
    @app.post("/predict", response_model=PredictResponse)
    async def predict(body: PredictRequest, request: Request) -> Any:
        """Answer the last message of the conversation."""
        events = metrics.observed("/predict", answers.events([message.model_dump() for message in body.messages]))
        async for event in while_connected(request, events):
            if "answer" in event:
                return event["answer"]
        return Response(status_code=CLIENT_LEFT)


def _add_openai(app: FastAPI, answers: Answers, metrics: Metrics, model: str) -> None:
    route = "/v1/chat/completions"

    @app.post(route, response_model=None)
    async def chat_completions(body: ChatRequest, request: Request) -> Any:
        """Answer as OpenAI's API does, streamed or whole."""
        if body.model.partition("/")[0] != model:
            raise HTTPException(404, f"The model {body.model!r} does not exist; there is {model!r}.")
        completion = openai.Completion(body, model)
        counted = metrics.observed(route, answers.events([message.turn() for message in body.messages]))
        events = while_connected(request, counted)
        if not body.stream:
            async for event in events:
                if "answer" in event:
                    return completion.whole(event["answer"])
            return Response(status_code=CLIENT_LEFT)
        return StreamingResponse(completion.stream(await _begun(events)), media_type="text/event-stream")

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        """The one model that there is."""
        entry = {"id": model, "object": "model", "created": 0, "owned_by": "llmops"}
        return {"object": "list", "data": [entry]}


def _add_errors(app: FastAPI) -> None:
    """OpenAI's shape on its routes, FastAPI's on the others."""

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith("/v1/"):
            return openai.error_response(error)
        return await http_exception_handler(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_wrong_request(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith("/v1/"):
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"] if part != "body")
            return JSONResponse(openai.error_body(400, f"{place}: {first['msg']}"), 400)
        return await request_validation_exception_handler(request, error)


async def _begun(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """`events` once the first is there: what fails before is an answer of its own status, not a broken stream."""
    iterator = aiter(events)
    first = await anext(iterator, None)

    async def all_of_them() -> AsyncIterator[dict[str, Any]]:
        if first is not None:
            yield first
        async for event in iterator:
            yield event

    return all_of_them()


def _add_rest(app: FastAPI, metrics: Metrics, platform: str) -> None:
    @app.get("/health")
    def health() -> dict[str, str]:
        """The process lives."""
        return {"status": "alive"}

    @app.get("/metrics", response_class=Response)
    def prometheus() -> Response:
        """Prometheus metrics."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    @app.post("/feedback")
    def feedback(request: FeedbackRequest) -> dict[str, Any]:
        """Write the feedback onto the trace."""
        return record_feedback(request, platform)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def page() -> str:
        """The chat page."""
        return PAGE.read_text(encoding="utf-8")
