"""A process supervisor: starts services, waits until they are healthy, restarts what dies, and stops all of them."""

import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from flows.services.interrupts import Interrupts
from flows.services.joint_log import JointLog
from flows.services.processes import end
from flows.services.service import Service
from flows.services.watchdog import Watchdog
from tasks_lib.errors import LlmopsError

LLMOPS = "llmops"
HEALTHY_WITHIN_SECONDS = 180.0
CHECK_SECONDS = 10.0
MISSES = 6
"""Health checks in a row that a part may miss before it is taken for dead."""
RESTARTS = 3
WITHIN_SECONDS = 600.0
LOOK_SECONDS = 0.3
STARTING_SECONDS = 2.0
"""How long a part that answers nobody yet may take to stop."""


class PartError(LlmopsError):
    """A part of `llmops up` does not start, or dies again and again."""


@dataclass
class Running:
    """The process of a service, and its health."""

    service: Service
    process: "subprocess.Popen[str]"
    started: float = field(default_factory=time.monotonic)
    healthy: bool = False
    misses: int = 0
    restarts: deque[float] = field(kw_only=True)


class Supervisor:
    """Context manager: no process of its services outlives it, not even if this process is killed.

    A part that dies while it starts ends everything. Later it is started again, up to three times in ten minutes; a
    part that misses six health checks in a row, ten seconds apart, counts as dead.

    :param report: Receives what a person should know, a line at a time.
    """

    def __init__(self, log: JointLog, interrupts: Interrupts, report: Callable[[str], None] | None) -> None:
        self._log = log
        self._interrupts = interrupts
        self._report = report
        self._running: dict[str, Running] = {}
        self._watchdog = Watchdog()

    def __enter__(self) -> Self:
        self._watchdog.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._interrupts.held():
                self._stop_all()
        except KeyboardInterrupt:  # a second signal hastened the end, which has come
            pass
        self._watchdog.__exit__(kind, error, trace)
        self.say("everything has stopped")

    def say(self, line: str) -> None:
        """Report a line, and log it."""
        self._log.write(LLMOPS, line)
        if self._report:
            self._report(line)

    def start(self, service: Service) -> None:
        """Start a process; its output goes to the log."""
        if service.prepare:
            service.prepare()
        before = self._running.get(service.name)
        with self._interrupts.held():
            process = subprocess.Popen(  # noqa: S603  (our own commands)
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=dict(service.environment),
                cwd=service.folder,
                start_new_session=True,
            )
            self._watchdog.watch(process.pid)
            if before:
                self._watchdog.forget(before.process.pid)
            running = Running(service, process, restarts=before.restarts if before else deque(maxlen=RESTARTS))
            self._running[service.name] = running
        threading.Thread(target=self._read, args=(running,), name=f"log of {service.name}", daemon=True).start()

    def wait_healthy(self) -> None:
        """Wait until every started part is healthy.

        :raises PartError: If one ends before, or takes too long.
        """
        while waiting := [running for running in self._running.values() if not running.healthy]:
            for running in waiting:
                self._look_at_start(running)
            time.sleep(LOOK_SECONDS)

    def watch(self, tick: Callable[[], None]) -> None:
        """Supervise the services until interrupted; `tick` is called after each health check.

        :raises PartError: If a part keeps dying.
        """
        checked = time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            for running in list(self._running.values()):
                if running.process.poll() is not None:
                    self._restart(running, f"ended with code {running.process.returncode}")
                elif not running.healthy:
                    self._look_at_start(running)
            if time.monotonic() - checked >= CHECK_SECONDS:
                checked = time.monotonic()
                self._check()
                tick()

    def _look_at_start(self, running: Running) -> None:
        name, took = running.service.name, time.monotonic() - running.started
        if running.process.poll() is not None and not running.restarts:
            raise self._failure(running, f"{name} ended with code {running.process.returncode} before it was healthy")
        if running.service.healthy():
            running.healthy = True
            self.say(f"{name} is healthy after {took:.0f} s")
        elif took > HEALTHY_WITHIN_SECONDS:
            raise self._failure(running, f"{name} is not healthy after {HEALTHY_WITHIN_SECONDS:.0f} s")

    def _check(self) -> None:
        for running in [each for each in self._running.values() if each.healthy]:
            running.misses = 0 if running.service.healthy() else running.misses + 1
            if running.misses == MISSES:
                end(running.process, 0.0, self._interrupts)
                self._restart(running, f"has not answered {MISSES} health checks")

    def _restart(self, running: Running, why: str) -> None:
        """Restart a service.

        :raises PartError: If it was restarted too often already.
        """
        name, now = running.service.name, time.monotonic()
        if len(running.restarts) == RESTARTS and now - running.restarts[0] < WITHIN_SECONDS:
            minutes = WITHIN_SECONDS / 60
            raise self._failure(running, f"{name} {why}, and was started again {RESTARTS} times in {minutes:.0f} min")
        self.say(f"{name} {why}; it is started again")
        end(running.process, 0.0, self._interrupts)
        running.restarts.append(now)
        self.start(running.service)

    def _failure(self, running: Running, message: str) -> PartError:
        name = running.service.name
        last = self._log.last(name)
        shown = f"{message}; its last lines:\n{last}" if last else f"{message}, and wrote nothing"
        return PartError(
            shown, hint=f"{running.service.needs}The lines before are in {self._log.path}, marked {name!r}."
        )

    def _read(self, running: Running) -> None:
        stream = running.process.stdout
        if stream is None:
            return
        with stream:
            for line in stream:
                self._log.write(running.service.name, line)

    def _stop_all(self) -> None:
        """The last started first: who needs a server ends before it."""
        for name, running in reversed(list(self._running.items())):
            self._log.write(LLMOPS, f"stopping {name}")
            seconds = running.service.stop_seconds if running.healthy else STARTING_SECONDS
            end(running.process, seconds, self._interrupts)
        self._running.clear()
