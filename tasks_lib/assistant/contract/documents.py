"""``DocumentLocation``: where documents lie, and with whose credentials they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DocumentLocation:
    """An address, as a platform gives it; ingestion opens it.

    :param uri: A folder's path, a `file://` URI, `s3://bucket/prefix`, or the address of any other source.
    :param include: Globs in the manner of .gitignore (`*.md` matches at any depth); empty for every known format.
    :param s3_client: Makes boto3's S3 client; without it, boto3's own configuration is used.
    :param options: Gives the credentials of any other source by name, such as `username`; without it, those that its
        client finds by itself are used.
    """

    uri: str
    include: tuple[str, ...] = ()
    s3_client: Callable[[], Any] | None = None
    options: Callable[[], Mapping[str, Any]] | None = None
