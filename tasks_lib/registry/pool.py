"""One version in several processes, for many questions at once: one interpreter keeps about one core busy."""

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from threading import Lock
from types import TracebackType
from typing import Any, Self

from tasks_lib.registry.process import VersionContract, VersionProcess, VersionReply

QUESTIONS_PER_PROCESS = 8


def processes_for(concurrency: int) -> int:
    """One for each eight questions at once, and no more than processors: each loads the version on its own."""
    return max(1, min(-(-concurrency // QUESTIONS_PER_PROCESS), os.cpu_count() or 1))


class VersionPool:
    """Context manager that asks as :class:`VersionProcess` does, each time the process with the fewest open questions.

    :param concurrency: Questions in flight, over all processes.
    :param arguments: As :class:`VersionProcess` takes them.
    """

    def __init__(self, model_uri: str, *, concurrency: int, **arguments: Any) -> None:
        self.model_uri = model_uri
        count = processes_for(concurrency)
        workers = -(-concurrency // count)
        self._processes = [VersionProcess(model_uri, workers=workers, **arguments) for _ in range(count)]
        self._open = [0] * count
        self._lock = Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for process in self._processes:
                process.start()
                stack.callback(process.close)
            for process in self._processes:
                process.wait_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def contract(self) -> VersionContract:
        """What the registry promises about the version."""
        return self._processes[0].contract

    @property
    def alive(self) -> bool:
        """Whether every process runs."""
        return all(process.alive for process in self._processes)

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        timeout: float,
        tags: Mapping[str, str] | None = None,
        groups: Collection[str] = (),
    ) -> VersionReply:
        """:meth:`VersionProcess.ask`."""
        with self._lock:
            chosen = self._open.index(min(self._open))
            self._open[chosen] += 1
        try:
            return self._processes[chosen].ask(messages, timeout, tags, groups=groups)
        finally:
            with self._lock:
                self._open[chosen] -= 1
