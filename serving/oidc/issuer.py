"""An OpenID Connect issuer as it describes itself: its metadata and the keys that it signs with."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from tasks_lib.config.oidc import DISCOVERY, is_private

logger = logging.getLogger(__name__)

LIFETIME_SECONDS = 600.0
"""How long metadata and keys are taken as they are. A key that the issuer withdraws opens the endpoint as long."""
STALE_SECONDS = 86_400.0
"""How long they are taken while the issuer cannot be reached."""
PAUSE_SECONDS = 10.0
"""Between two requests for the same: whoever sends tokens with invented key ids makes us ask no more often."""
TIMEOUT_SECONDS = 5.0
LARGEST_BYTES = 2**20


class IssuerDownError(Exception):
    """The issuer cannot be reached, or what it says of itself cannot be read."""


class Metadata(BaseModel):
    """What we read of the discovery document."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    end_session_endpoint: str = ""


class Kept:
    """A JSON document of the issuer, kept for a while; asked for by one request at a time."""

    def __init__(self) -> None:
        self.content: Any = None
        self._read_at = self._tried_at = float("-inf")

    @cached_property
    def _lock(self) -> asyncio.Lock:  # of the event loop that asks
        return asyncio.Lock()

    @property
    def fresh(self) -> bool:
        """Whether it is taken as it is."""
        return time.monotonic() < self._read_at + LIFETIME_SECONDS

    @property
    def usable(self) -> bool:
        """Whether it is taken while there is nothing newer."""
        return time.monotonic() < self._read_at + STALE_SECONDS

    async def renew(self, url: str) -> None:
        """Ask for it, unless somebody just did. What cannot be read leaves what is there as it is."""
        async with self._lock:
            if time.monotonic() < self._tried_at + PAUSE_SECONDS:
                return
            self._tried_at = time.monotonic()
            try:
                self.content = await _fetched(url)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
                logger.warning("%s cannot be read: %s", url, type(error).__name__)
            else:
                self._read_at = time.monotonic()


class Issuer:
    """Metadata and keys of an issuer, each asked for when it is needed first.

    :param url: As its tokens name it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._about, self._keys = Kept(), Kept()
        self._renewing: set[asyncio.Task[None]] = set()

    async def metadata(self) -> Metadata:
        """What it says of itself.

        :raises IssuerDownError: If it cannot be reached, is another one, or names addresses that others can listen to.
        """
        place = self.url.removesuffix("/") + DISCOVERY
        if not self._about.usable:
            await self._about.renew(place)
        elif not self._about.fresh:
            self._in_background(self._about, place)
        if not self._about.usable:
            raise IssuerDownError(self.url)
        try:
            about = Metadata.model_validate(self._about.content)
        except ValidationError as error:
            raise IssuerDownError(f"{place} is no discovery document") from error
        addresses = (about.jwks_uri, about.authorization_endpoint, about.token_endpoint, about.end_session_endpoint)
        if about.issuer != self.url or not all(is_private(address) for address in addresses if address):
            logger.warning("%s describes the issuer %r, or addresses without https: not taken", place, about.issuer)
            raise IssuerDownError(f"{place} describes another issuer")
        return about

    async def keys(self, key_id: str | None) -> list[Mapping[str, Any]]:
        """Its keys of this id, or all where a token names none. An unknown id has them asked for once more.

        :raises IssuerDownError: If it never could be reached, or not for a day.
        """
        address = (await self.metadata()).jwks_uri
        if not self._keys.usable:
            await self._keys.renew(address)
        elif not self._keys.fresh:
            self._in_background(self._keys, address)
        if not self._keys.usable:
            raise IssuerDownError(address)
        if not self._of(key_id):
            await self._keys.renew(address)
        return self._of(key_id)

    def _of(self, key_id: str | None) -> list[Mapping[str, Any]]:
        content = self._keys.content
        listed = content.get("keys") if isinstance(content, dict) else None
        keys = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
        return [key for key in keys if key_id is None or key.get("kid") == key_id]

    def _in_background(self, kept: Kept, url: str) -> None:
        """Nobody waits for it: what there is holds meanwhile."""
        if self._renewing:
            return
        task = asyncio.create_task(kept.renew(url))
        self._renewing.add(task)
        task.add_done_callback(self._renewing.discard)


async def _fetched(url: str) -> Any:
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client, client.stream("GET", url) as response:
        response.raise_for_status()
        text = b""
        async for part in response.aiter_bytes():
            text += part
            if len(text) > LARGEST_BYTES:
                msg = f"{url} has more than {LARGEST_BYTES} bytes"
                raise ValueError(msg)
    return json.loads(text)
