"""Approval before promotion: the flow pauses and shows the gate's report in Prefect's UI."""

from prefect.artifacts import create_markdown_artifact
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from tasks_lib.gate.decide import Decision
from tasks_lib.gate.gate_report import HEADLINES
from tasks_lib.progress import advance
from tasks_lib.registry.events import artifact_key

APPROVAL_SECONDS = 24 * 3600


class Approval(RunInput):
    """The form that the person fills in."""

    approve: bool = Field(default=False, title="Promote this version")
    comment: str = Field(default="", title="Comment")


def request_approval(decision: Decision, report: str, assistant: str) -> Decision:
    """Pause for a person's approval; the decision is `reject` if denied, `undecided` if nobody answers in a day."""
    report = report.replace(HEADLINES["promote"], "found fit for production, and waits for approval", 1)
    key = artifact_key("gate-approval", assistant)
    create_markdown_artifact(key=key, markdown=report, description="Waiting for approval")
    step = f"wait for approval of {flow_run.name or 'this flow run'}"
    advance(step, 0)
    form = Approval.with_initial_data(description=report)
    try:
        answer = pause_flow_run(wait_for_input=form, timeout=APPROVAL_SECONDS, poll_interval=2)
    except FlowPauseTimeout:
        reasons = [f"nobody approved within {APPROVAL_SECONDS // 3600} hours", *decision.reasons]
        return decision.model_copy(update={"decision": "undecided", "reasons": reasons})
    advance(step, 1, 1)
    comment = f": {answer.comment}" if answer.comment else ""
    if answer.approve:
        return decision.model_copy(update={"reasons": [f"approved by a person{comment}", *decision.reasons]})
    return decision.model_copy(update={"decision": "reject", "reasons": [f"approval was denied{comment}"]})
