"""What the servers of a site allow, each asked once for its robots.txt."""

from http import HTTPStatus
from urllib.parse import urlsplit

from tasks_lib.ingestion.sources.web.client import WebClient, WebError, origin, said
from tasks_lib.ingestion.sources.web.robots import ALL_ALLOWED, Robots, parse_robots

_MOST_BYTES = 2 * 2**20


class NoRulesError(WebError):
    """A server cannot tell for now what it allows, which forbids everything."""


class SiteRules:
    """The rules of every server that is asked by `client`, which keeps the delays that they ask for."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._known: dict[tuple[str, str, int], Robots] = {}

    def allow(self, url: str) -> bool:
        """Whether robots.txt allows a page.

        :raises NoRulesError: If it cannot be read. A server without one allows everything.
        """
        place = origin(url)
        if place not in self._known:
            self._known[place] = self._asked(url)
        return self._known[place].allows(url)

    def require(self, url: str) -> None:
        """Refuse a page that may not be asked for.

        :raises WebError: If robots.txt forbids it, or as :meth:`allow`.
        """
        if not self.allow(url):
            raise WebError("robots.txt forbids it")

    def _asked(self, url: str) -> Robots:
        address = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/robots.txt"
        try:
            fetched = self._client.get(address, _MOST_BYTES)
        except WebError as error:
            raise NoRulesError(f"{address} {error}") from error
        if fetched.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NoRulesError(f"{address} answers {said(fetched.status)}")
        rules = parse_robots(fetched.content) if fetched.status == HTTPStatus.OK else ALL_ALLOWED
        self._client.slow_down(rules.delay)
        return rules
