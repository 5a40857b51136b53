"""Prefect automations: crashed runs are retried, drift starts a deployment once that is switched on, people are told.

Prefect leaves a run whose process was killed `Running` for ever. While it lives, a run sends heartbeats, and a trigger
that misses them calls it crashed; a second one puts crashed runs back into the queue, where any worker takes them up.
Every trigger looks only at runs of this project's deployments, which have its tag: other runs on the same server have
other heartbeats, and runs without a deployment (the command's own, and flows inside flows) cannot be taken up again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events import AutomationCore, EventTrigger, Posture, ResourceSpecification
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment

from flows.orchestration.changes import Changes
from flows.orchestration.notifications import DRIFTED, FAILED, GIVEN_UP, VERSION, VERSION_EVENTS, WAITS, Notifier
from flows.orchestration.pool import TAG
from tasks_lib.documents_gate.publish import DECIDED_BY

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

RUN = "prefect.flow-run"
Labels = dict[str, str | list[str]]
OUR_RUNS: list[Any] = [
    {"prefect.resource.role": "deployment"},
    {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
]
FINAL = {"Completed", "Failed", "TimedOut", "Crashed", "Cancelled", "Suspended"}
ENDED = {f"{RUN}.{state}" for state in FINAL}
REPEATS = 3
SILENT = "No heartbeat: its process died."
AGAIN = "Crashed, and begins again."
ON_DRIFT = {
    "assistant": "{{ event.payload.model }}",
    "as_production": True,
    "reason": "drift of {{ event.payload.metric }} in the window until {{ event.payload.until }}",
}
"""Parameters of the deployment that drift starts; Prefect fills in what monitoring said."""
ON_HELD = {"assistant": "{{ event.payload.assistant }}", "settings": {"release": {"approve": True}}}
"""The same of the deployment that a held change of documents starts."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Times:
    """Timeouts of the automations. `silence` must exceed the heartbeats' distance, 30 s in prefect.yaml.

    `repeat` is the pause before a run that crashed begins again.
    """

    silence: timedelta = timedelta(seconds=100)
    repeat: timedelta = timedelta(seconds=20)
    pending: timedelta = timedelta(minutes=15)
    drift: timedelta = timedelta(days=1)


def automations(deploy: UUID, release: UUID, times: Times, notifier: Notifier | None = None) -> list[AutomationCore]:
    """All Prefect automations: recovery of crashed runs, deployment on drift, approval of documents, notifications.

    :param deploy: Id of the deployment `deploy/deploy`, `release` that of `release/release`.
    :param notifier: The block that sends notifications; none are sent without it.
    """
    decide = [_deploy_on_drift(deploy, times.drift), _ask_about_documents(release)]
    recovery = [_mark_crashed(times.silence), _retry_crashed(times.repeat), _reschedule_pending(times.pending)]
    if notifier is None:
        return [*recovery, *decide]
    given_up: Labels = {"prefect.resource.id": f"{RUN}.*", "prefect.run-count": ["0", str(REPEATS + 1)]}
    return [
        *recovery,
        *decide,
        _notify("drift", _drifted(times.drift), notifier.action(DRIFTED)),
        _notify("versions", EventTrigger(expect=VERSION_EVENTS), notifier.action(VERSION)),
        _notify(
            "runs that wait for a person",
            EventTrigger(expect={f"{RUN}.Paused"}, match_related=OUR_RUNS[1]),
            notifier.action(WAITS),
        ),
        _notify(
            "runs that failed",
            EventTrigger(expect={f"{RUN}.Failed", f"{RUN}.TimedOut"}, match_related=OUR_RUNS),
            notifier.action(FAILED),
        ),
        _notify(
            "runs that were given up",
            EventTrigger(expect={f"{RUN}.Crashed"}, match=given_up, match_related=OUR_RUNS),
            notifier.action(GIVEN_UP),
        ),
    ]


def ensure_automations(client: "SyncPrefectClient", wanted: Iterable[AutomationCore], changes: Changes) -> None:
    """Create or update automations by name; one that a user has disabled stays disabled."""
    for automation in wanted:
        existing = next(iter(client.read_automations_by_name(automation.name)), None)
        before = _comparable(existing) if existing else None
        if not changes.note(f"automation {automation.name}", before, _comparable(automation)):
            continue
        if existing:
            client.update_automation(existing.id, _with_enabled(automation, enabled=existing.enabled))
        else:
            client.create_automation(automation)


def _mark_crashed(silence: timedelta) -> AutomationCore:
    return AutomationCore(
        name="llmops: call silent runs crashed",
        description=f"A run that has sent no heartbeat for {silence.total_seconds():.0f} s and has not ended is dead.",
        tags=[TAG],
        trigger=_missing({f"{RUN}.heartbeat", *ENDED}, after={f"{RUN}.heartbeat", f"{RUN}.Running"}, within=silence),
        actions=[_change("Crashed", StateType.CRASHED, SILENT)],
    )


def _retry_crashed(pause: timedelta) -> AutomationCore:
    """Retry crashed runs after a pause: a worker reports a killed process twice, which would end an earlier retry."""
    again = {f"{RUN}.{state}" for state in ("Scheduled", "AwaitingRetry", "Pending", "Running", *FINAL - {"Crashed"})}
    trigger = _missing(again, after={f"{RUN}.Crashed"}, within=pause)
    trigger.match = ResourceSpecification(
        {
            "prefect.resource.id": f"{RUN}.*",
            "prefect.run-count": [str(count) for count in range(1, REPEATS + 1)],
        }
    )
    return AutomationCore(
        name="llmops: repeat crashed runs",
        description=f"Back into the queue, at most {REPEATS} times a run; what it has finished comes from the cache.",
        tags=[TAG],
        trigger=trigger,
        actions=[_change("AwaitingRetry", StateType.SCHEDULED, AGAIN)],
    )


def _reschedule_pending(pending: timedelta) -> AutomationCore:
    """Reschedule pending runs: a worker that dies before it starts a run leaves it pending, without a heartbeat."""
    return AutomationCore(
        name="llmops: queue runs again that nobody starts",
        description=f"A run that a worker has taken and not started within {pending / MINUTE:g} minutes.",
        tags=[TAG],
        trigger=_missing(
            {f"{RUN}.{state}" for state in ("Running", "Scheduled", "AwaitingRetry", "Late")} | ENDED,
            after={f"{RUN}.Pending"},
            within=pending,
        ),
        actions=[_change("AwaitingRetry", StateType.SCHEDULED, "Taken by a worker that did not start it.")],
    )


def _missing(expected: set[str], *, after: set[str], within: timedelta) -> EventTrigger:
    """A proactive trigger: fires for each run that emits no `expected` event `within` the time `after` another."""
    return EventTrigger(
        after=after,
        expect=expected,
        match={"prefect.resource.id": f"{RUN}.*"},
        match_related=OUR_RUNS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _change(name: str, state: StateType, message: str) -> ActionTypes:
    return ChangeFlowRunState(name=name, state=state, message=message, force=False)


def _deploy_on_drift(deploy: UUID, cooldown: timedelta) -> AutomationCore:
    """Send production's own configuration through the gate on drift. It is made switched off: a person decides."""
    return AutomationCore(
        name="llmops: deploy on drift",
        description="When monitoring finds drift, production's own configuration goes through the gate over the "
        f"documents of today, once in {cooldown / HOUR:g} hours, and waits for a person's approval.",
        enabled=False,
        tags=[TAG],
        trigger=_drifted(cooldown),
        actions=[RunDeployment(source="selected", deployment_id=deploy, parameters=dict(ON_DRIFT), job_variables=None)],
    )


def _ask_about_documents(release: UUID) -> AutomationCore:
    """Let a run wait for a person wherever the documents' gate released nothing. What a person held asks nobody."""
    held = EventTrigger(
        expect={"llmops.documents.held"},
        match=ResourceSpecification({"prefect.resource.id": "llmops.index.*", DECIDED_BY: "gate"}),
    )
    return AutomationCore(
        name="llmops: ask about held documents",
        description="When the documents' gate holds a change, a run shows why and waits a day for a person's decision.",
        tags=[TAG],
        trigger=held,
        actions=[RunDeployment(source="selected", deployment_id=release, parameters=dict(ON_HELD), job_variables=None)],
    )


def _drifted(cooldown: timedelta) -> EventTrigger:
    """A reactive trigger fires at an assistant's first event, then not before `within` is over."""
    return EventTrigger(
        expect={"llmops.drift.detected"},
        match={"prefect.resource.id": "llmops.monitor.*"},
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=cooldown,
    )


def _notify(about: str, trigger: EventTrigger, message: ActionTypes) -> AutomationCore:
    name = f"llmops: tell of {about}"
    return AutomationCore(name=name, description="Tells people.", tags=[TAG], trigger=trigger, actions=[message])


def _with_enabled(automation: AutomationCore, *, enabled: bool) -> AutomationCore:
    """The automation with every field set: Prefect's client sends no others when it updates one."""
    return AutomationCore.model_validate(automation.model_dump(exclude={"owner_resource"}) | {"enabled": enabled})


def _comparable(automation: AutomationCore) -> dict[str, Any]:
    """The fields that this project sets: all but `enabled`, ids and owners."""
    shown = automation.model_dump(mode="json", include={"description", "tags", "trigger", "actions"})
    trigger = shown["trigger"]
    for part in ("after", "expect", "for_each"):
        trigger[part] = sorted(trigger[part])
    return shown
