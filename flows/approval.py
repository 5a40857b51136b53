"""Approval before promotion: a run of its own pauses, and shows the gate's report in Prefect's UI.

A run of a deployment with a concurrency limit must not pause itself: Prefect takes its place away, and ends it at the
next renewal of its lease, within four minutes. So it waits for a run inside it, which has no deployment.
"""

from contextvars import copy_context
from threading import Event, Timer
from uuid import UUID

from prefect import flow, tags
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from flows.origin import in_short
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.gate_report import HEADLINES
from tasks_lib.progress import advance
from tasks_lib.registry.events import artifact_key

APPROVAL_SECONDS = 24 * 3600
GRACE_SECONDS = 600
A_PERSON = "a person"
"""Who did not give a name."""


class Approval(RunInput):
    """The form that the person fills in."""

    approve: bool = Field(default=False, title="Promote this version")
    name: str = Field(default="", title="Your name", description="Prefect does not know who presses Resume.")
    comment: str = Field(default="", title="Comment")


def request_approval(decision: Decision, report: str, assistant: str) -> Decision:
    """Pause for a person's approval; the decision is `reject` if denied, `undecided` if nobody answers in a day."""
    report = report.replace(HEADLINES["promote"], "found fit for production, and waits for approval", 1)
    key = artifact_key("gate-approval", assistant)
    create_markdown_artifact(key=key, markdown=report, description="Waiting for approval")
    asked = f"approval of {flow_run.name or assistant}"
    step = f"wait for {asked}"
    advance(step, 0)
    form = Approval.with_initial_data(description=report)

    @flow(name="approval", flow_run_name=lambda: asked)  # a text would be a template
    def approval() -> Approval | None:
        return _answer(form)

    with tags(*flow_run.tags):  # by which automations know the runs of this project
        answer = approval()
    if answer is None:
        reasons = [f"nobody approved within {APPROVAL_SECONDS // 3600} hours", *decision.reasons]
        return decision.model_copy(update={"decision": "undecided", "reasons": reasons})
    advance(step, 1, 1)
    return _settled(decision, answer)


def _answer(form: type[Approval]) -> Approval | None:
    """What the person says; `None` if nobody came.

    At the deadline of a pause Prefect fails the run, whatever it does next. So ours comes first, and ends the pause.
    """
    nobody = Event()
    context = copy_context()
    deadline = Timer(APPROVAL_SECONDS, context.run, (_end_pause, flow_run.id, nobody))
    deadline.daemon = True
    deadline.start()
    try:
        answer = pause_flow_run(wait_for_input=form, timeout=APPROVAL_SECONDS + GRACE_SECONDS, poll_interval=2)
    except FlowPauseTimeout:
        return None
    finally:
        deadline.cancel()
        deadline.join()
    return None if nobody.is_set() else answer


def _end_pause(run_id: str, nobody: Event) -> None:
    """Resume the run with an empty form, unless a person was faster."""
    with get_client(sync_client=True) as client:
        if client.resume_flow_run(UUID(run_id), run_input={"approve": False}).status == SetStateStatus.ACCEPT:
            nobody.set()


def _settled(decision: Decision, answer: Approval) -> Decision:
    """The decision with a person's last word."""
    name, said = in_short(answer.name) or A_PERSON, in_short(answer.comment)
    comment = f": {said}" if said else ""
    word = {"settled_by": name, "comment": said}
    if answer.approve:
        return decision.model_copy(update={**word, "reasons": [f"approved by {name}{comment}", *decision.reasons]})
    reasons = [f"approval was denied by {name}{comment}"]
    return decision.model_copy(update={**word, "decision": "reject", "reasons": reasons})
