"""One call of a provider: it waits for its turn, retries what is passing, and ends at its deadline.

This is the only retry layer: the clients below it are built to try once.
"""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tasks_lib.assistant.providers.failures import Failure, failure_of, out_of_time
from tasks_lib.errors import LlmopsError

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 20.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class CallPolicy:
    """How a provider wants to be called.

    :param provider: Slug of the provider: names the limit of calls in flight, and stands in errors.
    :param deadline_seconds: For the whole call: waiting, attempts and pauses.
    :param secrets: Never shown in an error.
    """

    provider: str
    deadline_seconds: float
    max_attempts: int
    calls_in_flight: int
    region: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


class ModelCall:
    """One call of `model`; an object serves one call.

    :param started: Whether a part of the answer was handed on already: then there is no second attempt.
    """

    def __init__(self, policy: CallPolicy, model: str, started: Callable[[], bool] = lambda: False) -> None:
        self.policy = policy
        self.model = model
        self.attempts = 0
        self._started = started
        self._begun = time.monotonic()

    def run(self, attempt: Callable[[], Result]) -> Result:
        """The result of the first attempt that succeeds.

        :raises LlmopsError: `ProviderError` or `ConfigurationError`, without secrets.
        """
        while True:
            try:
                with self._slot():
                    self.attempts += 1
                    return attempt()
            except Exception as error:  # noqa: BLE001  (every client has errors of its own)
                failure = self._described(error)
                pause = self._pause(failure)
            if pause is None:
                raise failure.error
            time.sleep(pause)

    async def run_async(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Like :meth:`run`, and the deadline interrupts the attempt.

        :raises LlmopsError: `ProviderError` or `ConfigurationError`, without secrets.
        """
        while True:
            try:
                async with asyncio.timeout(self.remaining()):
                    await self._wait_for_slot()
                    try:
                        self.attempts += 1
                        return await attempt()
                    finally:
                        self._limit().release()
            except Exception as error:  # noqa: BLE001  (every client has errors of its own)
                failure = self._described(error)
                pause = self._pause(failure)
            if pause is None:
                raise failure.error
            await asyncio.sleep(pause)

    def seconds(self) -> float:
        """Seconds since the call was begun."""
        return time.monotonic() - self._begun

    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self.policy.deadline_seconds - self.seconds()

    def check_deadline(self) -> None:
        """Between two parts of an answer that is streamed.

        :raises TimeoutError: If the deadline has passed.
        """
        if self.remaining() <= 0:
            raise TimeoutError

    def _described(self, error: Exception) -> Failure:
        if isinstance(error, LlmopsError):
            return Failure(error)
        policy = self.policy
        if isinstance(error, TimeoutError):
            return Failure(out_of_time(policy.provider, self.model, policy.deadline_seconds))
        return failure_of(
            error, provider=policy.provider, model=self.model, region=policy.region, policy_secrets=policy.secrets
        )

    def _pause(self, failure: Failure) -> float | None:
        """Seconds to the next attempt; `None` if there is none. Exponential, with full jitter."""
        if not failure.transient or self._started() or self.attempts >= self.policy.max_attempts:
            return None
        ceiling = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**self.attempts)
        pause = max(failure.retry_after, random.uniform(0.1, ceiling))  # noqa: S311  (spreads callers, hides nothing)
        if pause >= self.remaining():
            return None
        logger.warning(
            "attempt %d of %d: %s; the next one in %.1f s",
            self.attempts,
            self.policy.max_attempts,
            failure.error.message,
            pause,
        )
        return pause

    def _limit(self) -> threading.BoundedSemaphore:
        return _limit_of(self.policy.provider, self.policy.calls_in_flight)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        limit = self._limit()
        if not limit.acquire(timeout=max(0.0, self.remaining())):
            raise TimeoutError
        try:
            yield
        finally:
            limit.release()

    async def _wait_for_slot(self) -> None:
        """Threads and event loops share the limit, so an event loop asks now and then instead of blocking."""
        while not self._limit().acquire(blocking=False):  # noqa: ASYNC110  (no event crosses threads and loops)
            await asyncio.sleep(POLL_SECONDS)


_limits: dict[tuple[str, int], threading.BoundedSemaphore] = {}
_limits_lock = threading.Lock()


def _limit_of(provider: str, calls: int) -> threading.BoundedSemaphore:
    """The one limit that all callers of a provider share in this process."""
    with _limits_lock:
        return _limits.setdefault((provider, calls), threading.BoundedSemaphore(calls))
