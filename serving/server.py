"""The LitServe server and the routes beside `/predict`."""

from typing import Any

from litserve import LitServer
from pydantic import BaseModel, ConfigDict, Field

from blocks.resolve import resolve_platform
from serving.api import AssistantAPI
from tasks_lib.registry.tracking import connect


class FeedbackRequest(BaseModel):
    """What a person thought of an answer."""

    model_config = ConfigDict(extra="forbid")

    trace_id: str = Field(min_length=1)
    value: bool | float | str
    comment: str | None = Field(default=None, max_length=4_000)


def build_server(*, platform: str, model: str, alias: str, workers: int, timeout: float) -> LitServer:
    """A server that answers `/predict`, `/ready`, `/health` and `/feedback`."""
    api = AssistantAPI(platform=platform, model=model, alias=alias, timeout_seconds=timeout)
    server = LitServer(api, accelerator="cpu", workers_per_device=workers, timeout=timeout, healthcheck_path="/ready")

    @server.app.get("/health")
    def health() -> dict[str, str]:
        """The process lives."""
        return {"status": "alive"}

    @server.app.post("/feedback")
    def feedback(request: FeedbackRequest) -> dict[str, Any]:
        """Write the feedback onto the trace."""
        return record_feedback(request, platform)

    return server


def record_feedback(request: FeedbackRequest, platform: str) -> dict[str, Any]:
    """Log the feedback as an MLflow assessment; 404 if there is no such trace."""
    import mlflow
    from fastapi import HTTPException
    from mlflow.entities import AssessmentSource, AssessmentSourceType
    from mlflow.exceptions import MlflowException

    connect(resolve_platform(platform))
    try:
        mlflow.log_feedback(
            trace_id=request.trace_id,
            name="user_feedback",
            value=request.value,
            rationale=request.comment,
            source=AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="endpoint"),
        )
    except MlflowException as error:
        raise HTTPException(status_code=404, detail=f"There is no trace {request.trace_id!r}.") from error
    return {"trace_id": request.trace_id, "recorded": True}
