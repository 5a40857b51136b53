"""Automations: runs that died begin again, drift starts a deployment, and people are told.

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
from flows.orchestration.notifications import DRIFTED, FAILED, GIVEN_UP, VERSION, VERSION_EVENTS, ToldBy
from flows.orchestration.pool import TAG

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
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Times:
    """How long is too long. `silence` must exceed the heartbeats' distance, 30 s in prefect.yaml.

    `repeat` is the pause before a run that crashed begins again.
    """

    silence: timedelta = timedelta(seconds=100)
    repeat: timedelta = timedelta(seconds=20)
    pending: timedelta = timedelta(minutes=15)
    drift: timedelta = timedelta(days=1)


def automations(deploy: UUID, times: Times, told_by: ToldBy | None = None) -> list[AutomationCore]:
    """All automations.

    :param deploy: Id of the deployment `deploy/deploy`.
    :param told_by: The block by which people are told.
    """
    on_drift = _deploy_on_drift(deploy, times.drift)
    recovery = [_call_crashed(times.silence), _repeat(times.repeat), _queue_again(times.pending)]
    if told_by is None:
        return [*recovery, on_drift]
    on_drift.actions.append(told_by.message(DRIFTED))
    given_up: Labels = {"prefect.resource.id": f"{RUN}.*", "prefect.run-count": ["0", str(REPEATS + 1)]}
    return [
        *recovery,
        on_drift,
        _tell("versions", EventTrigger(expect=VERSION_EVENTS), told_by.message(VERSION)),
        _tell(
            "runs that failed",
            EventTrigger(expect={f"{RUN}.Failed", f"{RUN}.TimedOut"}, match_related=OUR_RUNS),
            told_by.message(FAILED),
        ),
        _tell(
            "runs that were given up",
            EventTrigger(expect={f"{RUN}.Crashed"}, match=given_up, match_related=OUR_RUNS),
            told_by.message(GIVEN_UP),
        ),
    ]


def ensure_automations(client: "SyncPrefectClient", wanted: Iterable[AutomationCore], changes: Changes) -> None:
    """Create or correct them by name; one that a user has switched off stays off."""
    for automation in wanted:
        found = next(iter(client.read_automations_by_name(automation.name)), None)
        before = _comparable(found) if found else None
        if not changes.note(f"automation {automation.name}", before, _comparable(automation)):
            continue
        if found:
            client.update_automation(found.id, _switched(automation, enabled=found.enabled))
        else:
            client.create_automation(automation)


def _call_crashed(silence: timedelta) -> AutomationCore:
    return AutomationCore(
        name="llmops: call silent runs crashed",
        description=f"A run that has sent no heartbeat for {silence.total_seconds():.0f} s and has not ended is dead.",
        tags=[TAG],
        trigger=_missing({f"{RUN}.heartbeat", *ENDED}, after={f"{RUN}.heartbeat"}, within=silence),
        actions=[_change("Crashed", StateType.CRASHED, "No heartbeat: its process died.")],
    )


def _repeat(pause: timedelta) -> AutomationCore:
    """A worker tells of a killed process twice, seconds apart: a run that began again in between would be ended."""
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
        actions=[_change("AwaitingRetry", StateType.SCHEDULED, "Crashed, and begins again.")],
    )


def _queue_again(pending: timedelta) -> AutomationCore:
    """A worker that is killed between taking a run and starting it leaves the run pending, without a heartbeat."""
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
    """Fires for each run of ours of which nothing `expected` comes `within` the time `after` an event."""
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
    """A reactive trigger fires at the first event, and not again before `within` is over."""
    return AutomationCore(
        name="llmops: deploy on drift",
        description=f"A version goes through the gate when monitoring finds drift, once in {cooldown / HOUR:g} hours.",
        tags=[TAG],
        trigger=EventTrigger(
            expect={"llmops.drift.detected"},
            match={"prefect.resource.id": "llmops.monitor.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=cooldown,
        ),
        actions=[RunDeployment(source="selected", deployment_id=deploy, parameters=None, job_variables=None)],
    )


def _tell(of: str, trigger: EventTrigger, message: ActionTypes) -> AutomationCore:
    name = f"llmops: tell of {of}"
    return AutomationCore(name=name, description="Tells people.", tags=[TAG], trigger=trigger, actions=[message])


def _switched(automation: AutomationCore, *, enabled: bool) -> AutomationCore:
    """The automation with every field set: Prefect's client sends no others when it updates one."""
    return AutomationCore.model_validate(automation.model_dump(exclude={"owner_resource"}) | {"enabled": enabled})


def _comparable(automation: AutomationCore) -> dict[str, Any]:
    """What is ours to say: all but the switch, ids and owners."""
    said = automation.model_dump(mode="json", include={"description", "tags", "trigger", "actions"})
    trigger = said["trigger"]
    for part in ("after", "expect", "for_each"):
        trigger[part] = sorted(trigger[part])
    return said
