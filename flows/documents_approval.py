"""A person's word on documents that were not released: the run pauses, and shows why in Prefect's UI."""

from typing import Literal
from uuid import UUID

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from flows.approval import APPROVAL_SECONDS, answer_to, resume
from flows.naming import rename
from tasks_lib.documents_gate.publish import ReleaseResult
from tasks_lib.progress import advance
from tasks_lib.registry.events import artifact_key

WHAT_TO_DO = (
    "**A person is asked:** shall these documents be read? Press *Resume* on the page of this run, choose, and submit. "
    f"Without an answer within {APPROVAL_SECONDS // 3600} hours they stay held."
)


class DocumentsApproval(RunInput):
    """The form that the person fills in."""

    decision: Literal["hold", "release all", "release without"] = Field(
        default="hold", title="What shall be read", description="`hold`: what was read before."
    )
    without: list[str] = Field(
        default_factory=list,
        title="Documents to leave out",
        description="For `release without`: they keep their former content, and go into quarantine.",
    )
    name: str = Field(default="", title="Your name", description="Prefect does not know who presses Resume.")
    comment: str = Field(default="", title="Comment")


def request_decision(result: ReleaseResult) -> DocumentsApproval | None:
    """Pause for a person's decision; `None` if nobody answers in a day.

    Who was asked before about an earlier state of the same index is not asked any more.
    """
    title, step = f"documents of {result.index}: wait for a person", f"wait for a person about {result.index}"
    _end_earlier(title)
    if flow_run.id:
        rename(flow_run.id, title)
    report = _report(result)
    _tell(result, f"{WHAT_TO_DO}\n\n{report}", "Waiting for a person")
    advance(step, 0)
    answer = answer_to(DocumentsApproval.with_initial_data(description=report, without=result.documents))
    advance(step, 1, 1)
    _tell(result, f"**Nobody is asked any more.**\n\n{report}", "Not asked any more")
    return answer


def _report(result: ReleaseResult) -> str:
    lines = [
        f"State {result.state} of `{result.index}` is **{result.decision}**; state {result.released_state} is read.",
        "",
        *(f"- {reason}" for reason in result.reasons),
    ]
    for kind, paths in result.changes.model_dump().items():
        if paths:
            lines += ["", f"{kind}: {', '.join(f'`{path}`' for path in paths[:20])}{', …' if paths[20:] else ''}"]
    return "\n".join(lines)


def _tell(result: ReleaseResult, markdown: str, about: str) -> None:
    create_markdown_artifact(
        key=artifact_key("documents-approval", result.assistant), markdown=markdown, description=about
    )


def _end_earlier(title: str) -> None:
    """Let the runs that wait under this name go on without an answer."""
    paused = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED]))
    waiting = FlowRunFilter(name=FlowRunFilterName(any_=[title]), state=paused)
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=waiting):
            if run.id != UUID(flow_run.id or str(UUID(int=0))):
                resume(client, run.id, name="")
