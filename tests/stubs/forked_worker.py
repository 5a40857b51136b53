"""Stands in for `version_worker.py` as a script: its process is forked from one that has imported MLflow already.

Importing MLflow takes four seconds of each process. The process that is forked has imported none of our rooms, loads
the version from the registry and speaks over the pipes that it is given, as the real one does.

`forked_worker.py --serve SOCKET WORKER` is the one that is forked; `ForkedWorkers` starts it and ends it. What stands
in for the worker is a copy of this file beside the socket.
"""

import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import Queue
from typing import Any

SOCKET = "workers.sock"
OF_REAL_VERSIONS = ("haystack", "presidio_analyzer", "onnxruntime", "tokenizers", "lance_namespace", "jinja2")
"""What the versions of ours import as well, and what starts no threads: two seconds of processor each time."""


class PromptQueue(Queue[Any]):
    """Waits a moment where MLflow's export queue waits for a second, which each flush of its traces would take."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As of the base, with a shorter wait."""
        return super().get(block, timeout if timeout is None else min(timeout, 0.05))


class ForkedWorkers:
    """The process that is forked.

    :param folder: Where its socket lies, and `script`, which is started in place of the worker.
    :param worker: The worker that is run in each.
    """

    def __init__(self, folder: Path, worker: Path) -> None:
        self.worker = worker
        self.script = folder / "forked_worker.py"
        shutil.copy(__file__, self.script)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs, and return at once: whoever needs it waits for it."""
        if self._process is None:
            address = str(self.script.with_name(SOCKET))
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(self.script), "--serve", address, str(self.worker)]
            )

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def serve(address: str, worker: str) -> None:
    """Import what every worker imports, then fork one for each connection."""
    import mlflow.pyfunc.model
    import mlflow.store.model_registry.sqlalchemy_store
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
    from mlflow.tracing.export import async_export_queue

    async_export_queue.Queue = PromptQueue  # type: ignore[misc]

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    further = list(OF_REAL_VERSIONS)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        listening.settimeout(0.1)
        while True:
            try:
                connection, _ = listening.accept()
            except TimeoutError:  # nobody waits
                if further:
                    with suppress(ImportError):
                        import_module(further.pop(0))
                continue
            connection.setblocking(True)
            if os.fork() == 0:
                listening.close()
                _watch(connection, worker)
            connection.close()


def _watch(connection: socket.socket, worker: str) -> None:
    """Run the worker in a process of its own; kill it if whoever asked for it is gone, and tell them how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sent, files, _, _ = socket.recv_fds(connection, 1_000_000, 3)
    request = json.loads(sent)
    child = os.fork()
    if child == 0:
        connection.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        searched = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
        sys.path[:0] = [entry for entry in searched if entry not in sys.path]
        sys.argv = [worker, *request["arguments"]]
        runpy.run_path(worker, run_name="__main__")
        os._exit(0)
    for file in files:
        os.close(file)
    connection.settimeout(0.05)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        try:
            gone = not connection.recv(1)
        except TimeoutError:
            continue
        if gone:
            os.kill(child, signal.SIGKILL)
            os._exit(0)


def ask(arguments: list[str]) -> int:
    """Have a worker forked that takes over this process's pipes, and wait for its end."""
    with socket.socket(socket.AF_UNIX) as connection:
        for _ in range(600):
            try:
                connection.connect(str(Path(__file__).with_name(SOCKET)))
                break
            except OSError:
                time.sleep(0.1)
        asked = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}
        request = json.dumps(asked).encode()
        socket.send_fds(connection, [request], [0, 1, 2])
        for file in (0, 1, 2):
            os.close(file)
        code = int(connection.recv(64) or b"1")
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(*sys.argv[2:])
    os._exit(ask(sys.argv[1:]))
