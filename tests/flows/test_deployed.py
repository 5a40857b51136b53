"""The loop through deployments: a real Prefect server, a real worker, and a kill in the middle of a run."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
    LogFilter,
    LogFilterFlowRunId,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, TaskRun
from prefect.deployments import run_deployment
from prefect.events.clients import get_events_client
from prefect.events.schemas.events import Event
from prefect.states import Crashed, Running

from blocks.llmops_platform import LLMOpsPlatform
from blocks.local import LocalPlatform
from flows.approval import resume
from flows.bootstrap import BootstrapResult, bootstrap
from flows.dataset import dataset
from flows.deploy import deploy
from flows.ingest import ingest
from flows.orchestration.automations import REPEATS
from flows.orchestration.pool import TAG
from flows.rollback import rollback
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.monitoring.publish import EVENT, drift_payload
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.registry.aliases import read_aliases
from tasks_lib.registry.holds import read_hold
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import connect, last_runs
from tests.flows.conftest import POOL, TIMES
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.prefect_processes import Found, PrefectProcess, PrefectServer, wait_for
from tests.stubs.server import Request, Responder, StubServer
from tests.stubs.services import openai_models

ROOT = Path(__file__).parents[2]
HANDBOOK = ROOT / "examples" / "handbook" / "leave"
DOCUMENTS = 10
SOON, LATER = 240.0, 480.0
WINDOW = MonitorResult(
    verdict="drifted",
    reasons=[],
    since=datetime(2026, 11, 16, 6, tzinfo=UTC),
    until=datetime(2026, 11, 23, 6, tzinfo=UTC),
    traces=60,
    drifted=["refused"],
    changes=[{"metric": "refused", "effect": 0.4, "reference_value": 0.1}],
    version="3",
    report_uri="report.html",
)


@pytest.fixture(scope="module")
def worker(
    prefect_server: PrefectServer, bootstrapped: BootstrapResult, deployed_home: Path
) -> Iterator[list[PrefectProcess]]:
    """The worker that runs now is the last one; a test may kill it and start another."""
    started = [prefect_server.worker(POOL, deployed_home)]
    yield started
    for process in started:
        if process.running:
            process.kill()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Enough text that the worker is killed in the middle of it."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(DOCUMENTS):
        sections = [f"## Part {part}\n\nRule {part} of plant {number} says so.\n" * 3 for part in range(20)]
        (folder / f"plant-{number}.md").write_text(f"# Plant {number}\n\n" + "\n".join(sections))
    return folder


def start(name: str, settings: dict[str, Any] | None = None, **further: Any) -> FlowRun:
    parameters = ({"settings": settings} if settings else {}) | further
    run: FlowRun = run_deployment(f"{name}/{name}", parameters=parameters, timeout=0)  # type: ignore[assignment]
    return run


def ended(client: SyncPrefectClient, run: UUID, worker: PrefectProcess, seconds: float = SOON) -> FlowRun:
    """The run once it has completed."""

    def final() -> FlowRun | None:
        found = client.read_flow_run(run)
        return found if found.state and found.state.is_final() and not found.state.is_crashed() else None

    def told() -> str:
        taken = [f"{each.name}: {each.state_name}" for each in taking_places(client)]
        return f"{client.read_flow_run(run).state}, places of the pool: {taken}\n{worker.tail()}"

    found = wait_for(final, seconds, told)
    assert found.state
    assert found.state.is_completed(), f"{found.state.message}\n{worker.tail()}"
    return found


def taking_places(client: SyncPrefectClient) -> list[FlowRun]:
    """The runs that count against the limit of the pool."""
    of_pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL]))
    busy = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING]))
    return client.read_flow_runs(work_pool_filter=of_pool, flow_run_filter=FlowRunFilter(state=busy))


def paused(client: SyncPrefectClient, begins: str) -> FlowRun | None:
    """A run that waits for a person, by how its name begins."""
    waits = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Paused"])))
    return next((run for run in client.read_flow_runs(flow_run_filter=waits) if run.name.startswith(begins)), None)


def tasks_of(client: SyncPrefectClient, run: UUID, name: str) -> list[TaskRun]:
    found = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])))
    return [task for task in found if task.name.startswith(name)]


def runs_of(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    return client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])))


class Hook(StubServer):
    """Receives what people are told."""

    def answer(self, request: Request, word: str, out: Responder) -> None:
        out.json({})


# the first two want no worker to take the runs, so they come before it is started
@pytest.mark.deployed
def test_drift_starts_a_deployment_once_and_tells_people(
    bootstrapped: BootstrapResult, client: SyncPrefectClient
) -> None:
    deploy = client.read_deployment_by_name("deploy/deploy")
    before = {run.id for run in runs_of(client, deploy.id)}

    def started() -> set[UUID]:
        return {run.id for run in runs_of(client, deploy.id)} - before

    with Hook() as hook:
        Webhook(url=hook.url).save("ops", overwrite=True)
        bootstrap(POOL, times=TIMES, notify="webhook/ops")
        with switched_on(client):
            first = after_drift(started)
            wait_for(lambda: hook.requests, SOON)
            asyncio.run(drift(times=2))
            with pytest.raises(AssertionError, match="in vain"):
                wait_for(lambda: started() - first, 3)
        assert len(hook.requests) == len(first) == 1
        assert hook.requests[0].body["text"].startswith("Drift in monitoring of rag-assistant\nrefused of version 3")
    run = client.read_flow_run(first.pop())
    assert run.created_by
    assert run.created_by.type == "AUTOMATION"
    assert run.parameters == {
        "platform": "local",
        "assistant": "rag-assistant",
        "as_production": True,
        "reason": f"drift of refused in the window until {WINDOW.until.isoformat(timespec='seconds')}",
    }
    client.delete_flow_run(run.id)


@contextmanager
def switched_on(client: SyncPrefectClient) -> Iterator[None]:
    """The automation that deploys on drift, which a person must switch on."""
    automation = client.read_automations_by_name("llmops: deploy on drift")[0]
    assert not automation.enabled
    client.resume_automation(automation.id)
    try:
        yield
    finally:
        client.pause_automation(automation.id)


async def drift(model: str = "rag-assistant", times: int = 1) -> None:
    """The event of monitoring."""
    resource = {
        "prefect.resource.id": f"llmops.monitor.{model}",
        "prefect.resource.name": f"monitoring of {model}",
    }
    payload = drift_payload(WINDOW, model)
    async with get_events_client() as events:
        for _ in range(times):
            await events.emit(Event(event=EVENT, resource=resource, payload=payload))


def after_drift(what: Callable[[], Found | None], model: str = "rag-assistant") -> Found:
    """What `what` gives after the event, which is sent again while nothing comes of it.

    A server that is busy may not have heard yet that the automation is switched on; its cooldown lets it act once.
    """

    def after_another() -> Found | None:
        asyncio.run(drift(model))
        with suppress(AssertionError):
            return wait_for(what, SOON / 6)
        return None

    return wait_for(after_another, SOON)


@pytest.mark.deployed
def test_a_run_that_keeps_crashing_is_given_up(bootstrapped: BootstrapResult, client: SyncPrefectClient) -> None:
    run = start("tune").id

    def crash() -> None:
        client.set_flow_run_state(run, Running(), force=True)
        client.set_flow_run_state(run, Crashed(), force=True)

    for _ in range(REPEATS):
        crash()
        wait_for(lambda: client.read_flow_run(run).state_name == "AwaitingRetry", SOON)
    crash()
    with pytest.raises(AssertionError, match="in vain"):
        wait_for(lambda: client.read_flow_run(run).state_type != "CRASHED", TIMES.repeat.total_seconds() + 3)
    assert client.read_flow_run(run).run_count == REPEATS + 1
    client.delete_flow_run(run)


@pytest.mark.deployed
@pytest.mark.timeout(900)
def test_the_loop_runs_through_deployments_and_survives_its_worker(
    worker: list[PrefectProcess],
    prefect_server: PrefectServer,
    deployed_home: Path,
    client: SyncPrefectClient,
    documents: Path,
) -> None:
    ended(client, start("ingest", {"ingest": {"source": str(HANDBOOK)}}).id, worker[-1])

    killed = start("ingest", {"ingest": {"source": str(documents), "batch_documents": 1}}).id
    wait_for(
        lambda: [task for task in tasks_of(client, killed, "ingest-batch") if task.state_type == "COMPLETED"],
        SOON,
        worker[-1].tail,
    )
    worker[-1].kill()
    assert client.read_flow_run(killed).state_type == "RUNNING"
    worker.append(prefect_server.worker(POOL, deployed_home))

    ended(client, start("dataset", {"dataset": {"size": 10}}).id, worker[-1])
    ended(client, start("deploy", {"gate": {"resamples": 1000, "minimum_questions": 5}}).id, worker[-1])
    ended(client, start("monitor").id, worker[-1])
    repeated = ended(client, killed, worker[-1], LATER)

    better = {"gate": {"resamples": 1000, "minimum_questions": 5, "margin": 0.9}, "retriever": {"top_k": 8}}
    second = ended(client, start("deploy", better).id, worker[-1])
    assert second.name == "rag-assistant v2: promote"
    grid = {"tune": {"modes": ["keyword"], "passages": [3]}}
    tuned = ended(client, start("tune", better | grid).id, worker[-1])
    assert {task.state_type for task in tasks_of(client, tuned.id, "try-configuration")} == {StateType.COMPLETED}
    registry, names = connect(LocalPlatform(Home(deployed_home)), "rag-assistant"), GateConfig().aliases
    before = read_aliases(registry, "rag-assistant", names)
    ended(client, start("rollback").id, worker[-1])
    after = read_aliases(registry, "rag-assistant", names)
    assert (after["production"], after["previous"]) == (before["previous"], before["production"])

    assert repeated.run_count == 2
    manifest = LocalPlatform(Home(deployed_home)).index(Settings().rag).manifest(documents.resolve().as_uri())
    assert len(manifest) == DOCUMENTS


@pytest.mark.deployed
def test_a_provider_that_fails_once_shows_a_retry_and_one_that_refuses_what_to_do(
    worker: list[PrefectProcess], client: SyncPrefectClient
) -> None:
    given = {"embedder": "openai/stub-embed", "collection": "retried", "ingest": {"source": str(HANDBOOK)}}
    with OpenAIStub("throttle") as stub:
        openai_models(stub, max_attempts=1).save("stub", overwrite=True)
        LLMOpsPlatform(providers=["llmops-openai-compatible-models/stub"]).save("stub", overwrite=True)
        retried = ended(client, start("ingest", given, platform="stub").id, worker[-1])
        assert retried.parameters == {"platform": "stub", "settings": given}
        (called,) = wait_for(lambda: tasks_of(client, retried.id, "call-models")[:1], SOON)
        states = sorted(client.read_task_run_states(called.id), key=lambda state: state.timestamp)
        assert [state.name for state in states] == ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]

        stub.script.append("wrong-key")
        refused = start("ingest", given | {"collection": "refused"}, platform="stub").id
        state = wait_for(lambda: ended_state(client, refused), SOON, worker[-1].tail)
    assert state.type == StateType.FAILED
    assert state.message
    assert "HTTP 401" in state.message
    assert state.message.endswith("Check the key of the provider's block.")
    logs = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[refused])))
    assert logs
    assert not [log.message for log in logs if "Traceback" in log.message]


def ended_state(client: SyncPrefectClient, run: UUID) -> State | None:
    """The state that a run has ended in."""
    state = client.read_flow_run(run).state
    return state if state and state.is_final() else None


@pytest.mark.deployed
def test_a_schedule_fires_a_limit_holds_and_a_task_that_fails_twice_shows_three_attempts(
    worker: list[PrefectProcess], client: SyncPrefectClient
) -> None:
    source = flow.from_source(source=str(ROOT), entrypoint="tests/stubs/flaky_flow.py:flaky")
    deployment = source.deploy(  # type: ignore[union-attr]
        name="often",
        work_pool_name=POOL,
        interval=timedelta(seconds=2),
        concurrency_limit=1,
        print_next_steps=False,
        ignore_warnings=True,
    )
    done = wait_for(
        lambda: (found := [run for run in runs_of(client, deployment) if run.state_type == "COMPLETED"])[1:] and found,
        SOON,
        worker[-1].tail,
    )
    client.pause_deployment(deployment)
    # a run whose deployment is deleted while it is being submitted would keep its place in the pool
    wait_for(lambda: not [run for run in taking_places(client) if run.deployment_id == deployment], SOON)
    client.delete_deployment(deployment)
    assert all(run.auto_scheduled for run in done)
    attempts = [task for run in done for task in tasks_of(client, run.id, "third_time_lucky")]
    assert {(task.run_count, task.state_type) for task in attempts} == {(3, "COMPLETED")}
    spans = sorted((run.start_time, run.end_time) for run in done if run.start_time and run.end_time)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


STAFF = "staff"


@contextmanager
def one_run_at_once(client: SyncPrefectClient) -> Iterator[None]:
    """A pool in which one run that keeps its place would stop all others, once what other tests left has ended."""
    wait_for(lambda: not taking_places(client), LATER, lambda: str([run.name for run in taking_places(client)]))
    limit = client.read_work_pool(POOL).concurrency_limit
    client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=1))
    try:
        yield
    finally:
        client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=limit))


def of_staff(top_k: int = 5, **gate: Any) -> Settings:
    patient = {"resamples": 1000, "minimum_questions": 5, "margin": 0.5, "thresholds": {"latency_p95_seconds": 60}}
    return Settings.model_validate(
        {"assistant": STAFF, "retriever": {"top_k": top_k}, "gate": {**patient, **gate}, "dataset": {"size": 10}}
    )


@pytest.mark.deployed
@pytest.mark.timeout(900)
def test_drift_deploys_nothing_after_a_rollback_and_later_asks_a_person_about_productions_own_configuration(
    worker: list[PrefectProcess], client: SyncPrefectClient, deployed_home: Path, tmp_path: Path
) -> None:
    """What an operator met: after a rollback, drift promoted the default configuration, unasked."""
    registry = connect(LocalPlatform(Home(deployed_home)), STAFF)
    source = shutil.copytree(HANDBOOK, tmp_path / "documents")
    documents = {"assistant": STAFF, "ingest": {"source": str(source)}}
    ingest(Settings.model_validate(documents))
    dataset(of_staff())
    assert [deploy(of_staff(top_k)).decision for top_k in (8, 9)] == ["promote", "promote"]
    rollback(of_staff(), reason="it answers too much")
    hold = read_hold(registry, STAFF)
    assert hold
    deployment = client.read_deployment_by_name("deploy/deploy").id
    known = {run.id for run in runs_of(client, deployment)}

    def started() -> UUID | None:
        return next((run.id for run in runs_of(client, deployment) if run.id not in known), None)

    def on_drift(hours: int) -> UUID:
        bootstrap(POOL, times=replace(TIMES, drift=timedelta(hours=hours)))  # made anew, and with it its cooldown
        found = after_drift(started, STAFF)
        known.add(found)
        return found

    with switched_on(client):
        held = ended(client, on_drift(2), worker[-1])
        assert held.name == "staff: on hold"
        assert held.state
        assert f"nothing was deployed: {hold}." in str(held.state.message)
        reason = f"drift of refused in the window until {WINDOW.until.isoformat(timespec='seconds')}"
        assert str(held.state.message).endswith(f"({reason}, by the automation llmops: deploy on drift)")
        names = GateConfig().aliases
        assert read_aliases(registry, STAFF, names) == {"previous": 2, "production": 1}
        assert len(registry.search_model_versions(f"name = '{STAFF}'")) == 2

        assert deploy(of_staff(8), reason="measured again").decision == "unchanged"
        (source / "new.md").write_text("# Sabbatical\n\nEmployees may take a sabbatical of six months.\n")
        assert ingest(Settings.model_validate(documents)).decision == "undecided"  # a person is asked about them
        about_documents = wait_for(lambda: paused(client, "documents of staff"), LATER, worker[-1].tail)
        assert resume(client, about_documents.id, decision="release all", name="Ann Lee")
        ended(client, about_documents.id, worker[-1])
        asks = on_drift(3)
        form = wait_for(lambda: paused(client, "staff v"), LATER, worker[-1].tail)
        assert (form.id, form.name) == (asks, "staff v3: waits for approval")
        assert TAG in form.tags
        asked = client.read_artifacts(artifact_filter=ArtifactFilter(flow_run_id={"any_": [asks]}))  # type: ignore[arg-type]
        assert "Press *Resume*" in str(asked[0].data)
        with one_run_at_once(client):
            other = start("deploy", {"assistant": STAFF, "gate": {"estimate": True, "minimum_questions": 5}})
            ended(client, other.id, worker[-1], LATER)
        assert client.read_flow_run(asks).state_name == "Paused"
        assert read_aliases(registry, STAFF, names) == {"previous": 2, "production": 1}
        assert resume(client, form.id, approve=True, name="Ann Lee", comment="documents only")
        done = ended(client, asks, worker[-1])
    live = require_live(registry, STAFF, "production")
    assert (live.version, live.rag.retriever.top_k) == (3, 8)
    assert done.name == "staff v3: promote"
    assert done.state
    assert str(done.state.message).startswith(f"staff v3: promote ({reason}, by the automation")
    tags = last_runs(registry, "deploy")[0].data.tags
    assert tags["llmops.started_by"] == "automation llmops: deploy on drift"
    assert tags["llmops.reason"] == reason
    assert tags["llmops.approved_by"] == "Ann Lee"
