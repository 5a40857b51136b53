"""Who may ask, and how much: limits a minute, and the size of a request."""

import hashlib
import hmac
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.openai import error_body

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/metrics", "/docs", "/openapi.json"})
MINUTE = 60.0
ANYONE = "anyone"
"""Name under which requests are counted where no key is asked for."""


@dataclass
class Spent:
    """What happened in the last minute."""

    moments: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def add(self, now: float, amount: int) -> None:
        """Count `amount`."""
        self.moments.append((now, amount))
        self.total += amount

    def wait(self, now: float, limit: int | None) -> float:
        """Seconds until there is room below `limit` again; 0 if there is."""
        while self.moments and self.moments[0][0] <= now - MINUTE:
            self.total -= self.moments.popleft()[1]
        if limit is None or self.total < limit or not self.moments:
            return 0.0
        return max(0.0, self.moments[0][0] + MINUTE - now)


class Limits:
    """Requests and tokens a minute for each key."""

    def __init__(
        self, requests: int | None = None, tokens: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = {"requests": requests, "tokens": tokens}
        self._clock = clock
        self._spent: dict[tuple[str, str], Spent] = defaultdict(Spent)

    def wait(self, key: str) -> tuple[float, str]:
        """Seconds that `key` has to wait, and for what; counts a request where it has not to."""
        now = self._clock()
        waits = {kind: self._spent[key, kind].wait(now, limit) for kind, limit in self._limits.items()}
        kind = max(waits, key=lambda name: waits[name])
        if not waits[kind]:
            self._spent[key, "requests"].add(now, 1)
        return waits[kind], kind

    def count_tokens(self, key: str, tokens: int) -> None:
        """What an answer took."""
        if tokens:
            self._spent[key, "tokens"].add(self._clock(), tokens)


class AccessGuard:
    """ASGI middleware over every route: 401 without a key, 413 for too large a request, 429 over the limit."""

    def __init__(self, app: ASGIApp, *, keys: Mapping[str, str], limits: Limits, largest_body: int) -> None:
        self._app = app
        self._keys = dict(keys)
        self._limits = limits
        self._largest_body = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        key = self._name_of(headers)
        if key is None:
            return _refused(
                scope, 401, "An API key is needed: Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._largest_body:
            return _refused(scope, 413, f"The request has {length} bytes; at most {self._largest_body} are taken.")
        scope.setdefault("state", {})["key"] = key
        if scope["method"] == "POST":
            seconds, kind = self._limits.wait(key)
            if seconds:
                retry = {"Retry-After": str(int(seconds) + 1)}
                return _refused(scope, 429, f"The limit of {kind} a minute is reached.", retry)
        return None

    def _name_of(self, headers: Headers) -> str | None:
        if not self._keys:
            return ANYONE
        scheme, _, key = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(key.strip().encode()).hexdigest()
        found = [name for known, name in self._keys.items() if hmac.compare_digest(known, digest)]
        return found[0] if found and scheme.lower() == "bearer" else None


def _refused(scope: Scope, status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = error_body(status, message) if scope["path"].startswith("/v1/") else {"detail": message}
    return JSONResponse(body, status, headers)
