"""Terminate a process and its descendants."""

import os
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

from flows.services.interrupts import Interrupts

CHILDREN_SECONDS = 5.0
LOOK_SECONDS = 0.1


def _descendants(pid: int) -> list[psutil.Process]:
    """Everything that the process has started: its tree, and what stayed in its session when a parent died."""
    children: dict[int, psutil.Process] = {}
    with suppress(psutil.Error):
        children = {child.pid: child for child in psutil.Process(pid).children(recursive=True)}
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == pid and process.pid != pid:
                children[process.pid] = process
        except OSError:
            continue
    return list(children.values())


def end(process: "subprocess.Popen[str]", seconds: float, interrupts: Interrupts) -> None:
    """Let the process end by itself, then its children, then kill what still runs.

    :param seconds: How long it may take; a signal that comes meanwhile cuts it short.
    """
    children = _descendants(process.pid)
    if process.poll() is None:
        process.terminate()
        _wait(process, seconds, interrupts)
    running = _alive({child.pid: child for child in (*children, *_descendants(process.pid))}.values())
    running = _signal(running, CHILDREN_SECONDS if seconds else 0.0, kill=False)
    _signal(running, CHILDREN_SECONDS, kill=True)
    if process.poll() is None:
        process.kill()
    process.wait()


def end_all(pids: Iterable[int]) -> None:
    """End processes whose parent is gone, and all that they have started: with SIGTERM, then with SIGKILL."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        found |= {each.pid: each for each in _descendants(pid)}
        with suppress(psutil.NoSuchProcess):
            found[pid] = psutil.Process(pid)
    running = _signal(_alive(found.values()), CHILDREN_SECONDS, kill=False)
    _signal(running, CHILDREN_SECONDS, kill=True)


def _wait(process: "subprocess.Popen[str]", seconds: float, interrupts: Interrupts) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and not interrupts.pending:
        time.sleep(LOOK_SECONDS)


def _alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if _lives(each)]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal(processes: list[psutil.Process], seconds: float, *, kill: bool) -> list[psutil.Process]:
    """Send SIGTERM, or SIGKILL, and wait; the processes that still run after `seconds`."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill() if kill else process.terminate()
    deadline = time.monotonic() + seconds
    while (running := _alive(processes)) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    return running
