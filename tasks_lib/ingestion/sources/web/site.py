"""The pages of a web site, as its sitemap lists them."""

import logging
import mimetypes
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tasks_lib.assistant.providers.redact import redact
from tasks_lib.config.sources import SiteConfig
from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile
from tasks_lib.ingestion.sources.fsspec_client import texts_in
from tasks_lib.ingestion.sources.name import source_name
from tasks_lib.ingestion.sources.selection import Selection
from tasks_lib.ingestion.sources.web.client import Fetched, UnreachableError, WebClient, WebError
from tasks_lib.ingestion.sources.web.formats import HTML, content_of, name_of, suffix_of
from tasks_lib.ingestion.sources.web.pages import SeenPage, SeenPages, digest_of, take_body
from tasks_lib.ingestion.sources.web.rules import NoRulesError, SiteRules
from tasks_lib.ingestion.sources.web.sitemap import MOST_BYTES, NoSitemapError, Sitemap, parse_sitemap, plain_url

MOST_SITEMAPS = 500
GIVEN_UP_AFTER = 3
"""Pages in a row for which the server does not answer: the rest is not asked for in this run."""
_NO_PAGES = ("image/", "audio/", "video/", "font/", "application/zip", "application/gzip", "application/x-tar")

logger = logging.getLogger(__name__)


class SiteSource:
    """Pages of one site; each is a document by its address.

    A listing asks for every page, but downloads only those that have changed since they were seen last (ETag,
    Last-Modified). Pages that cannot be had are listed with their problem; a sitemap that cannot ends the run.

    :param uri: Address of a sitemap or of an index of sitemaps.
    :param options: `username` and `password`, or `headers`, for the origin of the sitemap alone.
    :param folder: Where is kept what was seen of the site.
    :param max_bytes: Larger pages are not downloaded.
    """

    def __init__(
        self,
        uri: str,
        folder: Path,
        include: tuple[str, ...] = (),
        config: SiteConfig | None = None,
        options: Mapping[str, Any] | None = None,
        suffixes: Collection[str] = FORMATS,
        max_bytes: int = 50 * 2**20,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.uri = source_name(uri)
        self.former: tuple[str, ...] = ()
        self.include = include
        self.suffixes = suffixes
        self._address = self.uri.removeprefix("sitemap+")
        self._folder = folder
        self._config = config or SiteConfig()
        self._max_bytes = max_bytes
        self._secrets = tuple(texts_in(options or {}))
        self._client = WebClient(
            self._address,
            requests_per_second=self._config.requests_per_second,
            private_addresses=self._config.private_addresses,
            credentials=options,
            pause=pause,
        )
        self._rules = SiteRules(self._client)
        self._selection = Selection(include, (), suffixes)

    def files(self) -> Iterator[SourceFile]:
        """The pages in the order of their addresses.

        :raises InputError: If robots.txt or a sitemap cannot be read, forbids all, or lists too many pages.
        """
        self._selection = Selection(self.include, (), self.suffixes)
        try:
            listed = self._listed()
        except NoRulesError as error:
            raise self._unreadable(self._told(error)) from error
        seen = SeenPages(self._folder)
        try:
            seen.keep_only(listed)
            yield from self._asked_for(listed, seen)
        finally:
            seen.close()

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        return self._selection.skipped()

    def content_hash(self, file: SourceFile) -> str:
        """SHA-256 of the page as it was downloaded."""
        return file.etag

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one page.

        :raises OSError: If it cannot be had, or was changed since it was listed as `etag`.
        """
        kept = take_body(self._folder, etag) if etag else None
        if kept is not None:
            return kept
        self._rules.require(path)
        fetched = self._page(path, {})
        fetched.require_content()
        content = content_of(fetched)
        if etag and digest_of(content) != etag:
            msg = "changed while it was read; the next run takes it"
            raise OSError(msg)
        return content

    def _asked_for(self, listed: set[str], seen: SeenPages) -> Iterator[SourceFile]:
        failures = had = 0
        problem = ""
        for url in sorted(listed):
            if failures >= GIVEN_UP_AFTER:
                if not had:
                    raise self._unreadable(f"its pages do not answer: {problem}")
                yield _problem(url, f"not asked for, since the server stopped answering: {problem}")
                continue
            try:
                self._rules.require(url)
                file = self._file(url, listed, seen)
            except NoRulesError as error:
                raise self._unreadable(self._told(error)) from error
            except UnreachableError as error:
                failures, problem = failures + 1, self._told(error)
                yield _problem(url, problem)
            except WebError as error:
                failures = 0
                yield _problem(url, self._told(error))
            else:
                failures, had = 0, had + 1
                if file is not None:
                    yield file

    def _file(self, url: str, listed: set[str], seen: SeenPages) -> SourceFile | None:
        """One page; `None` for another name of a listed page, and for what is no document."""
        if self._client.downloaded > self._config.max_megabytes * 2**20:
            megabytes = f"{self._config.max_megabytes:g} MB (ingest.site.max_megabytes)"
            raise WebError(f"not asked for, since this run has downloaded {megabytes}; the next one goes on")
        known = seen.get(url)
        fetched = self._page(url, known.conditions if known else {})
        if fetched.status == HTTPStatus.NOT_MODIFIED and known:
            page = known
        elif fetched.url != url and plain_url(fetched.url) in listed:
            return None
        else:
            fetched.require_content()
            page = self._remembered(url, fetched, seen)
        if not self.include and not self._selection.takes(name_of(url, page.suffix)):
            return None
        return SourceFile(url, page.size, page.digest, suffix=page.suffix)

    def _remembered(self, url: str, fetched: Fetched, seen: SeenPages) -> SeenPage:
        content = content_of(fetched)
        validators = (fetched.headers.get("etag", ""), fetched.headers.get("last-modified", ""))
        page = SeenPage(digest_of(content), len(content), suffix_of(fetched, self.suffixes), *validators)
        seen.put(url, page, content)
        return page

    def _page(self, url: str, conditions: Mapping[str, str]) -> Fetched:
        def check(target: str) -> None:
            if _site(target) != _site(self._address):
                raise WebError(f"leads to another site: {target}")
            self._rules.require(target)

        return self._client.get(url, self._max_bytes, conditions, check)

    def _listed(self) -> set[str]:
        """Addresses of all pages that may be documents."""
        listed: set[str] = set()
        strangers = 0
        waiting, read = [self._address], set[str]()
        while waiting:
            address = waiting.pop()
            if address in read:
                continue
            if len(read) >= MOST_SITEMAPS:
                raise self._unreadable(f"it names more than {MOST_SITEMAPS} sitemaps")
            read.add(address)
            sitemap = self._sitemap(address)
            waiting.extend(sitemap.sitemaps)
            for page in sitemap.pages:
                try:
                    url = plain_url(page)
                except ValueError:
                    strangers += 1
                    continue
                if _site(url) != _site(self._address):
                    strangers += 1
                elif url not in listed and self._may_be_wanted(name_of(url)):
                    listed.add(url)
        self._require_bounded(listed)
        if strangers:
            logger.warning("%s lists %d pages of other sites, which are left out", self.uri, strangers)
        return listed

    def _may_be_wanted(self, name: str) -> bool:
        """Whether a page may be a document, as far as its address tells."""
        kind = mimetypes.guess_type(name)[0] or ""
        if self.include or kind.startswith(_NO_PAGES):
            return self._selection.takes(name)
        return True

    def _require_bounded(self, listed: set[str]) -> None:
        if len(listed) > self._config.max_pages:
            raise InputError(
                f"source {self.uri!r} lists {len(listed)} pages, more than {self._config.max_pages} "
                "(ingest.site.max_pages)",
                hint="Choose some with --include 'docs/**', or raise ingest.site.max_pages.",
            )
        if listed and not any(self._rules.allow(url) for url in listed):
            raise InputError(
                f"source {self.uri!r}: robots.txt forbids all of its {len(listed)} pages",
                hint="Ask the site's owner to allow the agent llmops-flows, or read another source.",
            )

    def _sitemap(self, address: str) -> Sitemap:
        try:
            self._rules.require(address)
            fetched = self._client.get(address, MOST_BYTES, check=self._rules.require)
            fetched.require_content()
            return parse_sitemap(fetched.content)
        except (WebError, NoSitemapError) as error:
            which = "" if address == self._address else f"its sitemap {address} "
            raise self._unreadable(which + self._told(error)) from error

    def _unreadable(self, reason: str) -> InputError:
        return InputError(
            f"source {self.uri!r} cannot be read: {reason}",
            hint="Check the address of the sitemap, and whether this machine may reach the site; nothing was changed.",
        )

    def _told(self, error: Exception) -> str:
        return redact(str(error), self._secrets)


def _problem(url: str, reason: str) -> SourceFile:
    return SourceFile(url, 0, "", reason, suffix=HTML)


def _site(url: str) -> tuple[str, int | None]:
    """Host and port, the same for http and https, with and without `www.`."""
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    port = parts.port if parts.port != default else None
    return (parts.hostname or "").removeprefix("www."), port
