"""Approval before promotion: the run pauses, and shows the gate's report in Prefect's UI.

A paused run takes no place of its work pool. Its deployment must have no concurrency limit: Prefect takes a paused
run's place away, and ends the run at the next renewal of its lease, within four minutes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from threading import Event, Timer
from time import monotonic, sleep
from typing import TypeVar
from uuid import UUID, uuid4

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for
from pydantic import Field

from flows.naming import rename
from flows.origin import in_short
from tasks_lib.gate.decide import Decision
from tasks_lib.gate.gate_report import HEADLINES
from tasks_lib.progress import advance
from tasks_lib.registry.attempts import WAITS_UNTIL_TAG
from tasks_lib.registry.events import artifact_key
from tasks_lib.registry.moments import minute
from tasks_lib.registry.tracking import DECIDED_AT_TAG, RUN_NAME_TAG, WAITS_FOR_TAG

APPROVAL_SECONDS = 24 * 3600
GRACE_SECONDS = 600
FORM_SECONDS = 10.0
"""For so long an answer to a paused run is given again while Prefect refuses it."""
WHAT_TO_DO = (
    "**A person is asked:** shall this version go live? Press *Resume* on the page of this run, tick *Promote this "
    f"version* or leave it empty, and submit. Without an answer within {APPROVAL_SECONDS // 3600} hours it does not."
)
Form = TypeVar("Form", bound=RunInput)
A_PERSON = "a person"
"""Who did not give a name."""


class Approval(RunInput):
    """The form that the person fills in."""

    approve: bool = Field(default=False, title="Promote this version")
    name: str = Field(default="", title="Your name", description="Prefect does not know who presses Resume.")
    comment: str = Field(default="", title="Comment")


@contextmanager
def waiting(model: str, version: int) -> Iterator[None]:
    """Say in Prefect and in MLflow that the run waits for a person, until the end of the block."""
    import mlflow

    title, before = f"{model} v{version}: waits for approval", str(flow_run.name or f"deploy {model}")
    until = datetime.now(UTC) + timedelta(seconds=APPROVAL_SECONDS)
    page = url_for("flow-run", obj_id=flow_run.id) if flow_run.id else None
    mlflow.set_tags(
        {
            RUN_NAME_TAG: title,
            "llmops.version": str(version),
            DECIDED_AT_TAG: datetime.now(UTC).isoformat(timespec="seconds"),
            WAITS_UNTIL_TAG: until.isoformat(),
            WAITS_FOR_TAG: f"press Resume until {minute(until)}: {page or 'in Prefect'}",
        }
    )
    if flow_run.id:
        rename(flow_run.id, title)
    yield
    for tag in (WAITS_UNTIL_TAG, WAITS_FOR_TAG):
        mlflow.delete_tag(tag)
    if flow_run.id:
        rename(flow_run.id, before)


def request_approval(decision: Decision, report: str, assistant: str) -> Decision:
    """Pause for a person's approval; the decision is `reject` if denied, `undecided` if nobody answers in a day."""
    report = report.replace(HEADLINES["promote"], "found fit for production, and waits for approval", 1)
    _tell(assistant, f"{WHAT_TO_DO}\n\n{report}", "Waiting for approval")
    step = f"wait for approval of {flow_run.name or assistant}"
    advance(step, 0)
    answer = answer_to(Approval.with_initial_data(description=report))
    if answer is None:
        reasons = [f"nobody approved within {APPROVAL_SECONDS // 3600} hours", *decision.reasons]
        settled = decision.model_copy(update={"decision": "undecided", "reasons": reasons})
    else:
        advance(step, 1, 1)
        settled = _settled(decision, answer)
    _tell(assistant, f"**Nobody is asked any more:** {settled.reasons[0]}.\n\n{report}", "Answered")
    return settled


def withdraw_approval(assistant: str) -> None:
    """Say that what an interrupted attempt of this run asked is not asked any more."""
    told = "**Nobody is asked any more:** the run was interrupted while it waited, and began again."
    _tell(assistant, told, "Not asked any more")


def _tell(assistant: str, markdown: str, about: str) -> None:
    create_markdown_artifact(key=artifact_key("gate-approval", assistant), markdown=markdown, description=about)


def answer_to(form: type[Form]) -> Form | None:
    """What the person says in the form of the paused run; `None` if nobody came.

    :param form: It has a `name`, and defaults for all of its fields.

    At the deadline of a pause Prefect fails the run, whatever it does next. So ours comes first, and ends the pause.
    """
    nobody = Event()
    context = copy_context()
    deadline = Timer(APPROVAL_SECONDS, context.run, (_end_pause, flow_run.id, nobody))
    deadline.daemon = True
    deadline.start()
    try:
        # a key of its own: a run that begins again would take the last attempt's pause for this one
        key, patience = uuid4().hex, APPROVAL_SECONDS + GRACE_SECONDS
        answer = pause_flow_run(wait_for_input=form, timeout=patience, poll_interval=2, key=key)
    except FlowPauseTimeout:
        return None
    finally:
        deadline.cancel()
        deadline.join()
    return None if nobody.is_set() else answer


def _end_pause(run_id: str, nobody: Event) -> None:
    """Resume the run with an empty form, unless a person was faster."""
    with get_client(sync_client=True) as client:
        if resume(client, UUID(run_id), name=""):
            nobody.set()


def resume(client: SyncPrefectClient, run: UUID, **answer: object) -> bool:
    """Resume a paused run with a person's answer; whether it was still paused, and the answer fits its form.

    Prefect saves the form a moment after it pauses the run, and refuses any answer until then.
    """
    deadline = monotonic() + FORM_SECONDS
    while True:
        told = client.resume_flow_run(run, run_input=answer)
        if told.status != SetStateStatus.REJECT or monotonic() > deadline:
            return told.status == SetStateStatus.ACCEPT
        sleep(0.2)


def _settled(decision: Decision, answer: Approval) -> Decision:
    """The decision with a person's last word."""
    name, said = in_short(answer.name) or A_PERSON, in_short(answer.comment)
    comment = f": {said}" if said else ""
    word = {"settled_by": name, "comment": said}
    if answer.approve:
        return decision.model_copy(update={**word, "reasons": [f"approved by {name}{comment}", *decision.reasons]})
    reasons = [f"approval was denied by {name}{comment}"]
    return decision.model_copy(update={**word, "decision": "reject", "reasons": reasons})
