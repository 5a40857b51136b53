"""Access control: API keys, foreign pages, the size of a request, and the rate limits of :mod:`serving.limits`."""

import hashlib
import hmac
import logging
import re
from collections.abc import Collection, Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.limits import RateLimits
from serving.openai import error_body
from serving.origins import foreign
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KeyRing
from tasks_lib.errors import ConfigurationError

logger = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/metrics", "/docs", "/openapi.json"})
_SLASHES = re.compile("/{2,}")
"""What clients make of a base URL with a slash at its end."""
OPEN_BELOW = ("/ready/", "/page/")
"""Probes of one assistant, and the files of the page, are open as well."""
ANYONE = ApiKey("anyone")
"""Who asks where no API key is required: the name under which requests are counted."""


class AccessGuard:
    """ASGI middleware over every route: 401 without a key, 413 for too large a request, 429 over the limit.

    Where no keys are required, 403 for a `Host` or an `Origin` that is not this machine's.

    :param hosts: Further names under which an endpoint without keys is called.
    :param origins: Origins whose pages may call it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: KeyRing,
        limits: RateLimits,
        largest_body: int,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
    ) -> None:
        self._app = app
        self._keys = keys
        self._limits = limits
        self._largest_body = largest_body
        self._hosts = frozenset(hosts)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] == "http":
            scope["path"] = _SLASHES.sub("/", scope["path"])
            refusal = self._foreign(scope)
            if refusal is None and not _is_open(scope["path"]):
                refusal = await self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _foreign(self, scope: Scope) -> JSONResponse | None:
        if self._keys.required:
            return None
        why = foreign(Headers(scope=scope), scope["path"], hosts=self._hosts, origins=self._origins)
        return _refused(scope, 403, why) if why else None

    async def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        key = self._key_of(headers)
        if key is None:
            return _refused(
                scope, 401, "An API key is needed: Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._largest_body:
            return _refused(scope, 413, f"The request has {length} bytes; at most {self._largest_body} are taken.")
        state = scope.setdefault("state", {})
        state["key"], state["assistants"], state["groups"] = key.name, key.assistants, key.groups
        if scope["method"] == "POST":
            seconds, kind = await self._limits.wait(key.name)
            if seconds:
                retry = {"Retry-After": str(int(seconds) + 1)}
                return _refused(scope, 429, f"The limit of {kind} a minute is reached.", retry)
        return None

    def _key_of(self, headers: Headers) -> ApiKey | None:
        if not self._keys.required:
            return ANYONE
        scheme, _, key = headers.get("authorization", "").partition(" ")
        digests = [hashlib.sha256(sent).hexdigest() for sent in _sent(key)]
        found = [
            known
            for expected, known in self._holders().items()
            if any(hmac.compare_digest(expected, digest) for digest in digests)
        ]
        return found[0] if found and scheme.lower() == "bearer" else None

    def _holders(self) -> Mapping[str, ApiKey]:
        try:
            return self._keys.holders()
        except ConfigurationError as error:
            logger.error("no key of the home is taken: %s %s", error.message, error.hint)  # noqa: TRY400
            return self._keys.fixed


def _sent(key: str) -> tuple[bytes, bytes]:
    """The UTF-8 of a key, as a client may have sent it: in UTF-8, or in latin-1, as HTTP once had it.

    The server has read its bytes as latin-1 either way. Only spaces of ASCII go: other bytes may be part of a letter.
    """
    sent = key.encode("latin-1").strip()
    return sent, sent.decode("latin-1").encode()


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_BELOW)


def _refused(scope: Scope, status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = error_body(status, message) if scope["path"].startswith("/v1/") else {"detail": message}
    return JSONResponse(body, status, headers)
