"""Documents below an S3 prefix."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tasks_lib.errors import InputError
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.result import SkippedFiles
from tasks_lib.ingestion.sources.document_source import SourceFile
from tasks_lib.ingestion.sources.name import S3_SCHEME, source_name
from tasks_lib.ingestion.sources.selection import IGNORE_FILE, Selection, is_access_file
from tasks_lib.text.rows import lines_of

KEYS_PER_PAGE = 1000
"""The most that S3 gives."""
TAGS_AT_A_TIME = 16
BETWEEN_GROUPS = "+"
"""In the value of a tag, which may hold no comma."""

_MISSING = {"NoSuchKey", "404"}


class S3Source:
    """Objects below `s3://bucket/prefix`, the prefix taken as a folder. An object's ETag stands for its content.

    :param access_tag: Tag of the objects that names the groups that may read them; none is asked for without.
    """

    def __init__(
        self,
        uri: str,
        include: tuple[str, ...] = (),
        client: Callable[[], Any] | None = None,
        suffixes: Collection[str] = FORMATS,
        access_tag: str | None = None,
    ) -> None:
        bucket, _, prefix = uri.removeprefix(S3_SCHEME).partition("/")
        if not bucket:
            msg = f"source {uri!r} names no bucket"
            raise InputError(msg, hint="Write s3://bucket/prefix.")
        prefix = prefix.strip("/")
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.uri = source_name(uri)
        self.former: tuple[str, ...] = ()
        self.include = include
        self.suffixes = suffixes
        self.access_tag = access_tag
        self._selection = Selection(include, (), suffixes)
        self._make_client = client or _default_client
        self._client: Any = None

    def files(self) -> Iterator[SourceFile]:
        """Matching objects in the order of their keys, a page at a time.

        :raises InputError: If the bucket cannot be listed.
        """
        with self._reported():
            selection = self._selection = Selection(self.include, self._ignore_lines(), self.suffixes)
            pages = self._connected().get_paginator("list_objects_v2")
            listing = pages.paginate(
                Bucket=self.bucket, Prefix=self.prefix, PaginationConfig={"PageSize": KEYS_PER_PAGE}
            )
            for page in listing:
                yield from self._with_readers(list(self._chosen(page.get("Contents", ()), selection)))

    def _chosen(self, items: Iterable[Mapping[str, Any]], selection: Selection) -> Iterator[SourceFile]:
        for item in items:
            path = item["Key"][len(self.prefix) :]
            file = SourceFile(path, item["Size"], item["ETag"].strip('"'))
            if is_access_file(path):
                selection.access_files.append(file)
            elif not _hidden(path) and not path.endswith("/") and selection.takes(path):
                yield file

    def _with_readers(self, files: list[SourceFile]) -> Iterator[SourceFile]:
        """The files with what their tags say; each tag costs a request, of which some are under way at a time."""
        if self.access_tag is None or not files:
            yield from files
            return
        self._connected()
        with ThreadPoolExecutor(TAGS_AT_A_TIME, thread_name_prefix="tags") as pool:
            for file, readers in zip(files, pool.map(self._readers, files), strict=True):
                yield replace(file, readers=readers)

    def _readers(self, file: SourceFile) -> tuple[str, ...] | None:
        """The groups of the tag, `None` without it. Of an object that has gone since it was listed, nobody."""
        from botocore.exceptions import ClientError

        try:
            found = self._connected().get_object_tagging(Bucket=self.bucket, Key=self.prefix + file.path)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return ()
            raise
        tags = {tag["Key"]: tag["Value"] for tag in found["TagSet"]}
        said = tags.get(self.access_tag or "")
        return None if said is None else tuple(said.split(BETWEEN_GROUPS))

    def skipped(self) -> list[SkippedFiles]:
        """What the last listing passed over, since its format is not understood."""
        return self._selection.skipped()

    def access_files(self) -> list[SourceFile]:
        """Sidecars of access that the last listing saw."""
        return list(self._selection.access_files)

    def content_hash(self, file: SourceFile) -> str:
        """The ETag: it changes with the content, and asking for it is no download."""
        return file.etag

    def read(self, path: str, etag: str = "") -> bytes:
        """Content of one object.

        :raises OSError: If it cannot be read, or was changed since it was listed as `etag`.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        condition = {"IfMatch": f'"{etag}"'} if etag else {}
        try:
            stored = self._connected().get_object(Bucket=self.bucket, Key=self.prefix + path, **condition)
            body: bytes = stored["Body"].read()
        except (BotoCoreError, ClientError) as error:
            msg = f"s3 read failed: {error}"
            raise OSError(msg) from error
        return body

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self._make_client()
        return self._client

    def _ignore_lines(self) -> list[str]:
        from botocore.exceptions import ClientError

        try:
            stored = self._connected().get_object(Bucket=self.bucket, Key=self.prefix + IGNORE_FILE)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return []
            raise
        text: str = stored["Body"].read().decode("utf-8-sig", "replace")
        return lines_of(text)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            msg = f"source {self.uri!r} cannot be listed: {error}"
            hint = "Check bucket, credentials, region and endpoint."
            if self.access_tag is not None:
                hint += " Tags of access (ingest.access.s3_tag) need the right to call GetObjectTagging."
            raise InputError(msg, hint=hint) from error


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _default_client() -> Any:
    import boto3

    return boto3.client("s3")
