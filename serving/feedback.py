"""User feedback, logged as an assessment on the answer's MLflow trace by a worker of the assistant that answered."""

import re
import time
from collections import OrderedDict
from typing import Any

from fastapi import HTTPException

from serving.shapes import FeedbackRequest
from serving.worker_calls import RETRY_AFTER, WorkerCalls
from tasks_lib.registry.tracking import TRACE_ASSISTANT_TAG

TRACE_ID = re.compile(r"tr-[0-9a-f]{32}")
WRITTEN_SECONDS = 15.0
"""A trace is written a moment after its answer was given."""
PAUSE_SECONDS = 0.5
MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""MLflow's words for a trace that it does not know."""
REASONS = "llmops.reasons"
"""Metadata of an assessment: the reasons, divided by commas."""
REMEMBERED = 10_000
"""Traces of which this process knows who answered; feedback on others is looked up."""


class RecentTraces:
    """Which assistant gave the newest answers."""

    def __init__(self) -> None:
        self._assistants: OrderedDict[str, str] = OrderedDict()

    def note(self, trace_id: str, assistant: str) -> None:
        """Remember an answer; the oldest is forgotten."""
        self._assistants[trace_id] = assistant
        if len(self._assistants) > REMEMBERED:
            self._assistants.popitem(last=False)

    def assistant_of(self, trace_id: str) -> str | None:
        """Who gave the answer, if it was one of the newest."""
        return self._assistants.get(trace_id)


class FeedbackWorker:
    """Hands user feedback to the workers of one assistant."""

    def __init__(self, calls: WorkerCalls) -> None:
        self._calls = calls

    async def record(self, request: FeedbackRequest, only: frozenset[str] | None) -> dict[str, Any]:
        """Log the feedback as an MLflow assessment.

        :param only: Assistants on whose traces it may be written; `None` for all.
        :raises HTTPException: 404 if there is no such trace, 503 if MLflow, or every worker, is out of reach.
        """
        given = {**request.model_dump(), "only": None if only is None else sorted(only)}
        outcome = await self._calls.ask({"feedback": given}, "Feedback")
        if outcome.get("missing"):
            raise no_trace(request.trace_id)
        if "recorded" not in outcome:
            problem = outcome.get("problem", "no worker took it")
            raise HTTPException(503, f"The feedback was not recorded: {problem}", RETRY_AFTER)
        return {"trace_id": request.trace_id, "recorded": True}


def no_trace(trace_id: str) -> HTTPException:
    """There is none, or not for this key."""
    return HTTPException(404, f"There is no trace {trace_id!r}.")


def log_feedback(given: dict[str, Any]) -> dict[str, Any]:
    """Runs in a worker: `{"recorded"}`, `{"missing"}`, or `{"problem"}` where MLflow does not answer."""
    from mlflow.exceptions import MlflowException

    end = time.monotonic() + (WRITTEN_SECONDS if TRACE_ID.fullmatch(given["trace_id"]) else 0.0)
    while True:
        try:
            if _may_write(given["trace_id"], given["only"]):
                _write(given)
                return {"recorded": True}
        except MlflowException as error:
            if error.error_code not in MISSING:
                return {"problem": "MLflow cannot be reached"}
        if time.monotonic() >= end:
            return {"missing": True}
        time.sleep(PAUSE_SECONDS)


def _may_write(trace_id: str, only: list[str] | None) -> bool:
    """Whether the trace is one of these assistants'; its tags are written a moment after it."""
    from mlflow import MlflowClient

    if only is None:
        return True
    return MlflowClient().get_trace(trace_id, display=False).info.tags.get(TRACE_ASSISTANT_TAG) in only


def _rationale(reasons: list[str], comment: str | None) -> str | None:
    """What MLflow shows beside the verdict: `outdated, incomplete: the limit is 31 days`."""
    return ": ".join(part for part in (", ".join(reasons), comment) if part) or None


def _write(given: dict[str, Any]) -> None:
    import mlflow
    from mlflow.entities import AssessmentSource, AssessmentSourceType

    mlflow.log_feedback(
        trace_id=given["trace_id"],
        name="user_feedback",
        value=given["value"],
        rationale=_rationale(given["reasons"], given["comment"]),
        metadata={REASONS: ", ".join(given["reasons"])} if given["reasons"] else None,
        source=AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="endpoint"),
    )
