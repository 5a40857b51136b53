"""The endpoint and the servers around it as real processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.stubs.weaviate_server import ALONE

START_SECONDS = 240.0
STOP_SECONDS = 60.0
BIN = Path(sys.executable).parent
QUIET = {
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A process that listens; it leads a process group of its own, as a command in a terminal does.

    :param health: Address that answers 200 once it is ready.
    """

    def __init__(self, command: Sequence[str], health: str, log: Path, environment: Mapping[str, str]) -> None:
        self.command = list(command)
        self.health = health
        self.log = log
        self.environment = {**os.environ, **QUIET, **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and wait until it is ready; the seconds that took."""
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log, start_new_session=True, cwd=self.log.parent
            )
        while time.monotonic() < begun + START_SECONDS:
            if self.process.poll() is not None:
                break
            with suppress(httpx.HTTPError):
                if httpx.get(self.health, timeout=5).is_success:
                    return time.monotonic() - begun
            time.sleep(0.1)
        sys.exit(f"{self.command[:3]} did not get ready: {self.log.read_text()[-2000:]}")

    def children(self) -> list[psutil.Process]:
        """All processes below it."""
        assert self.process is not None  # noqa: S101  (it was started)
        return psutil.Process(self.process.pid).children(recursive=True)

    def send(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to it, or to its whole group, as Ctrl+C does."""
        assert self.process is not None  # noqa: S101  (it was started)
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, group: bool = False) -> float:
        """Stop it; the seconds that took."""
        if self.process is None:
            return 0.0
        begun = time.monotonic()
        with suppress(ProcessLookupError):
            self.send(number, group=group)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None
        return time.monotonic() - begun


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """`server`, started, and stopped at the end."""
    server.start()
    leader = server.process
    try:
        yield server
    finally:
        server.stop()
        if leader is not None:
            with suppress(ProcessLookupError):  # LitServe as it is leaves its children behind
                os.killpg(leader.pid, signal.SIGKILL)


def prefect_server(folder: Path) -> Server:
    """A Prefect server with its database in `folder`."""
    port = free_port()
    command = [str(BIN / "prefect"), "server", "start", "--port", str(port)]
    home = {"PREFECT_HOME": str(folder / "prefect")}
    return Server(command, f"http://127.0.0.1:{port}/api/health", folder / "prefect.log", home)


def mlflow_server(folder: Path) -> Server:
    """An MLflow server with its database in `folder`, on the port that it is started on again."""
    port = free_port()
    store = ("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}")
    artifacts = ("--artifacts-destination", str(folder / "runs"))
    command = [str(BIN / "mlflow"), "server", "--port", str(port), "--workers", "1", *store, *artifacts]
    return Server(command, f"http://127.0.0.1:{port}/health", folder / "mlflow.log", {})


def weaviate_server(folder: Path) -> tuple[Server, dict[str, str]] | None:
    """A Weaviate server and the variables that point to it; `None` where there is no `weaviate` on the PATH."""
    binary = shutil.which("weaviate")
    if binary is None:
        return None
    port, grpc = free_port(), free_port()
    environment = {
        "GRPC_PORT": str(grpc),
        "CLUSTER_GOSSIP_BIND_PORT": str(free_port()),
        "CLUSTER_DATA_BIND_PORT": str(free_port()),
        "RAFT_PORT": str(free_port()),
        "RAFT_INTERNAL_RPC_PORT": str(free_port()),
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true",
        **ALONE,
        "PERSISTENCE_DATA_PATH": str(folder / "weaviate"),
    }
    command = [binary, "--host", "127.0.0.1", "--port", str(port), "--scheme", "http"]
    url = f"http://127.0.0.1:{port}"
    server = Server(command, f"{url}/v1/.well-known/ready", folder / "weaviate.log", environment)
    return server, {"WEAVIATE_URL": url, "WEAVIATE_GRPC_PORT": str(grpc)}


def endpoint(folder: Path, environment: Mapping[str, str], *options: str) -> tuple[Server, str]:
    """The endpoint and its address; `options` are those of `python -m serving`."""
    port = free_port()
    command = [sys.executable, "-m", "serving", "--port", str(port), *options]
    address = f"http://127.0.0.1:{port}"
    return Server(command, f"{address}/ready", folder / "endpoint.log", environment), address
