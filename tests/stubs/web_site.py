"""A web site on this machine: pages with validators, a sitemap of them, and faults by name."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.server import Request, Responder, StubServer

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass
class Page:
    """What the server answers for a path."""

    body: bytes
    kind: str = "text/html"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    with_etag: bool = True


class WebSite(StubServer):
    """Pages by their paths; the sitemap lists those of `listed`, or all of HTML. `failing` ones answer 503."""

    def __init__(self, **pages: str) -> None:
        super().__init__()
        self.pages: dict[str, Page] = {}
        self.listed: list[str] | None = None
        self.failing: set[str] = set()
        self.robots = ""
        for name, text in pages.items():
            self.put(f"/{name}", text)

    @property
    def sitemap(self) -> str:
        """Address of the sitemap."""
        return f"{self.url}/sitemap.xml"

    def put(self, path: str, text: str, **values: Any) -> None:
        """Write a page with one paragraph."""
        html = f"<html><head><title>{path}</title></head><body><main><p>{text}</p></main></body></html>"
        self.pages[path] = Page(html.encode(), **values)

    def asked(self, path: str) -> list[Request]:
        """Requests for a path."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request, word: str, out: Responder) -> None:
        """Answer as a web server does."""
        page = self._page(request.path)
        if request.path in self.failing or word == "fail":
            page = Page(b"", status=503, headers={"Retry-After": "0"})
        if page.status != 200:
            return self._send(out, page, {})
        etag = f'"{hashlib.md5(page.body).hexdigest()}"'  # noqa: S324  (no secret)
        validators = {"ETag": etag} if page.with_etag else {}
        if page.with_etag and request.headers.get("If-None-Match") == etag:
            return self._send(out, Page(b"", status=304), validators)
        return self._send(out, page, validators)

    def _page(self, path: str) -> Page:
        if path == "/robots.txt":
            return Page(self.robots.encode(), "text/plain", 200 if self.robots else 404, with_etag=False)
        if path == "/sitemap.xml" and path not in self.pages:
            listed = [path for path, page in self.pages.items()] if self.listed is None else self.listed
            return Page(sitemap_of(*(f"{self.url}{each}" if each[0] == "/" else each for each in listed)), "text/xml")
        return self.pages.get(path, Page(b"", status=404))

    def _send(self, out: Responder, page: Page, validators: dict[str, str]) -> None:
        length = {} if page.status == 304 else {"Content-Length": str(len(page.body)), "Content-Type": page.kind}
        out._start(page.status, {**length, **validators, **page.headers})
        out._handler.wfile.write(page.body)


def sitemap_of(*addresses: str) -> bytes:
    """A sitemap of pages."""
    urls = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)
    return f'<?xml version="1.0"?><urlset xmlns="{SITEMAP}">{urls}</urlset>'.encode()


def index_of(*addresses: str) -> bytes:
    """An index of sitemaps."""
    sitemaps = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f'<?xml version="1.0"?><sitemapindex xmlns="{SITEMAP}">{sitemaps}</sitemapindex>'.encode()
