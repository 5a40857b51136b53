"""What stands for the content of a file of fsspec: a digest where its file system lists one, else size and time."""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

DIGESTS = ("md5Hash", "content_md5", "Content-MD5", "sha256", "sha", "checksum", "ETag", "etag")
"""What file systems call a digest of the content, the surest first."""
TIMES = ("mtime", "modified", "LastModified", "last_modified", "Last-Modified", "updated", "modify", "created")
"""What they call the time of the last change."""
FRESH_SECONDS = 3.0
"""A file this young may change once more within the same tick of its server's clock."""
_QUOTES = re.compile(r'^"|"$')

Entry = Mapping[str, Any]
"""What a file system tells of a file: `name`, `type`, `size` and whatever else it knows."""


def fingerprint(entry: Entry) -> str:
    """`=name:digest`, else `size-seconds`; empty where neither is told."""
    return next((known for name in DIGESTS if (known := _digest(entry, name))), "") or _size_and_time(entry)


def fingerprint_again(entry: Entry, before: str) -> str:
    """The same of a file as it is now; `before` itself where it does not tell. A folder may tell more than its file."""
    if is_digest(before):
        return _digest(entry, before[1:].partition(":")[0]) or before
    return _size_and_time(entry) or before


def is_digest(known: str) -> bool:
    """Whether equal ones mean equal contents, under whatever name."""
    return known.startswith("=")


def is_fresh(known: str) -> bool:
    """Whether a file is so young that its size and time do not tell a further change."""
    if is_digest(known):
        return False
    try:
        changed = float(known.partition("-")[2])
    except ValueError:
        return True  # a time that is not understood tells nothing
    return time.time() - changed < FRESH_SECONDS


def _digest(entry: Entry, name: str) -> str:
    value = entry.get(name) or (_of(entry.get("content_settings"), name) if name == "content_md5" else None)
    if not value or str(value).startswith("W/"):  # a weak one: the bytes may differ
        return ""
    return f"={name}:{value.hex() if isinstance(value, (bytes, bytearray)) else _QUOTES.sub('', str(value))}"


def _of(settings: Any, key: str) -> Any:
    """A value of what is a mapping, or an object with attributes."""
    return settings.get(key) if isinstance(settings, Mapping) else getattr(settings, key, None)


def _size_and_time(entry: Entry) -> str:
    when = next((entry[key] for key in TIMES if entry.get(key) not in {None, ""}), None)
    return "" if when is None else f"{entry.get('size')}-{_seconds(when)}"


def _seconds(when: Any) -> str:
    """A time in one form, since a folder may tell it in another than its file; as it is where none is understood."""
    if isinstance(when, str):
        with suppress(ValueError):
            when = parsedate_to_datetime(when)
    if isinstance(when, str):
        with suppress(ValueError):
            when = datetime.fromisoformat(when)
    if isinstance(when, datetime):
        when = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return f"{when:.6f}" if isinstance(when, (int, float)) else str(when)
