"""A web site by its sitemap, on a server of this machine: what is asked for, kept, deleted and refused."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.config.sources import SiteConfig
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.open import is_sitemap, open_source
from tasks_lib.ingestion.sources.web.site import SiteSource
from tests.stubs.ingesting import sync
from tests.stubs.web_site import Page, WebSite, index_of, sitemap_of

ALLOWED = SiteConfig(private_addresses=True, requests_per_second=100)


@pytest.fixture
def site() -> Iterator[WebSite]:
    """A site of three pages."""
    with WebSite(a="Alpha.", b="Beta.", c="Gamma.") as running:
        yield running


@pytest.fixture
def run(site: WebSite, index: Any, embedder: Any, home: Home) -> Callable[..., IngestResult]:
    """One sync of the site into the index."""

    def synced(uri: str = "", *, config: SiteConfig = ALLOWED, **ingest: Any) -> IngestResult:
        site.requests.clear()
        embedder.texts.clear()
        settings = Settings(ingest=IngestConfig(site=config, **ingest))
        return sync(DocumentLocation(uri or site.sitemap), index, embedder, settings)

    return synced


@pytest.fixture
def source(site: WebSite, tmp_path: Path) -> Callable[..., SiteSource]:
    """The site as a source that waits for nothing."""

    def made(uri: str = "", config: SiteConfig = ALLOWED, **given: Any) -> SiteSource:
        return SiteSource(uri or site.sitemap, tmp_path / "seen", config=config, **{"pause": lambda _: None, **given})

    return made


def held(index: Any) -> dict[str, str]:
    """Document without the site's address → its text."""
    return {chunk.meta["document"].partition("//")[2].partition("/")[2]: chunk.content for chunk in index.sample(99, 0)}


def problems(source: SiteSource) -> dict[str, str]:
    return {file.path.rpartition("/")[2]: file.problem for file in source.files() if file.problem}


def names(source: SiteSource) -> list[str]:
    return [file.path.partition("//")[2].partition("/")[2] for file in source.files() if not file.problem]


def test_pages_that_come_change_move_and_go_do_so_in_the_index(
    run: Callable[..., IngestResult], site: WebSite, index: Any, embedder: Any
) -> None:
    first = run()
    assert (first.added, first.failed, held(index)) == (3, [], {"a": "Alpha.", "b": "Beta.", "c": "Gamma."})
    assert first.source == site.sitemap
    assert len(site.asked("/a")) == 1  # listing and reading share one download
    site.put("/a", "Alpha changed.")
    site.put("/d/", "Delta.")
    site.pages["/moved"] = site.pages.pop("/c")
    del site.pages["/b"]
    second = run()
    assert (second.added, second.updated, second.deleted, second.failed) == (2, 1, 2, [])
    assert held(index) == {"a": "Alpha changed.", "d/": "Delta.", "moved": "Gamma."}
    assert "Gamma." not in embedder.texts


def test_an_unchanged_site_is_neither_downloaded_nor_converted(
    run: Callable[..., IngestResult], site: WebSite, embedder: Any
) -> None:
    first = run()
    again = run()
    assert (again.unchanged, again.changed, again.index_version) == (3, False, first.index_version)
    assert embedder.texts == []
    assert all("If-None-Match" in request.headers for path in "abc" for request in site.asked(f"/{path}"))
    assert sum(len(site.asked(f"/{path}")) for path in "abc") == 3


def test_a_site_without_validators_is_unchanged_by_its_content(
    run: Callable[..., IngestResult], site: WebSite, embedder: Any
) -> None:
    for page in site.pages.values():
        page.with_etag = False
    run()
    again = run()
    assert (again.unchanged, again.changed, embedder.texts) == (3, False, [])


def test_a_home_that_lost_what_was_seen_downloads_and_converts_nothing(
    run: Callable[..., IngestResult], site: WebSite, home: Home, embedder: Any
) -> None:
    import shutil

    run()
    shutil.rmtree(home.root / "cache" / "sites")
    again = run()
    assert (again.unchanged, again.changed, embedder.texts) == (3, False, [])


def test_a_server_that_fails_half_way_loses_nothing_and_the_next_run_goes_on(
    run: Callable[..., IngestResult], site: WebSite, index: Any
) -> None:
    run()
    before = held(index)
    site.put("/a", "Alpha changed.")
    site.failing = {"/b", "/c"}
    half = run()
    assert (half.updated, half.deleted, len(half.failed)) == (1, 0, 2)
    assert "503 Service Unavailable" in half.failed[0].reason
    assert held(index) == before | {"a": "Alpha changed."}
    site.failing = set()
    assert (run().unchanged, held(index)) == (3, before | {"a": "Alpha changed."})


def test_a_sitemap_that_fails_half_way_deletes_nothing(
    run: Callable[..., IngestResult], site: WebSite, index: Any
) -> None:
    one, two = (f"{site.url}/{name}.xml" for name in ("one", "two"))
    site.pages["/sitemap.xml"] = Page(index_of(one, two))
    site.pages["/one.xml"] = Page(sitemap_of(f"{site.url}/a", f"{site.url}/b"))
    site.pages["/two.xml"] = Page(gzip.compress(sitemap_of(f"{site.url}/c")), "application/gzip")
    assert run().added == 3
    site.failing = {"/two.xml"}
    with pytest.raises(InputError, match=r"two\.xml .*503"):
        run()
    site.failing = set()
    site.pages["/two.xml"] = Page(b"<html>Sorry</html>")
    with pytest.raises(InputError, match="two.xml it begins with <html>"):
        run()
    assert len(held(index)) == 3


def test_a_failing_page_speaks_for_itself_alone(run: Callable[..., IngestResult], site: WebSite, index: Any) -> None:
    """An address that ends in a slash is a page, not a folder whose content is to be kept."""
    site.put("/docs/", "All docs.")
    site.put("/docs/old", "Old.")
    run()
    site.failing = {"/docs/"}
    del site.pages["/docs/old"]
    result = run()
    assert (result.deleted, [failure.path for failure in result.failed]) == (1, [f"{site.url}/docs/"])
    assert "docs/" in held(index)


def test_a_server_that_stops_answering_is_not_asked_for_each_page(site: WebSite, source: Callable[..., Any]) -> None:
    for number in range(10):
        site.put(f"/p{number}", "Page.")
    site.failing = {f"/p{number}" for number in range(10)} | {"/c"}
    listing = list(source().files())
    assert [file.path.rpartition("/")[2] for file in listing if not file.problem] == ["a", "b"]
    assert sum("not asked for" in file.problem for file in listing) == 8
    assert not site.asked("/p9")
    site.failing |= {"/a", "/b"}
    with pytest.raises(InputError, match=r"its pages do not answer: answers 503"):
        list(source().files())


def test_robots_txt_is_obeyed_for_pages_sitemaps_and_all(site: WebSite, source: Callable[..., Any]) -> None:
    site.robots = "User-agent: *\nDisallow: /b\n"
    assert problems(source()) == {"b": "robots.txt forbids it"}
    assert not site.asked("/b")
    site.robots = "User-agent: *\nDisallow: /a\nDisallow: /b\nDisallow: /c\n"
    with pytest.raises(InputError, match="forbids all of its 3 pages"):
        list(source().files())
    site.robots = "User-agent: llmops-flows\nDisallow: /\n"
    with pytest.raises(InputError, match=r"cannot be read: robots\.txt forbids it"):
        list(source().files())
    site.robots = ""
    site.failing = {"/robots.txt"}
    site.requests.clear()
    with pytest.raises(InputError, match=r"/robots\.txt .*503"):
        list(source().files())
    assert {request.path for request in site.requests} == {"/robots.txt"}


def test_a_redirect_is_followed_within_the_site_and_what_robots_allow(
    site: WebSite, source: Callable[..., Any]
) -> None:
    site.robots = "User-agent: *\nDisallow: /secret\n"
    for name, target in {"old": "/a", "new": "/home", "shut": "/secret", "away": "http://127.0.0.1:9/x"}.items():
        site.pages[f"/{name}"] = Page(b"", status=301, headers={"Location": target})
    site.pages["/round"] = Page(b"", status=302, headers={"Location": "/round"})
    site.listed = ["/a", "/old", "/new", "/shut", "/away", "/round"]
    site.put("/home", "Home.")
    assert names(source()) == ["a", "new"]  # `old` is another name of a page that is listed
    told = problems(source())
    assert set(told) == {"shut", "away", "round"}
    assert told["shut"] == "robots.txt forbids it"
    assert "another site" in told["away"]
    assert not site.asked("/secret")


def test_private_addresses_are_refused_unless_allowed(site: WebSite, source: Callable[..., Any]) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "10.0.0.1", "169.254.169.254"):
        with pytest.raises(InputError, match=r"no public address .*ingest\.site\.private_addresses"):
            list(source(f"http://{host}:{site.url.rpartition(':')[2]}/sitemap.xml", config=SiteConfig()).files())
    assert site.requests == []


def test_a_page_over_the_bound_is_told_and_not_kept_in_memory(site: WebSite, source: Callable[..., Any]) -> None:
    site.put("/b", "x" * 5000)
    told = problems(source(max_bytes=2000))
    assert list(told) == ["b"]
    assert "ingest.max_file_megabytes" in told["b"]
    site.pages["/b"] = Page(gzip.compress(b"x" * 5000), headers={"Content-Encoding": "gzip"})
    assert list(problems(source(max_bytes=2000))) == ["b"]


def test_pages_and_bytes_of_a_site_are_bounded(site: WebSite, source: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"lists 3 pages, more than 2 \(ingest.site.max_pages\)"):
        list(source(config=ALLOWED.model_copy(update={"max_pages": 2})).files())
    few = ALLOWED.model_copy(update={"max_megabytes": 0.003})
    for name in "abc":
        site.put(f"/{name}", "x" * 3000)
    told = problems(source(config=few))
    assert list(told) == ["b", "c"]
    assert "ingest.site.max_megabytes" in told["b"]
    assert list(problems(source(config=few))) == ["c"]  # each run goes on where the one before ended
    assert problems(source(config=few)) == {}


def test_include_chooses_by_the_path(site: WebSite, source: Callable[..., Any]) -> None:
    site.put("/docs/", "Docs.")
    site.put("/docs/x", "X.")
    site.pages["/docs/table.pdf"] = Page(b"%PDF-", "application/pdf")
    assert names(source(include=("docs/**",))) == ["docs/", "docs/table.pdf", "docs/x"]
    assert names(source(include=("*.pdf",))) == ["docs/table.pdf"]
    assert names(source(include=("docs/*.html",))) == ["docs/", "docs/x"]


def test_formats_are_told_by_the_server_and_what_is_none_is_counted(site: WebSite, source: Callable[..., Any]) -> None:
    site.pages["/download"] = Page(b"a,b\n1,2\n", "text/csv")
    site.pages["/raw.md"] = Page(b"# Raw", "text/plain")
    site.pages["/logo.png"] = Page(b"\x89PNG", "image/png")
    site.pages["/picture"] = Page(b"\x89PNG", "image/png")
    made = source()
    found = {file.path.rpartition("/")[2]: file.suffix for file in made.files()}
    assert found == {"a": ".html", "b": ".html", "c": ".html", "download": ".csv", "raw.md": ".md"}
    assert [(files.suffix, files.count) for files in made.skipped()] == [(".png", 2)]
    assert not site.asked("/logo.png")


def test_an_encoding_that_only_the_server_tells_is_read(
    run: Callable[..., IngestResult], site: WebSite, index: Any
) -> None:
    html = "<html><body><main><p>Größe und Ärger, für alle.</p></main></body></html>"
    site.pages = {"/a": Page(html.encode("latin-1"), "text/html; charset=ISO-8859-1")}
    assert run().doubtful == []
    assert held(index)["a"] == "Größe und Ärger, für alle."


def test_a_run_on_another_machine_asks_for_the_page_and_for_no_other_state_of_it(
    site: WebSite, source: Callable[..., Any], tmp_path: Path
) -> None:
    files = {file.path: file for file in source().files()}
    file = files[f"{site.url}/a"]
    elsewhere = SiteSource(site.sitemap, tmp_path / "other", config=ALLOWED)
    assert elsewhere.read(file.path, file.etag) == site.pages["/a"].body
    site.put("/a", "Changed.")
    with pytest.raises(OSError, match="changed while it was read"):
        elsewhere.read(file.path, file.etag)


def test_credentials_go_to_the_origin_of_the_sitemap_alone(site: WebSite, source: Callable[..., Any]) -> None:
    with WebSite(x="Elsewhere.") as other:
        other.pages["/more.xml"] = Page(sitemap_of(f"{site.url}/a"))
        site.pages["/sitemap.xml"] = Page(index_of(f"{other.url}/more.xml"))
        options = {"username": "ann", "password": "pass-word", "headers": {"X-Key": "key-of-ann"}}
        assert names(source(options=options)) == ["a"]
        assert all("Authorization" in request.headers and "X-Key" in request.headers for request in site.requests)
        assert other.requests
        assert not any({"Authorization", "X-Key"} & request.headers.keys() for request in other.requests)


def test_a_page_is_asked_for_again_after_the_time_that_the_server_names(site: WebSite, tmp_path: Path) -> None:
    waited: list[float] = []
    made = SiteSource(site.sitemap, tmp_path, config=ALLOWED, pause=waited.append)
    site.pages["/a"].headers, site.pages["/a"].status = {"Retry-After": "7"}, 429
    assert problems(made) == {"a": "answers 429 Too Many Requests (3 attempts)"}
    assert waited.count(7.0) == 2
    site.pages["/a"].headers = {"Retry-After": "86400"}
    assert "asks to wait 86400 s" in problems(made)["a"]
    assert len(site.asked("/a")) == 4


def test_requests_keep_the_distance_that_robots_txt_asks_for(site: WebSite, tmp_path: Path) -> None:
    waited: list[float] = []
    site.robots = "User-agent: *\nCrawl-delay: 5\n"
    list(SiteSource(site.sitemap, tmp_path, config=ALLOWED, pause=waited.append).files())
    assert len([seconds for seconds in waited if seconds > 4]) >= 3


def test_a_site_that_cannot_be_reached_is_named(source: Callable[..., Any]) -> None:
    for address in ("http://127.0.0.1:9/sitemap.xml", "http://nobody.invalid/sitemap.xml"):
        with pytest.raises(InputError, match="does not answer") as caught:
            list(source(address).files())
        assert address.partition("//")[2].partition("/")[0] in caught.value.message
        assert "\n" not in caught.value.message


@pytest.mark.parametrize("body", [b"", b"<html><body>Hi</body></html>", b"\x1f\x8bbroken", b"<urlset>", b"plain"])
def test_what_is_no_sitemap_is_refused_in_one_line(site: WebSite, source: Callable[..., Any], body: bytes) -> None:
    site.pages["/sitemap.xml"] = Page(body)
    with pytest.raises(InputError, match="cannot be read: it ") as caught:
        list(source().files())
    assert "\n" not in caught.value.message


def test_addresses_that_are_no_pages_of_the_site_are_left_out(
    site: WebSite, source: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    site.listed = [
        "/a",
        "/a#part",
        "https://example.com/x",
        "ftp://x/y",
        "no address",
        "http://u:p@127.0.0.1/z",
        "http://[",
    ]
    assert names(source()) == ["a"]
    assert "5 pages of other sites" in caplog.text
    assert "u:p" not in caplog.text


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://a.com/sitemap.xml", True),
        ("https://a.com/SITEMAP.XML.gz?x=1", True),
        ("sitemap+https://a.com/map", True),
        ("https://a.com/files/", False),
        ("gs://a/b.xml", False),
    ],
)
def test_a_sitemap_is_told_from_a_folder_of_a_web_server(uri: str, *, expected: bool) -> None:
    assert is_sitemap(uri) is expected


def test_sites_are_opened_with_the_bounds_of_the_configuration(site: WebSite, home: Home) -> None:
    config = IngestConfig(site=ALLOWED)
    opened = open_source(DocumentLocation(f"sitemap+{site.sitemap}"), config=config)
    assert len([file for file in opened.files() if not file.problem]) == 3
    with pytest.raises(InputError, match="no public address"):
        list(open_source(DocumentLocation(site.sitemap)).files())
