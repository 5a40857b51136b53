"""A Prefect server and a worker as users run them: processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import httpx
import psutil

from tests.stubs.namesakes import searched_before_ours

Found = TypeVar("Found")

PROMPT = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}
"""Services look more often than a user's would: the tests wait for them."""


def wait_for(what: Callable[[], Found | None], seconds: float, told: Callable[[], str] = str) -> Found:
    """What `what` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds:.0f} s in vain: {told()}")


class PrefectProcess:
    """`prefect …`, its output in a file."""

    def __init__(self, arguments: list[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self._file: IO[bytes] = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            env={**os.environ, **environment},
            cwd=log.parent,
            stdout=self._file,
            stderr=self._file,
            stdin=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """End it and all that it has started, as a machine does that goes down."""
        running = psutil.Process(self._process.pid)
        for process in (running, *running.children(recursive=True)):
            process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._file.close()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def tail(self) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-3000:]


class PrefectServer:
    """Context manager around `prefect server start` on a free port and an empty database."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/api"
        self.environment = {**PROMPT, "PREFECT_HOME": str(folder / "prefect"), "PREFECT_API_URL": self.url}
        started = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
        self._process = PrefectProcess(started, folder / "server.log", self.environment)

    def __enter__(self) -> Self:
        wait_for(self._healthy, 180, self._process.tail)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()

    def worker(self, pool: str, home: Path) -> PrefectProcess:
        """A worker of a process pool, started by somebody who has modules of our packages' names."""
        environment = self.environment | searched_before_ours(self.folder) | {"LLMOPS_HOME": str(home)}
        return PrefectProcess(["worker", "start", "--pool", pool], self.folder / "worker.log", environment)

    def _healthy(self) -> bool:
        assert self._process.running, self._process.tail()
        try:
            return httpx.get(f"{self.url}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False
