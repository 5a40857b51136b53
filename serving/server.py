"""The LitServe server and its routes."""

import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from litserve import LitAPI, LitServer
from starlette.routing import Route

from serving import openai
from serving.access import AccessGuard
from serving.answers import Answers, retry_later
from serving.api import INTERNAL_PATH, AssistantAPI
from serving.feedback import Feedback
from serving.limits import RateLimits
from serving.logs import RequestLog, identify
from serving.metrics import Metrics
from serving.shapes import ChatRequest, FeedbackRequest, PredictRequest, PredictResponse
from serving.slots import AnswerSlots

PAGE = Path(__file__).with_name("page.html")
LITSERVE_HEALTH = "/internal/health"
REPLACED = {"/", "/info", LITSERVE_HEALTH, INTERNAL_PATH}
"""Routes of LitServe's own that are not offered."""
LARGEST_BODY = 2**20
"""Bytes."""
WATCH_SECONDS = 0.25
"""Interval in which LitServe checks that its workers live."""
CLIENT_LEFT = 499
"""Status that nobody reads: the client closed the connection."""
DESCRIPTION = "Answers questions from the documents, with the production version."


class Server(LitServer):
    """LitServe's server; while it shuts down it takes no worker that ended for one that died."""

    stopping = False

    def launch_single_inference_worker(self, lit_api: LitAPI, worker_id: int) -> Any:
        """Start a worker again, as LitServe's watcher asks for it."""
        if self.stopping:
            return self.inference_workers[worker_id]
        return super().launch_single_inference_worker(lit_api, worker_id)

    def _perform_graceful_shutdown(self, *arguments: Any, **named: Any) -> None:
        self.stopping = True
        self.monitor_internal = threading.TIMEOUT_MAX  # type: ignore[assignment]  # slept as it is
        super()._perform_graceful_shutdown(*arguments, **named)


def build_server(api: AssistantAPI, *, keys: Mapping[str, str], limits: RateLimits) -> LitServer:
    """A server for the version that `api` asks; it answers once a worker has loaded that.

    :param keys: As :func:`~serving.access.read_keys` gives them.
    """
    guard = {"keys": keys, "limits": limits, "largest_body": LARGEST_BODY}
    server = Server(
        api,
        accelerator="cpu",
        workers_per_device=api.workers,
        timeout=api.timeout_seconds,
        healthcheck_path=LITSERVE_HEALTH,
        restart_workers=True,
        middlewares=[(AccessGuard, guard), (RequestLog, {})],
        max_payload_size=LARGEST_BODY,
    )
    server.monitor_internal = WATCH_SECONDS  # type: ignore[assignment]  # slept as it is
    app = server.app
    app.title, app.description = api.model_name, DESCRIPTION
    app.router.routes = [
        route for route in app.router.routes if not (isinstance(route, Route) and route.path in REPLACED)
    ]
    metrics = Metrics(api.answer_slots.ready_workers)
    answers = CountedAnswers(Answers(server, api), metrics, limits)
    _add_answers(app, answers)
    _add_openai(app, answers, api.model_name)
    _add_errors(app)
    _add_rest(app, metrics, Feedback(server, api, api.answer_slots), api.answer_slots)
    return server


class CountedAnswers:
    """Answers, counted in the metrics and against the rate limits of the client's key."""

    def __init__(self, answers: Answers, metrics: Metrics, limits: RateLimits) -> None:
        self._answers = answers
        self._metrics = metrics
        self._limits = limits

    async def events(self, request: Request, messages: list[dict[str, str]]) -> AsyncIterator[dict[str, Any]]:
        """As :meth:`Answers.events`."""
        events = self._answers.events(request, messages)
        async for event in self._metrics.observed(request.url.path, events):
            if "answer" in event:
                identify(request.scope["state"], event["answer"])
                used = event["answer"].get("usage") or {}
                tokens = used.get("input_tokens", 0) + used.get("output_tokens", 0)
                await self._limits.count_tokens(request.state.key, tokens)
            yield event


def _add_answers(app: FastAPI, answers: CountedAnswers) -> None:
    @app.post("/predict", response_model=PredictResponse)
    async def predict(body: PredictRequest, request: Request) -> Any:
        """Answer the last message of the conversation."""
        answer = await _answer_of(answers.events(request, [message.turn() for message in body.messages]))
        return answer or Response(status_code=CLIENT_LEFT)


def _add_openai(app: FastAPI, answers: CountedAnswers, model: str) -> None:
    @app.post("/v1/chat/completions", response_model=None)
    async def chat_completions(body: ChatRequest, request: Request) -> Any:
        """Answer as OpenAI's API does, streamed or whole."""
        if body.model.partition("/")[0] != model:
            raise HTTPException(404, f"The model {body.model!r} does not exist; there is {model!r}.")
        completion = openai.Completion(body, model)
        events = answers.events(request, [message.turn() for message in body.messages])
        if not body.stream:
            answer = await _answer_of(events)
            return completion.whole(answer) if answer else Response(status_code=CLIENT_LEFT)
        return StreamingResponse(completion.stream(await _begun(events)), media_type="text/event-stream")

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        """List the one model."""
        entry = {"id": model, "object": "model", "created": 0, "owned_by": "llmops"}
        return {"object": "list", "data": [entry]}


def _add_errors(app: FastAPI) -> None:
    """OpenAI's shape on its routes, FastAPI's on the others, which do not repeat what was sent."""

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith("/v1/"):
            return openai.error_response(error)
        return await http_exception_handler(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_wrong_request(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith("/v1/"):
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"] if part != "body")
            return JSONResponse(openai.error_body(400, f"{field}: {first['msg']}"), 400)
        shown = [{name: value for name, value in one.items() if name != "input"} for one in error.errors()]
        return await request_validation_exception_handler(request, RequestValidationError(shown))


async def _answer_of(events: AsyncIterator[dict[str, Any]]) -> dict[str, Any] | None:
    """The answer at the end of `events`; `None` where the client left before."""
    answer = None
    async for event in events:
        answer = event.get("answer", answer)
    return answer


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


def _add_rest(app: FastAPI, metrics: Metrics, feedback_log: Feedback, slots: AnswerSlots) -> None:
    @app.get("/health")
    def health() -> dict[str, str]:
        """Liveness probe."""
        return {"status": "alive"}

    @app.get("/ready")
    def ready() -> dict[str, str]:
        """Readiness probe: a version is loaded."""
        if not slots.ready_workers():
            raise retry_later(503, "No version is ready, one is being started; try again in a moment.", 5)
        return {"status": "ready"}

    @app.get("/metrics", response_class=Response)
    def prometheus() -> Response:
        """Prometheus metrics."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    @app.post("/feedback")
    async def feedback(request: FeedbackRequest) -> dict[str, Any]:
        """Write the feedback onto the trace."""
        return await feedback_log.record(request)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def page() -> str:
        """The chat page."""
        return PAGE.read_text(encoding="utf-8")
