"""Runs a function within a time. What hangs is left behind in a daemon thread, and counted.

The expressions of the detectors are told `concurrent=False`: `regex` would let other threads in at each match, and wait
5 ms for each that computes. Each is bounded, and has a time of its own.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

ABANDONED_AT_MOST = 16
"""Calls of one limit under way or hanging; beyond that a call waits, and then fails like a hanging one."""


class TimeLimit(Generic[T]):
    """Gives a function at most so many seconds; one per validator."""

    def __init__(self, seconds: float, places: int = ABANDONED_AT_MOST) -> None:
        self.seconds = seconds
        self._places = threading.BoundedSemaphore(places)

    def run(self, function: Callable[[], T], *, until: float) -> T:
        """What `function` returns, or what it raises.

        :param until: Monotonic time at which it must be done, if that is earlier than the limit.
        :raises TimeoutError: If it is not done in time.
        """
        start = time.monotonic()
        end = min(start + self.seconds, until)
        if not self._places.acquire(timeout=max(0.0, end - start)):
            msg = "too many calls are hanging"
            raise TimeoutError(msg)
        outcome: list[tuple[T | None, BaseException | None]] = []
        thread = threading.Thread(target=self._work, args=(function, outcome), daemon=True)
        thread.start()
        thread.join(max(0.0, end - time.monotonic()))
        if not outcome:
            msg = f"not done after {self.seconds} s"
            raise TimeoutError(msg)
        result, error = outcome[0]
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # set whenever there is no error

    def run_here(self, function: Callable[[], T], *, until: float) -> T:
        """As `run`, but in this thread, for a function that ends by itself; its result counts only if it is in time.

        A thread costs little where nothing else runs. Where others compute, such as a stream that is being read, each
        of its hand-overs waits for their turn to end, which is 5 ms.
        """
        end = min(time.monotonic() + self.seconds, until)
        if time.monotonic() >= end:
            msg = "there was no time left"
            raise TimeoutError(msg)
        result = function()
        if time.monotonic() > end:
            msg = f"not done after {self.seconds} s"
            raise TimeoutError(msg)
        return result

    def _work(self, function: Callable[[], T], outcome: list[tuple[T | None, BaseException | None]]) -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            outcome.append((None, error))
        finally:
            self._places.release()
