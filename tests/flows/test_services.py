"""The parts of `llmops up`: real processes that start, die, hang and stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from flows.serve import serve
from flows.services import processes
from flows.services import supervisor as supervision
from flows.services.interrupts import Interrupts
from flows.services.joint_log import JointLog
from flows.services.ports import Port, PortError, require_free
from flows.services.service import Service, answers, mlflow_server
from flows.services.supervisor import PartError, Supervisor
from tasks_lib.config.settings import Settings
from tests.stubs.weaviate_server import free_ports

SERVER = """
import http.server, os, signal, subprocess, sys
{before}
print("serving as", os.getpid(), "with postgresql://me:hunter2@db/x", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
"""


class Enough(Exception):  # noqa: N818  (no error)
    """Ends a watch."""


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """Checks health every tenth of a second."""
    monkeypatch.setattr(supervision, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(supervision, "LOOK_SECONDS", 0.05)
    log = JointLog(tmp_path / "up.log")
    with Interrupts() as interrupts, Supervisor(log, interrupts, told.append) as made:
        yield made
    log.close()


def part(before: str = "", *, port: int | None = None, stop_seconds: float = 5.0) -> Service:
    """An HTTP server."""
    number = port or free_ports(1)[0]
    command = [sys.executable, "-I", "-c", SERVER.format(before=before), str(number)]
    url = f"http://127.0.0.1:{number}"
    return Service("web", command, lambda: answers(url), os.environ, url, stop_seconds)


def process_of(supervisor: Supervisor) -> psutil.Process:
    return psutil.Process(supervisor._running["web"].process.pid)


def after(condition: Callable[[], bool], seconds: float = 20.0) -> Callable[[], None]:
    """A tick that ends the watch once `condition` holds."""
    deadline = time.monotonic() + seconds

    def tick() -> None:
        assert time.monotonic() < deadline
        if condition():
            raise Enough

    return tick


def test_a_part_that_dies_is_started_again(supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(part())
    supervisor.wait_healthy()
    process_of(supervisor).kill()
    with pytest.raises(Enough):
        supervisor.watch(after(lambda: sum("healthy" in line for line in told) == 2))
    assert "web ended with code -9; it is started again" in told


def test_a_part_that_hangs_is_started_again(supervisor: Supervisor, told: list[str]) -> None:
    healthy = {"yes": True}
    service = part()
    supervisor.start(Service("web", service.command, lambda: healthy["yes"], os.environ))
    supervisor.wait_healthy()
    healthy["yes"] = False
    with pytest.raises(Enough):
        supervisor.watch(after(lambda: any("started again" in line for line in told)))
    assert f"web has not answered {supervision.MISSES} health checks; it is started again" in told


def test_a_part_that_keeps_dying_ends_everything_with_its_last_lines(supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start(part())
    supervisor.wait_healthy()
    running = supervisor._running["web"]
    running.service.command[3] = "import sys; print('no room on the disk'); sys.exit(3)"
    process_of(supervisor).kill()
    with pytest.raises(PartError, match=r"code 3, and was started again 3 times(.|\n)*no room on the disk") as error:
        supervisor.watch(lambda: None)
    assert "up.log" in error.value.hint
    assert sum("started again" in line for line in told) == supervision.RESTARTS


def test_a_part_that_dies_while_it_starts_ends_everything(supervisor: Supervisor) -> None:
    supervisor.start(part("sys.exit('the database is not there')"))
    with pytest.raises(
        PartError, match=r"code 1 before it was healthy; its last lines:\n    the database is not there"
    ):
        supervisor.wait_healthy()


def test_a_server_without_its_database_is_told_which(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_ports(1)[0]
    url = f"postgresql://me:hunter2@127.0.0.1:{port}/x"
    service = replace(mlflow_server("http://127.0.0.1:1", url, tmp_path), command=[sys.executable, "-c", "exit(1)"])
    supervisor.start(service)
    with pytest.raises(PartError) as error:
        supervisor.wait_healthy()
    assert error.value.hint.startswith(f"Its database is postgresql://me:***@127.0.0.1:{port}/x (MLFLOW_BACKEND_STORE")


def test_no_process_outlives_the_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "CHILDREN_SECONDS", 0.5)
    service = part(STUBBORN, stop_seconds=0.5)
    log = JointLog(tmp_path / "up.log")
    with Interrupts() as interrupts, Supervisor(log, interrupts, None) as supervisor:
        supervisor.start(service)
        supervisor.wait_healthy()
        mine = [process_of(supervisor), *process_of(supervisor).children(recursive=True)]
        assert len(mine) == 2
    assert processes._alive(mine) == []
    assert not answers(str(service.address))
    assert "hunter2" not in (written := log.path.read_text())
    assert f"web      | serving as {mine[0].pid} with postgresql://me:***@db/x" in written


def test_a_signal_that_comes_while_a_process_is_started_counts_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    reached = []

    def start() -> None:
        with Interrupts() as interrupts, interrupts.held():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert reached
    assert signal.getsignal(signal.SIGTERM) is before


def test_every_port_in_use_is_named_with_what_changes_it() -> None:
    free = free_ports(1)[0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        ports = [
            Port("Prefect", "127.0.0.1", number, "choose another with --prefect-port"),
            Port("MLflow", "127.0.0.1", free, "choose another with --mlflow-port"),
            Port("the endpoint", "127.0.0.1", free, "choose another with --port"),
        ]
        with pytest.raises(PortError) as error:
            require_free(ports)
    assert f"port {number} of 127.0.0.1, for Prefect: it is in use" in error.value.message
    assert f"port {free} of 127.0.0.1, for the endpoint: MLflow wants it too" in error.value.message
    assert error.value.hint.endswith("choose another with --prefect-port, and choose another with --port.")


def test_an_address_that_is_not_of_this_machine_is_told() -> None:
    with pytest.raises(PortError, match="for the endpoint: Cannot assign requested address"):
        require_free([Port("the endpoint", "192.0.2.1", 8000, "choose another with --host")])


OWNER = """
import os, sys, time
from pathlib import Path
from flows.services.interrupts import Interrupts
from flows.services.joint_log import JointLog
from flows.services.supervisor import Supervisor
from tests.flows.test_services import part, STUBBORN

with Interrupts() as interrupts, Supervisor(JointLog(Path(sys.argv[1])), interrupts, None) as supervisor:
    supervisor.start(part(STUBBORN, port=int(sys.argv[2])))
    supervisor.wait_healthy()
    print("healthy", supervisor._watchdog._process.pid, flush=True)
    if sys.argv[3] == "stay":
        time.sleep(600)
"""


@pytest.mark.parametrize("ends", ["killed", "by itself"])
def test_nothing_is_left_on_the_port_however_its_owner_ends(tmp_path: Path, ends: str) -> None:
    (number,) = free_ports(1)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", OWNER, str(tmp_path / "up.log"), str(number), "stay" if ends == "killed" else "go"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as owner:
        assert owner.stdout is not None
        word, watchdog = owner.stdout.readline().split()
        assert word == "healthy"
        children = psutil.Process(owner.pid).children(recursive=True)
        assert len(children) >= 3
        if ends == "killed":
            owner.kill()
        owner.wait(timeout=60)
        psutil.wait_procs(children, timeout=30)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    assert not psutil.pid_exists(int(watchdog))
    require_free([Port("web", "127.0.0.1", number, "")])


def test_who_holds_a_port_is_told_without_its_arguments() -> None:
    (number,) = free_ports(1)
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(number)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 20
            while not answers(f"http://127.0.0.1:{number}") and time.monotonic() < deadline:
                time.sleep(0.1)
            with pytest.raises(PortError) as error:
                require_free([Port("the endpoint", "127.0.0.1", number, "choose another with --port")])
        finally:
            server.kill()
    assert f"it is in use by process {server.pid} (" in error.value.message
    assert "-m http.server)" in error.value.message
    assert error.value.exit_code == 2
    assert "--port" in error.value.hint


def test_serve_refuses_a_port_that_is_in_use_before_it_looks_for_a_version() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        settings = Settings.model_validate({"serve": {"host": "127.0.0.1", "port": number}})
        with pytest.raises(PortError, match=rf"port {number} of 127.0.0.1, for the endpoint.*process {os.getpid()}"):
            serve(settings)
