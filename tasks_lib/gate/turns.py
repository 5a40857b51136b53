"""One gate of an assistant at a time: who comes later compares with what the earlier one has left in production."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.progress import advance

LONGEST_SECONDS = 12 * 3600.0
"""As long as a gate may take without its approval."""


@contextmanager
def turn(assistant: str, seconds: float = LONGEST_SECONDS) -> Iterator[None]:
    """Wait until no other run on this machine measures a version of the assistant; other assistants do not wait.

    The lock of a killed run is free.

    :raises LlmopsError: If the others take longer than `seconds`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(Home.from_environment().ensure().locks / f"gate-{assistant}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        step = f"wait for another gate of {assistant}"
        advance(step, 0)
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            raise LlmopsError(
                f"other gates of {assistant!r} have been running for {seconds:g} s", hint="Wait for their end."
            ) from error
        advance(step, 1, 1)
    try:
        yield
    finally:
        lock.release()
