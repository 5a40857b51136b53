"""A client that asks a web server politely: not too often, again where that helps, for no more than is wanted."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tasks_lib.ingestion.sources.web.addresses import PrivateAddressError, PublicOnly
from tasks_lib.ingestion.sources.web.robots import AGENT

ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 120.0
"""A server that asks for more patience is asked again by the next run."""
REDIRECTS = 5
PAGE_SECONDS = 120.0
"""A body that takes longer is given up, however steadily it comes."""
_TIMEOUT = httpx.Timeout(30.0)
_PASSING = frozenset({429, 500, 502, 503, 504})

Check = Callable[[str], None]
"""Raises a :class:`WebError` for an address that may not be asked for."""


class WebError(OSError):
    """A page could not be had; the message is one line."""


class UnreachableError(WebError):
    """The server does not answer, or says that it cannot for now."""


@dataclass(frozen=True)
class Fetched:
    """What a server answered."""

    url: str
    """Where redirects led."""
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def require_content(self) -> None:
        """Refuse what is no page.

        :raises WebError: With the status that the server gave.
        """
        if self.status != HTTPStatus.OK:
            raise WebError(f"answers {said(self.status)}")


class WebClient:
    """Asks one server after another, in one thread.

    :param requests_per_second: At most.
    :param private_addresses: Whether hosts may be on this machine or in private networks.
    :param credentials: `username` and `password`, or `headers`; sent to the origin of `home` alone.
    :param pause: Waits for seconds.
    """

    def __init__(
        self,
        home: str,
        *,
        requests_per_second: float,
        private_addresses: bool = False,
        credentials: Mapping[str, Any] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._home = origin(home)
        self._interval = 1 / requests_per_second
        self._private = private_addresses
        self._credentials = dict(credentials or {})
        self._pause = pause
        self._next = 0.0
        self.downloaded = 0
        """Bytes of bodies so far."""
        self._client: httpx.Client | None = None

    def slow_down(self, seconds: float) -> None:
        """Leave at least so much time between two requests."""
        self._interval = max(self._interval, seconds)

    def get(
        self, url: str, limit: int, headers: Mapping[str, str] | None = None, check: Check | None = None
    ) -> Fetched:
        """Ask for a page, and follow where it leads.

        :param limit: Bytes of the body.
        :param check: Called for every further address.
        :raises UnreachableError: If the server does not answer after some attempts, or asks for too much patience.
        :raises WebError: If the page is larger, leads round in circles or to where it may not, or is no HTTP.
        """
        for _ in range(REDIRECTS + 1):
            fetched = self._patiently(url, limit, headers or {})
            target = fetched.headers.get("location")
            if fetched.status not in {301, 302, 303, 307, 308} or not target:
                return fetched
            url = urljoin(url, target)
            if check is not None:
                check(url)
        raise WebError(f"leads on more than {REDIRECTS} times")

    def _patiently(self, url: str, limit: int, headers: Mapping[str, str]) -> Fetched:
        for attempt in range(1, ATTEMPTS + 1):
            self._wait_for_turn()
            wait = float(2 ** (attempt - 1))
            try:
                fetched = self._once(url, limit, headers)
            except PrivateAddressError as error:
                raise WebError(f"{error} (ingest.site.private_addresses allows it)") from error
            except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.DecodingError) as error:
                raise WebError(f"cannot be asked for: {error}") from error
            except httpx.HTTPError as error:
                problem = f"does not answer: {str(error) or type(error).__name__}"
            else:
                if fetched.status not in _PASSING:
                    return fetched
                problem = f"answers {said(fetched.status)}"
                wait = _retry_after(fetched.headers.get("retry-after")) or wait
            if wait > LONGEST_WAIT_SECONDS:
                raise UnreachableError(f"{problem}, and asks to wait {wait:.0f} s")
            if attempt < ATTEMPTS:
                self._pause(wait)
        raise UnreachableError(f"{problem} ({ATTEMPTS} attempts)")

    def _once(self, url: str, limit: int, headers: Mapping[str, str]) -> Fetched:
        own = self._home == origin(url)
        sent = {**(self._credentials.get("headers", {}) if own else {}), **headers}
        user = self._credentials.get("username")
        auth = httpx.BasicAuth(user, self._credentials.get("password") or "") if own and user else None
        with self._connected().stream("GET", url, headers=sent, auth=auth) as response:
            content = self._body(response, limit)
            told = {name.lower(): value for name, value in response.headers.items()}
            return Fetched(url, response.status_code, told, content)

    def _body(self, response: httpx.Response, limit: int) -> bytes:
        length = response.headers.get("content-length", "")
        if response.is_success and length.isdigit() and int(length) > limit:
            raise WebError(_too_large(int(length), limit))
        began, parts, size = time.monotonic(), [], 0
        for part in response.iter_bytes():
            size += len(part)
            self.downloaded += len(part)
            if size > limit:
                raise WebError(_too_large(size, limit))
            if time.monotonic() - began > PAGE_SECONDS:
                raise UnreachableError(f"takes longer than {PAGE_SECONDS:g} s")
            parts.append(part)
        return b"".join(parts)

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if now < self._next:
            self._pause(self._next - now)
        self._next = max(now, self._next) + self._interval

    def _connected(self) -> httpx.Client:
        if self._client is None:
            transport = None if self._private else PublicOnly()
            headers = {"User-Agent": f"{AGENT} (documents for a search index)", "Accept": "text/html,*/*;q=0.8"}
            self._client = httpx.Client(transport=transport, timeout=_TIMEOUT, headers=headers)
        return self._client


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def said(status: int) -> str:
    """A status as it is told, such as `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _too_large(size: int, limit: int) -> str:
    return f"too large: {size / 2**20:,.1f} MiB or more, at most {limit / 2**20:,.1f} MiB (ingest.max_file_megabytes)"


def _retry_after(value: str | None) -> float:
    """Seconds; 0 where the header says nothing that is understood."""
    if not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
