"""Who sends a request: the holder of an API key, a person who has logged in, or anyone where neither is asked for."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers

from serving.oidc.issuer import IssuerDownError
from serving.oidc.tokens import TOKEN, TokenError, Tokens
from tasks_lib.config.api_keys import ApiKey
from tasks_lib.config.key_ring import KeyRing

ANYONE = ApiKey("anyone", roles=frozenset({"admin"}))
"""Who asks where nothing is asked for: the name under which requests are counted."""
BEARER = {"WWW-Authenticate": "Bearer"}
LOOK_WAIT_SECONDS = 5.0
"""For which a request with a key waits for a look at the place where keys are kept; then those that were read count."""
RETRY_AFTER = {"Retry-After": "10"}


class UnknownCallerError(Exception):
    """Nobody whom the endpoint knows.

    :param status: 401, or 503 where it cannot be found out now.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class Callers:
    """Finds the caller of a request by its header `Authorization`.

    :param keys: API keys.
    :param tokens: Tokens of an issuer, if there is one.
    """

    def __init__(self, keys: KeyRing, tokens: Tokens | None = None) -> None:
        self._keys = keys
        self._tokens = tokens
        self._look: asyncio.Task[None] | None = None
        self._look_began = 0.0

    @property
    def required(self) -> bool:
        """Whether a caller has to say who it is."""
        return self._tokens is not None or self._keys.required

    async def find(self, headers: Headers) -> ApiKey:
        """The caller.

        :raises UnknownCallerError: If it is nobody that is known.
        """
        if not self.required:
            return ANYONE
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        shown = scheme.lower() == "bearer"
        await self._look_at_keys(wait=shown)
        if shown:
            if holder := self._holder(sent):
                return holder
            if self._tokens is not None and TOKEN.fullmatch(sent.strip()):
                return await _of_token(self._tokens, sent.strip())
            if self._keys.state == "unknown":
                message = "API keys cannot be checked now: the place where they are kept cannot be reached."
                raise UnknownCallerError(503, message, RETRY_AFTER)
        wanted = "An API key is needed" if self._tokens is None else "An API key or a token is needed"
        raise UnknownCallerError(401, f"{wanted}: Authorization: Bearer KEY.", BEARER)

    def _holder(self, sent: str) -> ApiKey | None:
        digests = [hashlib.sha256(form).hexdigest() for form in _forms(sent)]
        found = [
            known
            for expected, known in self._keys.holders().items()
            if any(hmac.compare_digest(expected, digest) for digest in digests)
        ]
        return found[0] if found else None

    def health(self) -> dict[str, Any]:
        """Of keys that are kept outside of the home: how they were come by, and when they were last read."""
        if not self._keys.outside:
            return {}
        at = self._keys.read_at
        return {"keys": {"state": self._keys.state, "read_at": at.isoformat(timespec="seconds") if at else None}}

    async def _look_at_keys(self, *, wait: bool) -> None:
        """Look at a place outside of the home if it is time to, in a thread, once at a time.

        :param wait: Whether to wait for it, which probes without a key do not.
        """
        if self._look is None or self._look.done():
            if not self._keys.due:
                return
            self._look = asyncio.create_task(asyncio.to_thread(self._keys.look))
            self._look_began = time.monotonic()
        left = self._look_began + LOOK_WAIT_SECONDS - time.monotonic()
        if wait and left > 0:
            await asyncio.wait({self._look}, timeout=left)


async def _of_token(tokens: Tokens, token: str) -> ApiKey:
    try:
        return await tokens.caller(token)
    except TokenError as error:
        told = {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{error}"'}
        raise UnknownCallerError(401, str(error), told) from None
    except IssuerDownError:
        message = "Tokens cannot be checked now: their issuer cannot be reached. API keys are taken as ever."
        raise UnknownCallerError(503, message, RETRY_AFTER) from None


def _forms(key: str) -> tuple[bytes, bytes]:
    """The UTF-8 of a key, as a client may have sent it: in UTF-8, or in latin-1, as HTTP once had it.

    The server has read its bytes as latin-1 either way. Only spaces of ASCII go: other bytes may be part of a letter.
    """
    sent = key.encode("latin-1").strip()
    return sent, sent.decode("latin-1").encode()
