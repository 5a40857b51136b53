"""SIGKILL runs no handler: what a process has forked or spawned ends all the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tasks_lib.registry import orphans

SCRIPT = """
import multiprocessing, os, socket, sys, threading, time
from tasks_lib.registry.orphans import children_end_with_this_process

children_end_with_this_process(__name__)


def last():
    print(os.getpid(), flush=True)
    time.sleep(600)


def middle(method):
    multiprocessing.get_context(method).Process(target=last).start()
    last()


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    # from threads that are gone long before their process: the parent of a child is the process, not the thread
    for method in ("fork", "spawn"):
        child = multiprocessing.get_context(method).Process(target=middle, args=(method,))
        thread = threading.Thread(target=child.start)
        thread.start()
        thread.join()
    last()
"""


@pytest.fixture
def family(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int, list[int]]]:
    """A process, its port, and the ids of itself, its children and grandchildren."""
    script = tmp_path / "family.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(orphans.__file__).parents[2])}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        port, *pids = [int(process.stdout.readline()) for _ in range(6)]
        yield process, port, pids
        process.kill()
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def test_children_and_grandchildren_end_with_a_killed_process(
    family: tuple["subprocess.Popen[str]", int, list[int]],
) -> None:
    process, _, pids = family
    assert len({*pids}) == 5
    time.sleep(2 * orphans.LOOK_SECONDS)
    assert all(map(psutil.pid_exists, pids))
    process.kill()
    process.wait()
    _until(lambda: not any(map(_lives, pids)))


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
