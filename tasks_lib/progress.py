"""Progress of long steps, reported to a listener: a bar in the terminal, a line a minute elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from logging import Logger, LoggerAdapter

MINUTE = 60.0
"""Seconds between two lines about what is under way."""


class Listener(Protocol):
    """Receives progress; called from the thread that does the work."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """`done` of `total` units of `step` are finished; `total` is `None` while it is unknown."""
        ...


_listener: ContextVar[Listener | None] = ContextVar("llmops_progress_listener", default=None)


def advance(step: str, done: int, total: int | None = None) -> None:
    """Tell the listener; without one, such as in a worker of Prefect, log a line a minute."""
    listener = _listener.get() or _log
    listener(step, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send progress of the body to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def counted(done: int, total: int | None) -> str:
    """Counts in words; empty for a step that is one piece."""
    if total is None:
        return f"{done:,}" if done else ""
    return f"{done:,} of {total:,}" if total > 1 else ""


class LinePerMinute:
    """A line when a step begins, and one a minute of the newest step while it lasts, whether or not it moves.

    :param verb: What runs, before its first step.
    :param say: Takes a line.
    """

    def __init__(self, verb: str, say: Callable[[str], None]) -> None:
        self._say = say
        self._started = time.monotonic()
        self._now: tuple[str, int, int | None] = (verb, 0, None)
        self._begun: set[str] = set()
        self._lock = Lock()
        self._ended = Event()
        self._thread = Thread(target=self._tell, name="progress", daemon=True)

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Take progress."""
        with self._lock:
            self._now = (step, done, total)
            if step in self._begun:
                return
            self._begun.add(step)
        self._say(step)

    def __enter__(self) -> Self:
        """Begin to tell."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Tell nothing any more."""
        self._ended.set()
        self._thread.join()

    def _tell(self) -> None:
        while not self._ended.wait(MINUTE):
            with self._lock:
                step, done, total = self._now
            minutes = round((time.monotonic() - self._started) / 60)
            self._say(", ".join(filter(None, [f"{step}: {counted(done, total)}".rstrip(": "), f"{minutes} min"])))


_logged: dict[str, float] = {}


def _log(step: str, done: int, total: int | None) -> None:
    """A line a minute in the log of the flow run, if this is one."""
    now = time.monotonic()
    if now - _logged.setdefault(step, now) >= MINUTE:
        _logged[step] = now
        if run_logger := _run_logger():
            run_logger.info("%s: %s", step, counted(done, total) or "under way")
    if done == total:
        _logged.pop(step, None)


def _run_logger() -> "Logger | LoggerAdapter[Any] | None":
    if "prefect" not in sys.modules:
        return None
    from prefect.exceptions import MissingContextError
    from prefect.logging import get_run_logger

    try:
        return get_run_logger()
    except MissingContextError:
        return None
