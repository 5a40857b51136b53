"""Sitemaps of any size and shape: addresses, or one line about what is wrong."""

import gzip
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.sources.web import sitemap
from tasks_lib.ingestion.sources.web.sitemap import NoSitemapError, parse_sitemap, plain_url
from tests.stubs.web_site import index_of, sitemap_of

ADDRESSES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20), max_size=5
)


@given(addresses=ADDRESSES, packed=st.booleans())
def test_addresses_are_read_as_they_are(addresses: list[str], *, packed: bool) -> None:
    for made, read in ((sitemap_of, "pages"), (index_of, "sitemaps")):
        content = made(*(escape(address) for address in addresses))
        assert getattr(parse_sitemap(gzip.compress(content) if packed else content), read) == tuple(addresses)


@given(st.binary(max_size=200))
def test_what_is_none_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(NoSitemapError) as caught:
        parse_sitemap(content)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MOST_BYTES", 2**20)
    with pytest.raises(NoSitemapError, match="larger than 1 MiB"):
        parse_sitemap(gzip.compress(b"<urlset>" + b" " * 2**21))


def test_no_file_is_read_and_no_entity_grows() -> None:
    head = b'<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "yyyy">]>'
    try:
        found = parse_sitemap(head + b"<urlset><url><loc>https://a/&x;</loc></url></urlset>").pages
    except NoSitemapError:
        return
    assert all(page.startswith("https://a/") and len(page) < 15 for page in found)


def test_other_namespaces_and_what_stands_beside_addresses_do_not_count() -> None:
    content = b"""<urlset xmlns="urn:any" xmlns:i="urn:image"><!-- c --><url><loc> https://a/x </loc>
    <lastmod>2026</lastmod><i:image><i:loc>https://a/p.png</i:loc></i:image></url><url><loc/></url></urlset>"""
    assert parse_sitemap(content).pages == ("https://a/x",)


@pytest.mark.parametrize(
    ("given_url", "plain"),
    [
        ("HTTPS://A.com", "https://a.com/"),
        ("https://a.com:8080/x?q=1#part", "https://a.com:8080/x?q=1"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_an_address_has_one_form(given_url: str, plain: str) -> None:
    assert plain_url(given_url) == plain == plain_url(plain)


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a/b", "https://", "https://u:p@a/", "https://[x/", "https://a:999999/", "mailto:a@b"]
)
def test_what_is_no_page_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        plain_url(url)
