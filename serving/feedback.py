"""User feedback, logged as an assessment on the answer's MLflow trace by a worker of the assistant that answered."""

import re
import time
from collections import OrderedDict
from typing import Any

from fastapi import HTTPException

from serving.shapes import FeedbackRequest
from serving.worker_calls import RETRY_AFTER, WorkerCalls
from tasks_lib.registry.tracking import TRACE_ASSISTANT_TAG, TRACE_CALLER_TAG

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
    """Which assistant gave the newest answers, and to whom."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def note(self, trace_id: str, caller: str, assistant: str) -> None:
        """Remember an answer; the oldest is forgotten."""
        self._answers[trace_id] = caller, assistant
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    def assistant_of(self, trace_id: str) -> str | None:
        """Who gave the answer, if it was one of the newest."""
        return self._answers[trace_id][1] if trace_id in self._answers else None

    def another_asked(self, trace_id: str, caller: str) -> bool:
        """Whether it was one of the newest, and somebody else's question."""
        return bool(caller) and trace_id in self._answers and self._answers[trace_id][0] != caller


class FeedbackWorker:
    """Hands user feedback to the workers of one assistant."""

    def __init__(self, calls: WorkerCalls) -> None:
        self._calls = calls

    async def record(self, request: FeedbackRequest, only: frozenset[str] | None, caller: str) -> dict[str, Any]:
        """Log the feedback as an MLflow assessment.

        :param only: Assistants on whose traces it may be written; `None` for all.
        :param caller: Pseudonym of who gives it, on a trace of its own; empty for anyone, on any.
        :raises HTTPException: 404 if there is no such trace, 503 if MLflow, or every worker, is out of reach.
        """
        given = {**request.model_dump(), "only": None if only is None else sorted(only), "caller": caller}
        outcome = await self._calls.ask({"feedback": given}, "Feedback")
        if outcome.get("missing"):
            raise no_trace(request.trace_id)
        if "recorded" not in outcome:
            problem = outcome.get("problem", "no worker took it")
            raise HTTPException(503, f"The feedback was not recorded: {problem}", RETRY_AFTER)
        return {"trace_id": request.trace_id, "recorded": True}


def no_trace(trace_id: str) -> HTTPException:
    """There is none, or not for this caller."""
    return HTTPException(404, f"There is no trace {trace_id!r}.")


def log_feedback(given: dict[str, Any]) -> dict[str, Any]:
    """Runs in a worker: `{"recorded"}`, `{"missing"}`, or `{"problem"}` where MLflow does not answer."""
    from mlflow.exceptions import MlflowException

    end = time.monotonic() + (WRITTEN_SECONDS if TRACE_ID.fullmatch(given["trace_id"]) else 0.0)
    while True:
        try:
            may = _may_write(given)
            if may:
                _write(given)
                return {"recorded": True}
            if may is False:
                return {"missing": True}
        except MlflowException as error:
            if error.error_code not in MISSING:
                return {"problem": "MLflow cannot be reached"}
        if time.monotonic() >= end:
            return {"missing": True}
        time.sleep(PAUSE_SECONDS)


def _may_write(given: dict[str, Any]) -> bool | None:
    """Whether the trace is the caller's own, and one of its assistants'.

    `None` where its tags do not tell: they are written a moment after it.
    """
    from mlflow import MlflowClient

    only, caller = given["only"], given["caller"]
    if only is None and not caller:
        return True
    tags = MlflowClient().get_trace(given["trace_id"], display=False).info.tags
    wanted = [(TRACE_CALLER_TAG, [caller])] if caller else []
    wanted += [(TRACE_ASSISTANT_TAG, only)] if only is not None else []
    if any(tag in tags and tags[tag] not in allowed for tag, allowed in wanted):
        return False
    return True if all(tag in tags for tag, _ in wanted) else None


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
