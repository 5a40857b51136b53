"""Runs that ended with their worker."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State
from prefect.events.filters import EventFilter
from prefect.events.schemas.events import Event
from prefect.states import Crashed, Paused, Pending, Running, Scheduled

from flows.orchestration import leftovers
from flows.orchestration.automations import AGAIN, SILENT, Times
from flows.orchestration.leftovers import DIED, NOT_BEGUN, release, repeat_crashed, worker_name
from tests.stubs.prefect_processes import wait_for


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
        self.unlimited = client.create_deployment(
            client.create_flow(nightly), f"{self.name} without limit", work_pool_name=self.name
        )

    def run(self, *states: State, limited: bool = True) -> UUID:
        """A run that went through these states, of the deployment with the limit or of one without."""
        deployment = self.deployment if limited else self.unlimited
        run = self.client.create_flow_run_from_deployment(deployment).id
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
    assert [run.id for run in release(pool.client, pool.name)] == [taken]
    state = pool.client.read_flow_run(taken).state
    assert state
    assert (state.name, state.message) == ("AwaitingRetry", NOT_BEGUN)
    pool.client.set_flow_run_state(waits, Pending())
    assert pool.state(waits) == "Pending"


@pytest.mark.flow
@pytest.mark.parametrize(
    "worker",
    ["somewhere else", f"up-elsewhere-{os.getpid()}", f"up-{socket.gethostname()}-1"],
    ids=["of another kind", "on another machine", "alive"],
)
def test_runs_of_a_worker_that_may_live_are_left_alone(pool: Pool, worker: str) -> None:
    pool.worker(worker)
    taken = pool.run(Pending(name="Submitting"))
    assert release(pool.client, pool.name) == []
    assert pool.state(taken) == "Submitting"


@pytest.mark.flow
@pytest.mark.parametrize("state", [Running(), Paused(reschedule=False, timeout_seconds=60)], ids=["runs", "waits"])
def test_a_run_whose_process_is_gone_crashes_unless_it_was_heard_just_now(pool: Pool, state: State) -> None:
    """Where it was heard, an automation misses its next heartbeat."""
    silent, alive, elsewhere = (pool.run(Pending(), Running(), limited=False) for _ in range(3))
    pids = {silent: ended(), alive: os.getpid(), elsewhere: "kubernetes/job-7"}
    for run, pid in pids.items():
        pool.client.update_flow_run(run, infrastructure_pid=str(pid))
        pool.client.set_flow_run_state(run, state)
    heard = pool.run(Pending(), Running(), limited=False)
    pool.client.update_flow_run(heard, infrastructure_pid=str(ended()))
    resource = {"prefect.resource.id": f"prefect.flow-run.{heard}"}
    beat = Event(event="prefect.flow-run.heartbeat", resource=resource)
    pool.client._client.post("/events", json=[beat.model_dump(mode="json")]).raise_for_status()
    wanted = EventFilter.model_validate(
        {"resource": {"id": [f"prefect.flow-run.{heard}"]}, "event": {"name": [beat.event]}}
    )
    wait_for(lambda: pool.client.read_events(filter=wanted, limit=1).events, 20)
    assert [run.id for run in release(pool.client, pool.name)] == [silent]
    crashed = pool.client.read_flow_run(silent).state
    assert crashed
    assert (crashed.name, crashed.message) == ("Crashed", DIED)
    assert [pool.state(run) for run in (alive, elsewhere)] == [state.name] * 2
    assert pool.state(heard) == "Running"


@pytest.mark.flow
def test_crashed_runs_that_no_automation_has_seen_begin_again_and_others_stay(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent, young, otherwise, never_begun = (pool.run(limited=False) for _ in range(4))
    for run in (silent, young, otherwise):
        pool.client.set_flow_run_state(run, Running())
    for run, message in ((silent, SILENT), (otherwise, "out of memory"), (never_begun, SILENT), (young, DIED)):
        pool.client.set_flow_run_state(run, Crashed(message=message))
    monkeypatch.setattr(leftovers, "Times", lambda: Times(repeat=timedelta()))
    assert {run.id for run in repeat_crashed(pool.client, pool.name)} == {silent, young}
    state = pool.client.read_flow_run(silent).state
    assert state
    assert (state.name, state.message) == ("AwaitingRetry", AGAIN)
    assert [pool.state(run) for run in (otherwise, never_begun)] == ["Crashed", "Crashed"]
    pool.client.set_flow_run_state(young, Running())
    pool.client.set_flow_run_state(young, Crashed(message=DIED))
    monkeypatch.undo()
    assert repeat_crashed(pool.client, pool.name) == []


@pytest.mark.flow
def test_runs_that_run_or_wait_and_those_of_other_pools_are_left_alone(pool: Pool) -> None:
    runs = pool.run(Pending(), Running())
    waits = pool.run(Scheduled())
    elsewhere = Pool(pool.client).run(Pending(name="Submitting"))
    assert release(pool.client, pool.name) == []
    assert [pool.state(run) for run in (runs, waits, elsewhere)] == ["Running", "Scheduled", "Submitting"]
