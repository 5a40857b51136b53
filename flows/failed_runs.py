"""Flow runs that failed on the configured Prefect server: what went wrong last night."""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

API_URL = "PREFECT_API_URL"
RECENT = timedelta(days=1)
MOST = 5
ANSWER_SECONDS = 5.0
DECIDING = "deployment"
"""Tag of the deployments of prefect.yaml whose runs decide what is live."""


class FailedRun(BaseModel):
    """A flow run of one of our deployments that failed or crashed."""

    at: datetime
    name: str
    message: str = Field(description="What its state says; for a named error message and hint.")
    url: str = Field(description="Its page in Prefect.")
    flow_run: str = Field(default="", exclude=True, description="Its id.")
    crashed: bool = Field(default=False, exclude=True, description="Whether its process died.")
    decides: bool = Field(default=False, exclude=True, description="Whether `history` has it as an entry.")


def failed_runs() -> list[FailedRun]:
    """Runs of our deployments that ended within the last day by an error, newest first, five at most.

    Empty where no server is named by ``PREFECT_API_URL``: none is started to look. A server that does not answer is
    told as the one entry.
    """
    url = os.environ.get(API_URL, "").rstrip("/")
    if not url:
        return []
    import httpx
    from prefect.client.schemas.objects import StateType
    from prefect.utilities.urls import url_for

    page = url.removesuffix("/api")
    try:
        runs = _read()
    except httpx.HTTPError as error:
        problem = f"no Prefect server answers at {page}: what failed there is not known ({type(error).__name__})"
        return [FailedRun(at=datetime.now(UTC), name="Prefect", message=problem, url=page)]
    return [
        FailedRun(
            at=run.end_time or run.expected_start_time or datetime.now(UTC),
            name=run.name,
            message=" ".join(((run.state and run.state.message) or run.state_name or "").split()),
            url=str(url_for("flow-run", obj_id=run.id)),
            flow_run=str(run.id),
            crashed=run.state_type == StateType.CRASHED,
            decides=DECIDING in run.tags,
        )
        for run in runs
    ]


def runs_page() -> str:
    """Where all runs are listed: a page of the server that ``PREFECT_API_URL`` names, else where they would be."""
    url = os.environ.get(API_URL, "").rstrip("/")
    return f"{url.removesuffix('/api')}/runs" if url else "MLflow; those that failed only in Prefect (PREFECT_API_URL)"


def _read() -> "list[FlowRun]":
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterEndTime,
        FlowRunFilterState,
        FlowRunFilterStateType,
        FlowRunFilterTags,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    from flows.orchestration.pool import TAG

    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.FAILED, StateType.CRASHED])),
        end_time=FlowRunFilterEndTime.model_validate({"after_": datetime.now(UTC) - RECENT}),
    )
    settings = {"timeout": ANSWER_SECONDS}
    with get_client(httpx_settings=settings, sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.END_TIME_DESC, limit=MOST)
