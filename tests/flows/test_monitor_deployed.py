"""Three weeks of the handbook's assistant, each a few seconds long: real endpoint, real Prefect server and worker.

The first week is monitored by schedule while a step fails once, the second by a run that is killed half way. Before the
third, a manual takes the place of the handbook.
"""

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from uuid import UUID

import httpx
import psutil
import pytest
from evidently.ui.workspace import Workspace
from mlflow import MlflowClient
from mlflow.entities import Run
from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, TaskRun
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks.local import LocalPlatform
from flows.bootstrap import bootstrap
from flows.dataset import dataset
from flows.deploy import deploy
from flows.ingest import ingest
from flows.release import release
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.monitoring.record import stored_result
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.window import PastWindow, past_windows
from tasks_lib.registry.tracking import connect
from tests.flows.conftest import POOL
from tests.flows.conftest import TIMES as PROMPT
from tests.stubs.command import LLMOPS
from tests.stubs.prefect_processes import PrefectProcess, PrefectServer, wait_for
from tests.stubs.server import Request, Responder, StubServer
from tests.stubs.weaviate_server import free_ports

ROOT = Path(__file__).parents[2]
HANDBOOK, ABOUT_SOMETHING_ELSE = ROOT / "examples" / "handbook", ROOT / "docs" / "pages" / "how-to"
QUESTIONS = ROOT / "examples" / "handbook-questions.jsonl"
A_WEEK = 50
TIMES = replace(PROMPT, drift=timedelta(minutes=20))
"""Unlike other modules' times: the automation is made anew, and with it its cooldown."""
SOON = 180.0
PATIENCE = 60.0
PATIENT = {"minimum_latency_change_seconds": PATIENCE, "objectives": {"latency_seconds": PATIENCE}}
"""The machine may be busy with other tests."""

pytestmark = [pytest.mark.deployed, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Place:
    """An assistant in production, and where it is used and watched."""

    platform: LocalPlatform
    documents: Path
    endpoint: str
    prefect: SyncPrefectClient
    worker: PrefectProcess

    @property
    def mlflow(self) -> MlflowClient:
        return connect(self.platform, "rag-assistant")

    def ingest(self) -> None:
        """Bring the index in sync with the documents as they are now."""
        ingest(Settings.model_validate({"ingest": {"source": str(self.documents), "allow_mass_delete": True}}))

    def a_week(self, seed: int) -> None:
        """Questions of employees, four at a time, until each has its trace."""
        lines = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
        asked = random.Random(seed).choices(
            [line["messages"] for line in lines if len(line["messages"]) == 1], k=A_WEEK
        )

        def ask(messages: object) -> str:
            response = httpx.post(f"{self.endpoint}/predict", json={"messages": messages}, timeout=60)
            return str(response.raise_for_status().json()["trace_id"])

        with ThreadPoolExecutor(4) as threads:
            traces = set(threads.map(ask, asked))
        wait_for(lambda: traces <= self.finished(), SOON)

    def finished(self) -> set[str]:
        """Ids of the traces that are there."""
        client = self.mlflow
        found = client.search_traces(locations=[client.experiment_id], max_results=2 * A_WEEK, include_spans=False)
        return {trace.info.trace_id for trace in found if trace.info.state.value == "OK"}

    def windows(self) -> list[PastWindow]:
        """The windows that are reported."""
        return [window for window in past_windows(self.mlflow) if window.covers]

    def runs(self, name: str) -> list[FlowRun]:
        """The runs of a deployment."""
        found = self.prefect.read_deployment_by_name(f"{name}/{name}").id
        return self.prefect.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[found])))

    def tasks(self, run: UUID, name: str) -> list[TaskRun]:
        """The tasks of a run whose name begins with `name`."""
        found = self.prefect.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])))
        return [task for task in found if task.name.startswith(name)]

    def ended(self, run: UUID) -> FlowRun:
        """The run once it has completed."""

        def completed() -> FlowRun | None:
            found = self.prefect.read_flow_run(run)
            return found if found.state_type == "COMPLETED" else None

        return wait_for(completed, SOON, lambda: f"{self.prefect.read_flow_run(run).state}\n{self.worker.tail()}")

    def monitored(self, **window: str) -> FlowRun:
        """A run of the deployment that has completed."""
        return self.ended(start(window))


def start(window: dict[str, str] | None = None) -> UUID:
    parameters = {"settings": {"monitor": {**PATIENT, **(window or {})}}}
    run: FlowRun = run_deployment("monitor/monitor", parameters=parameters, timeout=0)  # type: ignore[assignment]
    return run.id


@pytest.fixture(scope="module")
def place(
    prefect_server: PrefectServer, tracked_home: Callable[..., object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("weeks")
    tracked_home(folder / "home")
    documents = folder / "documents"
    shutil.copytree(HANDBOOK, documents)
    with pytest.MonkeyPatch.context() as patch, temporary_settings({PREFECT_API_URL: prefect_server.url}):
        patch.setenv("LLMOPS_HOME", str(folder / "home"))
        bootstrap(POOL, times=TIMES)
        with working(prefect_server, folder / "home") as worker, get_client(sync_client=True) as client:
            made = Place(LocalPlatform(), documents, f"http://127.0.0.1:{free_ports(1)[0]}", client, worker)
            made.ingest()
            dataset(Settings.model_validate({"dataset": {"size": 24}}))
            gate = GateConfig(resamples=1000, thresholds={"latency_p95_seconds": PATIENCE})
            assert deploy(Settings(gate=gate)).decision == "promote"
            with served(made.endpoint, folder):
                yield made


@contextmanager
def working(server: PrefectServer, home: Path) -> Iterator[PrefectProcess]:
    """A worker until the end of the block."""
    worker = server.worker(POOL, home)
    try:
        yield worker
    finally:
        worker.kill()


@contextmanager
def served(address: str, folder: Path) -> Iterator[None]:
    """`llmops serve` until the end of the block."""
    log = folder / "serve.log"
    command = [*LLMOPS, "serve", "--port", address.rpartition(":")[2]]

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(f"{address}/ready", timeout=5).is_success
        except httpx.TransportError:
            return False

    with log.open("wb") as written, subprocess.Popen(command, cwd=folder, stderr=written) as process:
        try:
            wait_for(ready, SOON, log.read_text)
            yield
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def first_week(place: Place) -> FlowRun:
    """The run that a schedule started, and in which the last step but one failed at first: the disk gave an error."""
    place.a_week(1)
    reports = place.platform.home.reports
    reports.write_text("not a folder")
    deployment = place.prefect.read_deployment_by_name("monitor/monitor")
    weekly = deployment.schedules[0].id
    soon = CronSchedule(cron=f"* * * * * {(datetime.now(UTC) + timedelta(seconds=6)).second}")
    patient = {"settings": {"monitor": PATIENT}}
    place.prefect.update_deployment_schedule(deployment.id, weekly, active=True, schedule=soon, parameters=patient)
    run = wait_for(lambda: [run for run in place.runs("monitor") if run.state_type == "RUNNING"], SOON)[0]
    place.prefect.update_deployment_schedule(deployment.id, weekly, active=False)
    wait_for(
        lambda: [task for task in place.tasks(run.id, "keep") if task.state_name == "AwaitingRetry"],
        SOON,
        place.worker.tail,
    )
    reports.unlink()
    return place.ended(run.id)


@pytest.fixture(scope="module")
def second_week(place: Place, first_week: FlowRun) -> tuple[FlowRun, Run]:
    """The run that was killed while it wrote its report and began again, and the record in MLflow it had begun."""
    place.a_week(2)
    run = start()
    begun = wait_for(lambda: half_written(place), SOON, place.worker.tail)
    process_of(run).kill()
    return place.ended(run), begun


def half_written(place: Place) -> Run | None:
    client = place.mlflow
    where = "tags.`llmops.verb` = 'monitor' AND attributes.status = 'RUNNING'"
    return next(iter(client.search_runs([client.experiment_id], filter_string=where)), None)


def process_of(run: UUID) -> psutil.Process:
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID") == str(run):
                return process
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    raise AssertionError(run)


class Channel(StubServer):
    """Receives what people are told."""

    def answer(self, request: Request, word: str, out: Responder) -> None:
        out.json({})


def told_of_drift(channel: Channel) -> list[str]:
    """Texts of the messages about drift."""
    told = [request.body for request in channel.requests]
    return [message["message"] for message in told if message["title"] == "Drift in monitoring of rag-assistant"]


@pytest.fixture(scope="module")
def channel(place: Place, second_week: object) -> Iterator[Channel]:
    """What Slack's block sends, which goes wherever its address says."""
    with Channel() as opened:
        SlackWebhook(url=opened.url.replace("http://", "json://")).save("ops", overwrite=True)
        bootstrap(POOL, times=TIMES, notify="slack-webhook/ops")
        automation = place.prefect.read_automations_by_name("llmops: deploy on drift")[0]
        place.prefect.resume_automation(automation.id)
        yield opened
        place.prefect.pause_automation(automation.id)


@pytest.fixture(scope="module")
def third_week(place: Place, channel: Channel) -> MonitorResult:
    shutil.rmtree(place.documents)
    shutil.copytree(ABOUT_SOMETHING_ELSE, place.documents)
    place.ingest()
    release(action="release all", reason="a person takes the manual for the handbook")
    place.a_week(3)
    place.monitored()
    return stored_result(place.mlflow, place.windows()[-1].run_id, place.platform.home)


def test_the_schedule_starts_a_run_in_which_a_failing_step_is_seen_to_be_tried_again(
    place: Place, first_week: FlowRun
) -> None:
    assert first_week.auto_scheduled
    attempts = {task.name.rpartition("-")[0]: task.run_count for task in place.tasks(first_week.id, "")}
    assert attempts.pop("keep") == 2
    assert set(attempts.values()) == {1}
    assert [window.verdict for window in place.windows()][:1] == ["healthy"]


def test_a_run_that_is_killed_leaves_no_half_report_and_reports_its_window_once(
    place: Place, second_week: tuple[FlowRun, Run]
) -> None:
    run, begun = second_week
    assert run.run_count == 2
    first, second = place.windows()[:2]
    assert begun.info.run_id not in {first.run_id, second.run_id}
    assert (first.until, second.verdict) == (second.since, "healthy")
    found = stored_result(place.mlflow, second.run_id, place.platform.home)
    assert found.traces == A_WEEK
    assert "last 1 healthy window" in found.reference
    workspace = Workspace(str(place.platform.home.root / "evidently"))
    assert len(workspace.list_runs(workspace.search_project("rag-assistant")[0].id)) >= 2


def test_wrong_documents_are_flagged_and_start_one_deployment(
    place: Place, channel: Channel, third_week: MonitorResult
) -> None:
    assert third_week.verdict == "drifted"
    assert {"refused", "evidence", "coverage"} <= set(third_week.drifted)
    assert "last 2 healthy windows" in third_week.reference
    page = Path(third_week.report).read_text(encoding="utf-8")
    assert "Something got worse" in page
    assert "Refusals rose from" in page
    assert escape(third_week.worst[0].question) in page

    def started() -> list[FlowRun]:
        runs = [run for run in place.runs("deploy") if run.created and run.created > third_week.until]
        assert all(run.created_by and run.created_by.type == "AUTOMATION" for run in runs)
        return runs

    (deployment,) = wait_for(started, SOON)
    wait_for(lambda: told_of_drift(channel), SOON)
    assert third_week.since
    again = place.monitored(since=third_week.since.isoformat(), until=third_week.until.isoformat())
    assert place.tasks(again.id, "stored-report")
    assert not place.tasks(again.id, "publish-window")
    place.ended(deployment.id)
    (message,) = told_of_drift(channel)  # what the gate said of the wrong documents is another
    assert message.startswith(f"{third_week.drifted[0]} of version 1 changed by")
    assert len(started()) == 1
