"""What a source is called: its path or URI as it is given, not where a link points today."""

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tasks_lib.text.forms import composed

S3_SCHEME = "s3://"
FILE_SCHEME = "file://"
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)
_WITH_HOSTS = frozenset({"http", "https", "sitemap+http", "sitemap+https", "git+http", "git+https", "git+ssh", "git"})
"""Schemes whose first part is the name of a host, in which case does not count; elsewhere it may be a bucket's."""


def source_name(uri: str) -> str:
    """The identity of a source: a `file://` URI, `s3://bucket/prefix`, or another address. Nothing is asked for it.

    :param uri: A path, relative to the working directory or absolute, or an address. Doubled and trailing slashes, `.`,
        `..` and `~` of paths are resolved, links are not; of an address, trailing slashes and the case of its scheme
        and host are made one.
    """
    if uri.startswith(S3_SCHEME):
        bucket, _, prefix = uri.removeprefix(S3_SCHEME).partition("/")
        return f"{S3_SCHEME}{bucket}/{prefix.strip('/')}".rstrip("/")
    if is_other_address(uri):
        return _plain_address(uri)
    return Path(composed(str(folder_of(uri)))).as_uri()


def is_other_address(uri: str) -> bool:
    """Whether `uri` is an address, but neither of a folder nor of S3."""
    return bool(_ADDRESS.match(uri)) and not uri.startswith((S3_SCHEME, FILE_SCHEME))


def _plain_address(uri: str) -> str:
    parts = _ADDRESS.fullmatch(uri)
    if parts is None:
        return uri
    scheme, place, path = parts[1].lower(), parts[2], parts[3]
    if scheme in _WITH_HOSTS:
        user, at, host = place.rpartition("@")
        place = user + at + host.lower()
    return f"{scheme}://{place}{path.rstrip('/')}"


def folder_of(uri: str) -> Path:
    """The folder that a path or `file://` URI names, absolute and with its links as they are."""
    path = unquote(urlsplit(uri).path) if uri.startswith(FILE_SCHEME) else os.path.expanduser(uri)  # noqa: PTH111  (Path raises for a user that is unknown)
    absolute = os.path.abspath(path)  # noqa: PTH100  (Path.resolve follows links)
    return Path(f"/{absolute.lstrip('/')}" if absolute.startswith("//") else absolute)


def former_names(folder: Path) -> tuple[str, ...]:
    """Other identities under which an index may hold a folder: where its links lead, as versions until 0.1 wrote it."""
    target = folder.resolve()
    names = dict.fromkeys([target.as_uri(), source_name(str(target)), folder.as_uri()])
    return tuple(name for name in names if name != source_name(str(folder)))
