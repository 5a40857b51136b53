"""Rate limits: requests and tokens a minute for each caller, counted by the library `limits`."""

import logging
import time
from functools import cached_property
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from limits.errors import StorageError

from tasks_lib.config.api_keys import ApiKey
from tasks_lib.errors import ConfigurationError

MEMORY = "memory://"
SCHEMES = ("memory", "redis", "rediss", "redis+unix")
STORAGE_SECONDS = 1.0
"""How long a storage may take; then this process counts in its own memory."""
RETRY_SECONDS = 10.0
"""How long a storage that did not answer is left alone."""

logger = logging.getLogger(__name__)


class Counters:
    """Counts in one storage: requests over any sixty seconds, tokens in minutes that begin with the first.

    Tokens are known only when the answer is there, so they are counted beyond the limit, too.
    """

    def __init__(self, storage: Storage) -> None:
        self._requests = MovingWindowRateLimiter(storage)
        self._tokens = FixedWindowRateLimiter(storage)

    async def wait(self, key: str, requests: int | None, tokens: int | None) -> tuple[float, str]:
        """As :meth:`RateLimits.wait`."""
        if tokens is not None:
            limit = RateLimitItemPerMinute(tokens)
            if not await self._tokens.test(limit, "tokens", key):
                reset, _ = await self._tokens.get_window_stats(limit, "tokens", key)
                return max(reset - time.time(), 0.001), "tokens"
        if requests is not None:
            limit = RateLimitItemPerMinute(requests)
            if not await self._requests.hit(limit, "requests", key):
                reset, _ = await self._requests.get_window_stats(limit, "requests", key)
                return max(reset - time.time(), 0.001), "requests"
        return 0.0, "requests"

    async def count_tokens(self, key: str, tokens: int, limit: int) -> None:
        """As :meth:`RateLimits.count_tokens`."""
        await self._tokens.hit(RateLimitItemPerMinute(limit), "tokens", key, cost=tokens)


class RateLimits:
    """Requests and tokens a minute for each caller. Replicas with one storage share them.

    A storage that cannot be reached takes the endpoint's limits down to those of each replica, not the endpoint.

    :param requests: Requests a minute for each caller that has no limit of its own.
    :param tokens: Tokens of the language model a minute, likewise.
    :param storage: URL of the storage: `memory://`, or `redis://…`, `rediss://…`, `redis+unix://…`.
    :raises ConfigurationError: If the URL names another kind of storage.
    """

    def __init__(self, requests: int | None = None, tokens: int | None = None, storage: str = MEMORY) -> None:
        scheme = urlsplit(storage).scheme
        if scheme not in SCHEMES:
            raise ConfigurationError(
                f"there is no storage of rate limits for URLs that begin with {scheme or storage!r}",
                hint=f"Set serve.limits_storage to a URL that begins with one of {', '.join(SCHEMES)}.",
            )
        self._request_limit = requests
        self._token_limit = tokens
        self._storage = storage
        self._retry_at = 0.0

    async def wait(self, caller: ApiKey) -> tuple[float, str]:
        """Seconds that the caller has to wait, and for what; counts a request where it has not to."""
        requests = caller.requests_per_minute or self._request_limit
        tokens = caller.tokens_per_minute or self._token_limit
        if requests is None and tokens is None:
            return 0.0, "requests"
        if self._reachable():
            try:
                return await self._shared.wait(caller.identity, requests, tokens)
            except StorageError as error:
                self._leave_alone(error)
        return await self._in_memory.wait(caller.identity, requests, tokens)

    async def count_tokens(self, caller: ApiKey, tokens: int) -> None:
        """Count what an answer took."""
        limit = caller.tokens_per_minute or self._token_limit
        if not tokens or limit is None:
            return
        if self._reachable():
            try:
                await self._shared.count_tokens(caller.identity, tokens, limit)
            except StorageError as error:
                self._leave_alone(error)
            else:
                return
        await self._in_memory.count_tokens(caller.identity, tokens, limit)

    # made in the process and the event loop that count

    @cached_property
    def _in_memory(self) -> Counters:
        return Counters(MemoryStorage())

    @cached_property
    def _shared(self) -> Counters:
        if self._storage == MEMORY:
            return self._in_memory
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        return Counters(
            RedisStorage(
                f"async+{self._storage}",
                wrap_exceptions=True,
                implementation="redispy",
                socket_timeout=STORAGE_SECONDS,
                socket_connect_timeout=STORAGE_SECONDS,
                retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed to redis-py as it is
            )
        )

    def _reachable(self) -> bool:
        return time.monotonic() >= self._retry_at

    def _leave_alone(self, error: StorageError) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        problem = type(error.storage_error).__name__
        logger.warning("the storage of rate limits cannot be reached (%s): this replica counts for itself", problem)
