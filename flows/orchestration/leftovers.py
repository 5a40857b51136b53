"""Runs that ended with their worker, and that no automation takes for dead.

One that was taken and not begun sends no heartbeat: its automation waits a quarter of an hour, because a container may
take as long to start. One whose first heartbeat had not arrived when the server died as well is never missed at all.
Either keeps a place in its pool, and that of its deployment's limit.
"""

import os
import re
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkerFilter,
    WorkerFilterStatus,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkerStatus
from prefect.events.filters import EventFilter
from prefect.states import AwaitingRetry, Crashed

from flows.orchestration.automations import AGAIN, REPEATS, RUN, SILENT, Times

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

NOT_BEGUN = "Taken by a worker that was ended before it started it."
DIED = "Its process died with its worker."
MISSED = timedelta(hours=1)
"""How long after its crash a run is still made to begin again."""
BEGUN = (StateType.RUNNING, StateType.PAUSED)


def worker_name() -> str:
    """The name of the worker of this process's `llmops up`, by which a later one knows whether it lives."""
    return f"up-{socket.gethostname()}-{os.getpid()}"


def release(client: "SyncPrefectClient", pool: str) -> list[FlowRun]:
    """Queue runs of `pool` again that were taken and not begun, and mark those crashed whose process is gone.

    Crashed runs begin again by their automation. Nothing is done while a worker lives that may have these runs. Call it
    before this process starts its worker.

    :returns: The runs, as they were.
    """
    online = WorkerFilter(status=WorkerFilterStatus(any_=[WorkerStatus.ONLINE]))
    workers = client.read_workers_for_work_pool(pool, worker_filter=online)
    if any(not _is_dead(worker.name) for worker in workers):
        return []
    taken = _runs(client, pool, [StateType.PENDING])
    _set(client, taken, AwaitingRetry(message=NOT_BEGUN))
    begun = [run for run in _runs(client, pool, BEGUN) if _process_is_gone(run) and not _was_heard(client, run)]
    _set(client, begun, Crashed(message=DIED))
    return [*taken, *begun]


def repeat_crashed(client: "SyncPrefectClient", pool: str) -> list[FlowRun]:
    """Queue crashed runs of `pool` again that their automation has not seen.

    Prefect keeps an event back for a quarter of an hour whose predecessor was before the server's last start, and the
    end of a run that died with the server is such a one.

    :returns: The runs, as they were.
    """
    now = datetime.now(UTC)
    missed = [run for run in _runs(client, pool, [StateType.CRASHED]) if _is_missed(run, now)]
    _set(client, missed, AwaitingRetry(message=AGAIN), force=False)
    return missed


def _is_missed(run: FlowRun, now: datetime) -> bool:
    since = now - run.state.timestamp if run.state else timedelta()
    ours = run.state is not None and run.state.message in {SILENT, DIED}
    return ours and 3 * Times().repeat <= since <= MISSED and 1 <= run.run_count <= REPEATS


def _runs(client: "SyncPrefectClient", pool: str, states: Iterable[StateType]) -> list[FlowRun]:
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))))
    ours = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
    return client.read_flow_runs(flow_run_filter=wanted, work_pool_filter=ours)


def _set(client: "SyncPrefectClient", runs: Iterable[FlowRun], state: State, *, force: bool = True) -> None:
    for run in runs:
        client.set_flow_run_state(run.id, state, force=force)


def _process_is_gone(run: FlowRun) -> bool:
    """Whether it ran as a process, which is none of this machine now."""
    import psutil

    pid = (run.infrastructure_pid or "").rpartition(":")[2]
    return pid.isdecimal() and not psutil.pid_exists(int(pid))


def _was_heard(client: "SyncPrefectClient", run: FlowRun) -> bool:
    """Whether it sent a heartbeat so recently that its automation is going to miss the next one."""
    since = datetime.now(UTC) - Times().silence
    wanted = {
        "occurred": {"since": since},
        "event": {"name": [f"{RUN}.heartbeat"]},
        "resource": {"id": [f"{RUN}.{run.id}"]},
    }
    return bool(client.read_events(filter=EventFilter.model_validate(wanted), limit=1).events)


def _is_dead(worker: str) -> bool:
    """Whether it was this process's own, or one of an `up` that has ended; Prefect counts it as online for a while."""
    own = re.fullmatch(rf"up-{re.escape(socket.gethostname())}-(\d+)", worker)
    if own is None:
        return False
    import psutil

    return int(own.group(1)) == os.getpid() or not psutil.pid_exists(int(own.group(1)))
