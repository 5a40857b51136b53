"""User feedback, logged as an assessment on the answer's MLflow trace by a worker."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException
from litserve import LitAPI
from litserve.server import LitServer, StreamingRequestHandler

from serving.shapes import FeedbackRequest
from serving.slots import AnswerSlots

TRACE_ID = re.compile(r"tr-[0-9a-f]{32}")
WRITTEN_SECONDS = 15.0
"""A trace is written a moment after its answer was given."""
PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 25.0
"""How long a worker may take."""
MOST_AT_A_TIME = 16
MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""MLflow's words for a trace that it does not know."""
RETRY_AFTER = {"Retry-After": "5"}


class Feedback:
    """Hands user feedback to the workers."""

    def __init__(self, server: LitServer, api: LitAPI, slots: AnswerSlots) -> None:
        self._handler = StreamingRequestHandler(api, server)
        self._slots = slots
        self._under_way = 0

    async def record(self, request: FeedbackRequest) -> dict[str, Any]:
        """Log the feedback as an MLflow assessment.

        :raises HTTPException: 404 if there is no such trace, 503 if MLflow, or every worker, is out of reach.
        """
        if self._under_way >= MOST_AT_A_TIME or not self._slots.ready_workers():
            raise HTTPException(503, "Feedback cannot be taken now; try again in a moment.", RETRY_AFTER)
        self._under_way += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                response = await self._handler.handle_request({"feedback": request.model_dump()}, dict)
                lines: AsyncIterator[str] = aiter(response.body_iterator)  # type: ignore[arg-type]  # lines of text
                outcome = json.loads(await anext(lines, "{}"))
                await lines.aclose()  # type: ignore[attr-defined]  # a generator
        except TimeoutError:
            outcome = {}
        finally:
            self._under_way -= 1
        if outcome.get("missing"):
            raise HTTPException(404, f"There is no trace {request.trace_id!r}.")
        if "recorded" not in outcome:
            problem = outcome.get("problem", "no worker took it")
            raise HTTPException(503, f"The feedback was not recorded: {problem}", RETRY_AFTER)
        return {"trace_id": request.trace_id, "recorded": True}


def log_feedback(given: dict[str, Any]) -> dict[str, Any]:
    """Runs in a worker: `{"recorded"}`, `{"missing"}`, or `{"problem"}` where MLflow does not answer."""
    import mlflow
    from mlflow.entities import AssessmentSource, AssessmentSourceType
    from mlflow.exceptions import MlflowException

    end = time.monotonic() + (WRITTEN_SECONDS if TRACE_ID.fullmatch(given["trace_id"]) else 0.0)
    while True:
        try:
            mlflow.log_feedback(
                trace_id=given["trace_id"],
                name="user_feedback",
                value=given["value"],
                rationale=given["comment"],
                source=AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="endpoint"),
            )
        except MlflowException as error:
            if error.error_code not in MISSING:
                return {"problem": "MLflow cannot be reached"}
            if time.monotonic() >= end:
                return {"missing": True}
            time.sleep(PAUSE_SECONDS)
        else:
            return {"recorded": True}
