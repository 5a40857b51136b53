"""Sitemaps, as sitemaps.org has them: addresses of pages, or of further sitemaps; plain or compressed."""

import gzip
import io
import zlib
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit, urlunsplit

from lxml import etree

MOST_BYTES = 50 * 2**20
"""Of one sitemap once it is unpacked, as the protocol has it."""
_GZIP = b"\x1f\x8b"


class NoSitemapError(ValueError):
    """What was read is no sitemap; the message is one line."""


@dataclass(frozen=True)
class Sitemap:
    """One file of a sitemap."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def parse_sitemap(content: bytes) -> Sitemap:
    """The addresses in a `urlset` or a `sitemapindex`.

    :raises NoSitemapError: If it is neither, is broken, or too large.
    """
    root = _root(_unpacked(content))
    kind = etree.QName(root).localname
    children = {"urlset": "url", "sitemapindex": "sitemap"}
    if kind not in children:
        raise NoSitemapError(f"it begins with <{kind}>, not with <urlset> or <sitemapindex>")
    found = tuple(_addresses(root, children[kind]))
    return Sitemap(pages=found) if kind == "urlset" else Sitemap(sitemaps=found)


def _addresses(root: etree._Element, entry: str) -> list[str]:
    found: list[str] = []
    for child in root.iterchildren(f"{{*}}{entry}"):
        location = child.find("{*}loc")
        if location is not None and (text := "".join(location.itertext()).strip()):
            found.append(text)
    return found


def _root(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NoSitemapError(f"it is no XML: {' '.join(str(error).split())}") from error


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise NoSitemapError(f"it is no gzip: {error}") from error
    if len(data) > MOST_BYTES:
        raise NoSitemapError(f"it is larger than {MOST_BYTES // 2**20} MiB once it is unpacked")
    return data


def plain_url(url: str) -> str:
    """An address in one form: without fragment, its host in lower case.

    :raises ValueError: If it is no address of a web page, or carries credentials.
    """
    parts = urlsplit(urldefrag(url).url)
    host = parts.hostname
    if parts.scheme.lower() not in {"http", "https"} or not host or parts.username or parts.password:
        msg = "it is no address of a web page"
        raise ValueError(msg)
    place = f"[{host}]" if ":" in host else host
    place += f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme.lower(), place, parts.path or "/", parts.query, ""))
