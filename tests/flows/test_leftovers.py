"""Runs that a worker had taken and not begun when it was ended."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.states import Pending, Running, Scheduled, State

from flows.orchestration.leftovers import MESSAGE, queue_again, worker_name


@flow
def nightly() -> None:
    return None


class Pool:
    """A work pool with one deployment, of which one run may run at once."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self.client, self.name = client, f"pool {uuid4()}"
        client.create_work_pool(WorkPoolCreate(name=self.name, type="process"))
        self.deployment = client.create_deployment(
            client.create_flow(nightly), self.name, work_pool_name=self.name, concurrency_limit=1
        )

    def run(self, *states: State) -> UUID:
        """A run that went through these states."""
        run = self.client.create_flow_run_from_deployment(self.deployment).id
        for state in states:
            self.client.set_flow_run_state(run, state)
        return run

    def worker(self, name: str) -> None:
        """A worker that was seen just now."""
        self.client.send_worker_heartbeat(self.name, name, heartbeat_interval_seconds=30)

    def state(self, run: UUID) -> str | None:
        return self.client.read_flow_run(run).state_name


@pytest.fixture
def pool(prefect_harness: None) -> Iterator[Pool]:
    with get_client(sync_client=True) as client:
        yield Pool(client)


def ended() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


@pytest.mark.flow
@pytest.mark.parametrize("owner", ["of an earlier up", "our own", "none"])
def test_a_run_that_nobody_begins_is_queued_again_and_gives_its_place_to_another(pool: Pool, owner: str) -> None:
    if owner != "none":
        pool.worker(worker_name() if owner == "our own" else f"up-{socket.gethostname()}-{ended()}")
    taken = pool.run(Pending(name="Submitting"))
    waits = pool.run(Pending())
    assert pool.state(waits) == "AwaitingConcurrencySlot"
    assert [run.id for run in queue_again(pool.client, pool.name)] == [taken]
    state = pool.client.read_flow_run(taken).state
    assert state
    assert (state.name, state.message) == ("AwaitingRetry", MESSAGE)
    pool.client.set_flow_run_state(waits, Pending())
    assert pool.state(waits) == "Pending"


@pytest.mark.flow
@pytest.mark.parametrize("worker", ["somewhere else", f"up-elsewhere-{os.getpid()}", f"up-{socket.gethostname()}-1"])
def test_runs_of_a_worker_that_may_live_are_left_alone(pool: Pool, worker: str) -> None:
    pool.worker(worker)
    taken = pool.run(Pending(name="Submitting"))
    assert queue_again(pool.client, pool.name) == []
    assert pool.state(taken) == "Submitting"


@pytest.mark.flow
def test_runs_that_run_or_wait_and_those_of_other_pools_are_left_alone(pool: Pool) -> None:
    runs = pool.run(Pending(), Running())
    waits = pool.run(Scheduled())
    elsewhere = Pool(pool.client).run(Pending(name="Submitting"))
    assert queue_again(pool.client, pool.name) == []
    assert [pool.state(run) for run in (runs, waits, elsewhere)] == ["Running", "Scheduled", "Submitting"]
