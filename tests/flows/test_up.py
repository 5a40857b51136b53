"""`llmops up`: what it refuses before it starts anything, and everything together as a user runs it."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.cli import run
from tasks_lib.home import Home
from tests.stubs.command import LLMOPS
from tests.stubs.namesakes import searched_before_ours
from tests.stubs.weaviate_server import free_ports

PARTS = {"prefect", "mlflow", "worker"}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str]]:
    code = run(["up", *arguments, "--json"])
    error: dict[str, str] = json.loads(capsys.readouterr().out)["error"]
    return code, error


@pytest.fixture
def no_server() -> object:
    with temporary_settings(restore_defaults={PREFECT_API_URL}) as settings:
        yield settings


def test_a_port_in_use_is_told_before_anything_starts(
    home: Home, no_server: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    free = [str(port) for port in free_ports(2)]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        code, error = refused(capsys, "--prefect-port", free[0], "--mlflow-port", str(number), "--port", free[1])
    assert code == 2
    problem = f"port {number} of 127.0.0.1, for MLflow: it is in use by process {os.getpid()} ("
    assert error["message"].startswith(problem)
    assert error["hint"] == "End what listens there, or choose another with --mlflow-port."
    assert (home.root / "up.log").read_text() == ""


def test_a_server_elsewhere_that_does_not_answer_is_told(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with temporary_settings({PREFECT_API_URL: "http://prefect.invalid:4200/api"}):
        code, error = refused(capsys)
    assert code == 1
    assert error["message"].startswith("no Prefect server answers at http://prefect.invalid:4200/api")


def test_an_endpoint_for_others_without_keys_is_refused(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLMOPS_API_KEYS", raising=False)
    code, error = refused(capsys, "--host", "0.0.0.0")
    assert code == 2
    assert "without API keys" in error["message"]


@pytest.mark.deployed
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_everything_runs_and_stops_together(
    tracked_home: Callable[[Path], Home], tmp_path: Path, ending: signal.Signals
) -> None:
    home = tracked_home(tmp_path / "home")
    ports = dict(zip(("prefect", "mlflow", "endpoint"), free_ports(3), strict=True))
    flags = {"prefect": "--prefect-port", "mlflow": "--mlflow-port", "endpoint": "--port"}
    command = [*LLMOPS, "up", "--json", *(word for part in ports for word in (flags[part], str(ports[part])))]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MLFLOW_"))}
    environment = {**kept, **searched_before_ours(tmp_path), "LLMOPS_HOME": str(home.root), "HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path, text=True) as process:
        try:
            told = json.loads(process.stdout.readline() if process.stdout else "")
            children = psutil.Process(process.pid).children(recursive=True)
            addresses = {part: f"http://127.0.0.1:{ports[part]}" for part in ("prefect", "mlflow")}
            assert told["addresses"] == addresses
            assert "nothing is in production yet" in told["pending"]["endpoint"]
            deployments = httpx.post(f"{addresses['prefect']}/api/deployments/filter", json={}, timeout=30).json()
            assert {"ingest", "dataset", "deploy", "monitor", "rollback"} <= {each["name"] for each in deployments}
        finally:
            process.send_signal(ending)
            code = process.wait(60)
    assert code == (-signal.SIGKILL if ending == signal.SIGKILL else 0)
    assert len(children) >= len(PARTS)
    psutil.wait_procs(children, timeout=30)
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    for port in ports.values():
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", port))
    lines = Path(told["log"]).read_text().splitlines()
    assert {line.split()[2] for line in lines} == {*PARTS, "llmops"}
