"""Runs that a worker had taken and not begun when it was ended: no process of theirs will ever say that they wait.

Such a run keeps a place in its pool, and that of its deployment's limit. Prefect itself never looks at it again, and
the automation that does waits a quarter of an hour, because a container may take as long to start.
"""

import os
import re
import socket
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
from prefect.client.schemas.objects import FlowRun, StateType, WorkerStatus
from prefect.states import AwaitingRetry

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

MESSAGE = "Taken by a worker that was ended before it started it."


def worker_name() -> str:
    """The name of the worker of this process's `llmops up`, by which a later one knows whether it lives."""
    return f"up-{socket.gethostname()}-{os.getpid()}"


def queue_again(client: "SyncPrefectClient", pool: str) -> list[FlowRun]:
    """Put runs of `pool` back into the queue that were taken and not begun, if no worker lives that may begin them.

    Call it before this process starts its worker.

    :returns: Those runs.
    """
    online = WorkerFilter(status=WorkerFilterStatus(any_=[WorkerStatus.ONLINE]))
    workers = client.read_workers_for_work_pool(pool, worker_filter=online)
    if any(not _is_dead(worker.name) for worker in workers):
        return []
    taken = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING])))
    ours = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool]))
    runs = client.read_flow_runs(flow_run_filter=taken, work_pool_filter=ours)
    for run in runs:
        client.set_flow_run_state(run.id, AwaitingRetry(message=MESSAGE), force=True)
    return runs


def _is_dead(worker: str) -> bool:
    """Whether it was this process's own, or one of an `up` that has ended; Prefect counts it as online for a while."""
    own = re.fullmatch(rf"up-{re.escape(socket.gethostname())}-(\d+)", worker)
    if own is None:
        return False
    import psutil

    return int(own.group(1)) == os.getpid() or not psutil.pid_exists(int(own.group(1)))
