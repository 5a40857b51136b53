"""What people think of an answer, kept on its trace."""

import re
import time
from typing import Any

from blocks.resolve import resolve_platform
from serving.shapes import FeedbackRequest
from tasks_lib.registry.tracking import connect

TRACE_ID = re.compile(r"tr-[0-9a-f]{32}")
TRIES, PAUSE_SECONDS = 30, 0.5
"""A trace is written a moment after its answer was given."""


def record_feedback(request: FeedbackRequest, platform: str) -> dict[str, Any]:
    """Log the feedback as an MLflow assessment.

    :raises HTTPException: 404 if there is no such trace.
    """
    import mlflow
    from fastapi import HTTPException
    from mlflow.entities import AssessmentSource, AssessmentSourceType
    from mlflow.exceptions import MlflowException

    connect(resolve_platform(platform))
    tries = TRIES if TRACE_ID.fullmatch(request.trace_id) else 1
    for left in range(tries - 1, -1, -1):
        try:
            mlflow.log_feedback(
                trace_id=request.trace_id,
                name="user_feedback",
                value=request.value,
                rationale=request.comment,
                source=AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="endpoint"),
            )
        except MlflowException as error:
            if not left:
                raise HTTPException(status_code=404, detail=f"There is no trace {request.trace_id!r}.") from error
            time.sleep(PAUSE_SECONDS)
        else:
            break
    return {"trace_id": request.trace_id, "recorded": True}
