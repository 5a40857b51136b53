"""Where a run comes from: a person, or an automation or a schedule that nobody watches."""

import os
from dataclasses import dataclass
from getpass import getuser
from textwrap import shorten
from typing import TYPE_CHECKING

from tasks_lib.registry.tracking import REASON_TAG, STARTED_BY_TAG

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

USER = "LLMOPS_USER"
SOMEBODY = "somebody in Prefect"
"""Prefect's own server knows no users: who pressed the button is not known."""
LONGEST_REASON = 500
UNATTENDED = {"AUTOMATION": "automation", "SCHEDULE": "schedule"}
"""Prefect's `created_by.type` of runs that nobody started."""


@dataclass(frozen=True)
class Origin:
    """Who started a run, and why.

    :param by: A person's name, or the automation or schedule, such as `automation llmops: deploy on drift`.
    :param attended: Whether a person started it.
    """

    by: str
    attended: bool = True
    reason: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the MLflow run."""
        return {STARTED_BY_TAG: self.by, **({REASON_TAG: self.reason} if self.reason else {})}

    @property
    def version_tags(self) -> dict[str, str]:
        """Tags of a version that the run registers."""
        return {"registered_by": self.by, **({"registered_because": self.reason} if self.reason else {})}

    @property
    def told(self) -> str:
        """In brackets, behind the conclusion of a run; empty for a person who gave no reason."""
        parts = [*([self.reason] if self.reason else []), *([] if self.attended else [f"by the {self.by}"])]
        return f" ({', '.join(parts)})" if parts else ""


def person() -> str:
    """Who works at this machine: ``LLMOPS_USER``, else the operating system's user."""
    return os.environ.get(USER, "").strip() or getuser()


def origin(reason: str = "") -> Origin:
    """The origin of this process's flow run; outside of one, and in the command's own, it is the person."""
    run, reason = _outermost_run(), in_short(reason)
    if run is None or run.deployment_id is None:
        return Origin(person(), reason=reason)
    creator = run.created_by
    kind = UNATTENDED.get((creator.type or "") if creator else "")
    if kind is None and not run.auto_scheduled:
        return Origin((creator and creator.display_value) or SOMEBODY, reason=reason)
    name = (creator and creator.display_value) or ""
    return Origin(f"{kind or 'schedule'} {name}".strip(), attended=False, reason=reason)


def in_short(reason: str) -> str:
    """A reason on one line, as tags hold it."""
    return shorten(reason, LONGEST_REASON, placeholder=" …")


def _outermost_run() -> "FlowRun | None":
    """The flow run that the others are part of."""
    from prefect.client.orchestration import get_client
    from prefect.context import FlowRunContext
    from prefect.runtime import flow_run

    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    root = flow_run.root_flow_run_id
    if root is None or root == str(context.flow_run.id):
        return context.flow_run
    with get_client(sync_client=True) as client:
        return client.read_flow_run(root)
