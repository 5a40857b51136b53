"""Access control: callers, roles, foreign pages, the size of a request, and the limits of :mod:`serving.limits`."""

import re
from collections.abc import Collection, Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.callers import Callers, UnknownCallerError
from serving.limits import RateLimits
from serving.openai import error_body
from serving.origins import foreign
from serving.roles import refusal
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.pseudonyms import Pseudonyms

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/openapi.json", "/login"})
_SLASHES = re.compile("/{2,}")
"""What clients make of a base URL with a slash at its end."""
OPEN_BELOW = ("/ready/", "/page/")
"""Probes of one assistant, and the files of the page, are open as well."""
NOBODY: frozenset[str] = frozenset()


class AccessGuard:
    """ASGI middleware over every route: 401 for whom nobody knows, 403 without the route's role, 413, 429.

    Where callers need not say who they are, 403 for a `Host` or an `Origin` that is not this machine's. What is found
    out of the caller is in the request's state: `key` (its name), `assistants`, `groups`, `holder` and `caller`, its
    pseudonym.

    :param callers: Who may ask.
    :param pseudonyms: What callers are called on traces; nobody is without them.
    :param open_metrics: Whether `/metrics` is read by whoever reaches it.
    :param hosts: Further names under which an endpoint without keys is called.
    :param origins: Origins whose pages may call it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        callers: Callers,
        limits: RateLimits,
        largest_body: int,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        pseudonyms: Pseudonyms | None = None,
        open_metrics: bool = False,
    ) -> None:
        self._app = app
        self._callers = callers
        self._pseudonyms = pseudonyms
        self._open = OPEN_PATHS | ({"/metrics"} if open_metrics else set())
        self._limits = limits
        self._largest_body = largest_body
        self._hosts = frozenset(hosts)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] == "http":
            scope["path"] = _SLASHES.sub("/", scope["path"])
            answer = self._foreign(scope)
            if answer is None:
                answer = await (self._seen(scope) if self._is_open(scope["path"]) else self._refusal(scope))
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _foreign(self, scope: Scope) -> JSONResponse | None:
        if self._callers.required:
            return None
        why = foreign(Headers(scope=scope), scope["path"], hosts=self._hosts, origins=self._origins)
        return _refused(scope, 403, why) if why else None

    async def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        try:
            caller = await self._callers.find(headers)
        except UnknownCallerError as error:
            return _refused(scope, error.status, error.message, error.headers)
        if why := refusal(caller, scope["path"]):
            return _refused(scope, 403, why)
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._largest_body:
            return _refused(scope, 413, f"The request has {length} bytes; at most {self._largest_body} are taken.")
        self._know(scope, caller)
        if scope["method"] == "POST":
            seconds, kind = await self._limits.wait(caller)
            if seconds:
                retry = {"Retry-After": str(int(seconds) + 1)}
                return _refused(scope, 429, f"The limit of {kind} a minute is reached.", retry)
        return None

    async def _seen(self, scope: Scope) -> None:
        """An open path: a caller that is known sees its own assistants there, any other none by name."""
        try:
            self._know(scope, await self._callers.find(Headers(scope=scope)))
        except UnknownCallerError:
            scope.setdefault("state", {})["assistants"] = None if scope["path"] == "/metrics" else NOBODY

    def _know(self, scope: Scope, caller: ApiKey) -> None:
        state = scope.setdefault("state", {})
        state["key"], state["assistants"], state["groups"] = caller.name, caller.assistants, caller.groups
        state["holder"] = caller
        named = self._pseudonyms is not None and self._callers.required
        state["caller"] = self._pseudonyms.of(caller.identity) if named and self._pseudonyms else ""

    def _is_open(self, path: str) -> bool:
        return path in self._open or path.startswith(OPEN_BELOW)


def _refused(scope: Scope, status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = error_body(status, message) if scope["path"].startswith("/v1/") else {"detail": message}
    return JSONResponse(body, status, headers)
