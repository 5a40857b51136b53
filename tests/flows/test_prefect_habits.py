"""Prefect by habit: `prefect deploy` from a checkout on a server that knows nothing of this project."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.orchestration.prefect_file import prefect_file
from tests.stubs.prefect_processes import PrefectProcess, PrefectServer, wait_for

FLOWS = {"dataset", "deploy", "forget", "ingest", "monitor", "promote", "release", "retention", "rollback", "tune"}
POOL = "llmops"
ROOT = prefect_file().parent
SOON = 240.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    with (
        PrefectServer(tmp_path_factory.mktemp("habits")) as started,
        temporary_settings({PREFECT_API_URL: started.url}),
    ):
        yield started


@pytest.fixture
def client(server: PrefectServer) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, whose state is its own."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("prefect.yaml", "llmops_flows.py"):
        shutil.copy(ROOT / name, folder)
    for room in ("blocks", "examples", "flows", "serving", "tasks_lib"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def prefect(server: PrefectServer, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`prefect …` as typed in a shell in the folder, by somebody who has not named a home."""
    given = {name: value for name, value in os.environ.items() if name != "LLMOPS_HOME"}
    return subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=folder,
        env={**given, **server.environment, "PWD": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SOON,
        check=False,
    )


@pytest.mark.deployed
@pytest.mark.timeout(600)
def test_a_pool_and_deploy_are_all_it_takes_and_state_is_kept_beside_the_file(
    server: PrefectServer, client: SyncPrefectClient, checkout: Path
) -> None:
    early = prefect(server, checkout, "deploy", "--all")
    assert early.returncode != 0
    assert "'llmops'" in early.stdout + early.stderr  # the pool that is missing

    assert prefect(server, checkout, "work-pool", "create", POOL, "--type", "process").returncode == 0
    deployed = prefect(server, checkout, "deploy", "--all")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    found = {deployment.name: deployment for deployment in client.read_deployments()}
    assert found.keys() == FLOWS
    assert {deployment.work_pool_name for deployment in found.values()} == {POOL}

    worker: PrefectProcess = server.worker(POOL, Path())
    try:
        run: FlowRun = run_deployment("ingest/ingest", timeout=0)  # type: ignore[assignment]

        def ended() -> FlowRun | None:
            found = client.read_flow_run(run.id)
            return found if found.state and found.state.is_final() else None

        done = wait_for(ended, SOON, worker.tail)
    finally:
        worker.kill()
    assert done.state_name == "Completed", worker.tail()
    assert (checkout / ".llmops").is_dir()


@pytest.mark.deployed
@pytest.mark.timeout(300)
def test_one_deployment_and_another_pool_are_chosen_by_prefects_own_flags(
    server: PrefectServer, client: SyncPrefectClient, checkout: Path
) -> None:
    assert prefect(server, checkout, "work-pool", "create", "mine", "--type", "process").returncode == 0
    done = prefect(server, checkout, "deploy", "-n", "monitor/monitor", "--pool", "mine")
    assert done.returncode == 0, done.stdout + done.stderr
    assert client.read_deployment_by_name("monitor/monitor").work_pool_name == "mine"
