"""Progress of long steps, reported to a listener: a bar in the terminal, nothing in a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Listener(Protocol):
    """Receives progress; called from the thread that does the work."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """`done` of `total` units of `step` are finished; `total` is `None` while it is unknown."""
        ...


_listener: ContextVar[Listener | None] = ContextVar("llmops_progress_listener", default=None)


def advance(step: str, done: int, total: int | None = None) -> None:
    """Tell the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(step, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send progress of the body to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
