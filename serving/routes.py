"""The routes: questions, feedback, probes and metrics."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from serving.answers import WHY_NOT_READY
from serving.assistants import Assistants, ServedAssistant
from serving.callers import Callers
from serving.choice import bound_to
from serving.conditions import Conditions
from serving.counted import answer_of
from serving.metrics import Metrics
from serving.shapes import FeedbackRequest, PredictRequest, PredictResponse

CLIENT_LEFT = 499
"""Status that nobody reads: the client closed the connection."""
RETRY_AFTER = {"Retry-After": "5"}


def add_routes(
    app: FastAPI, assistants: Assistants, metrics: Metrics, conditions: Conditions, callers: Callers
) -> None:
    """All but OpenAI's and the page's."""
    _add_predict(app, assistants, conditions)
    _add_probes(app, assistants, callers)

    @app.head("/metrics", include_in_schema=False)
    @app.get("/metrics", response_class=Response)
    def prometheus(request: Request) -> Response:
        """Prometheus metrics of the assistants that the caller may ask."""
        return Response(metrics.text(bound_to(request)), media_type="text/plain; version=0.0.4")

    @app.post("/feedback")
    async def feedback(body: FeedbackRequest, request: Request) -> dict[str, Any]:
        """Write the feedback onto the trace."""
        return await assistants.of_feedback(request, body).feedback.record(
            body, bound_to(request), request.state.caller
        )


def _add_predict(app: FastAPI, assistants: Assistants, conditions: Conditions) -> None:
    async def answered(body: PredictRequest, request: Request, assistant: ServedAssistant) -> Any:
        where = conditions.allowed(body.where)
        answer = await answer_of(assistant.answers.events(request, "/predict", body.turns(), where))
        return answer or Response(status_code=CLIENT_LEFT)

    @app.post("/predict", response_model=PredictResponse)
    async def predict(body: PredictRequest, request: Request) -> Any:
        """Answer the last message of the conversation. With several assistants, `assistant` names one."""
        return await answered(body, request, assistants.chosen(request, body.assistant))

    @app.post("/predict/{assistant}", response_model=PredictResponse)
    async def predict_by(assistant: str, body: PredictRequest, request: Request) -> Any:
        """Answer the last message of the conversation with this assistant."""
        return await answered(body, request, assistants.chosen(request, assistant, body.assistant))


def _add_probes(app: FastAPI, assistants: Assistants, callers: Callers) -> None:
    @app.head("/health", include_in_schema=False)
    @app.get("/health")
    def health() -> dict[str, Any]:
        """Liveness probe. Of API keys that are kept outside of the home it tells whether they can be read."""
        return {"status": "alive", **callers.health()}

    @app.head("/ready", include_in_schema=False)
    @app.get("/ready")
    def ready(request: Request) -> JSONResponse:
        """Readiness probe: an assistant can answer.

        Tells the state of those that the caller may ask, and the versions that answer.
        """
        return _readiness(list(assistants), assistants.visible(request))

    @app.head("/ready/{assistant}", include_in_schema=False)
    @app.get("/ready/{assistant}")
    def ready_of(assistant: str, request: Request) -> JSONResponse:
        """Readiness probe of one assistant."""
        if assistants.hidden(request, assistant):
            raise HTTPException(404, f"The assistant {assistant!r} does not exist.")
        found = [one for one in assistants if one.name == assistant]
        return _readiness(found, found)


def _readiness(assistants: Sequence[ServedAssistant], shown: Sequence[ServedAssistant]) -> JSONResponse:
    states = {one.name: one.slots.state() for one in assistants}
    told = {
        "assistants": {one.name: states[one.name] for one in shown},
        "versions": {one.name: sorted(one.slots.versions()) for one in shown},
    }
    if "ready" in states.values():
        return JSONResponse({"status": "ready", **told})
    why = " ".join(dict.fromkeys(WHY_NOT_READY[state] for state in states.values()))
    return JSONResponse({"detail": why, **told}, 503, RETRY_AFTER)
