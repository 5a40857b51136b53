"""What a page is, by its address and by what its server says of it."""

import mimetypes
from collections.abc import Collection
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from tasks_lib.ingestion.sources.web.client import Fetched

HTML = ".html"
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_MARK = b"\xef\xbb\xbf"


def name_of(url: str, suffix: str = "") -> str:
    """The path of a page as a file would be called, for globs to match: `docs/index.html` for `/docs/`.

    :param suffix: Of its format; without it, that of its address, else `.html`.
    """
    path = unquote(urlsplit(url).path).lstrip("/")
    if not path or path.endswith("/"):
        path += "index"
    elif not suffix and mimetypes.guess_type(path)[0]:
        return path
    suffix = suffix or HTML
    return path if path.lower().endswith(suffix) else path + suffix


def suffix_of(fetched: Fetched, suffixes: Collection[str]) -> str:
    """HTML where the server says so, else what the page's name says, else what the server does."""
    kind = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
    named = PurePosixPath(unquote(urlsplit(fetched.url).path)).suffix.lower()
    if kind in _HTML_TYPES:
        return HTML
    if named in suffixes:
        return named
    return (mimetypes.guess_extension(kind) if kind else None) or named or HTML


def content_of(fetched: Fetched) -> bytes:
    """The body; a text in another encoding, which only the server tells, as UTF-8 with a mark that says so."""
    kind, _, rest = fetched.headers.get("content-type", "").lower().partition(";")
    charset = next((part.partition("=")[2].strip(" \"'") for part in rest.split(";") if "charset=" in part), "")
    if not kind.startswith("text/") or not charset or charset in {"utf-8", "utf8"}:
        return fetched.content
    try:
        return _MARK + fetched.content.decode(charset).encode()
    except (LookupError, UnicodeError):
        return fetched.content
