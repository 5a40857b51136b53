"""An S3 bucket: synced twice with changes between, and a failure half way."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources import s3
from tests.stubs.ingesting import held, sync

TEXTS = {"a.md": "Alpha.", "b.md": "Beta.", "sub/c d.md": "Gamma."}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of moto's S3 with three documents, listed two at a time."""
    import boto3
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(s3, "KEYS_PER_PAGE", 2)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="docs")
        for key, text in TEXTS.items():
            client.put_object(Bucket="docs", Key=f"h/{key}", Body=text.encode())
        monkeypatch.setattr(s3, "_default_client", lambda: client)
        yield client


@pytest.fixture
def run(bucket: Any, index: Any, embedder: Any) -> Callable[[], IngestResult]:
    """One sync of what is below `h/`."""

    def make() -> IngestResult:
        embedder.texts.clear()
        settings = Settings(ingest=IngestConfig(allow_mass_delete=True))
        return sync(DocumentLocation("s3://docs/h"), index, embedder, settings)

    return make


class Outage:
    """Requests of one kind fail, from one on."""

    def __init__(self, client: Any, operation: str, *, after: int = 0) -> None:
        self.event, self.after, self.seen, self.client = f"before-call.s3.{operation}", after, 0, client

    def __enter__(self) -> None:
        self.client.meta.events.register(self.event, self.refuse)

    def __exit__(self, *_: object) -> None:
        self.client.meta.events.unregister(self.event, self.refuse)

    def refuse(self, **_: Any) -> None:
        self.seen += 1
        if self.seen > self.after:
            raise EndpointConnectionError(endpoint_url="http://s3.invalid")


def test_a_bucket_is_kept_in_sync(run: Callable[[], IngestResult], bucket: Any, index: Any, embedder: Any) -> None:
    assert run().failed == []
    assert held(index) == TEXTS
    again = run()
    assert (again.unchanged, again.changed, embedder.texts) == (3, False, [])
    bucket.put_object(Bucket="docs", Key="h/a.md", Body=b"Alpha changed.")
    bucket.put_object(Bucket="docs", Key="h/moved.md", Body=TEXTS["sub/c d.md"].encode())
    for key in ("h/b.md", "h/sub/c d.md"):
        bucket.delete_object(Bucket="docs", Key=key)
    changed = run()
    assert (changed.added, changed.updated, changed.deleted) == (1, 1, 2)
    assert "Gamma." not in embedder.texts, "the text is known by its name before"
    assert held(index) == {"a.md": "Alpha changed.", "moved.md": "Gamma."}


@pytest.mark.parametrize("pages", [0, 1])
def test_a_listing_that_ends_half_way_loses_nothing(
    run: Callable[[], IngestResult], bucket: Any, index: Any, pages: int
) -> None:
    run()
    with Outage(bucket, "ListObjectsV2", after=pages), pytest.raises(InputError, match="cannot be listed") as caught:
        run()
    assert "\n" not in caught.value.message
    assert held(index) == TEXTS
    assert run().unchanged == 3


def test_an_object_that_cannot_be_read_stays_as_it_was_and_comes_with_the_next_run(
    run: Callable[[], IngestResult], bucket: Any, index: Any
) -> None:
    run()
    for name in ("a", "b"):
        bucket.put_object(Bucket="docs", Key=f"h/{name}.md", Body=b"Changed.")
    with Outage(
        bucket, "GetObject", after=4
    ):  # the ignore file, what both say of access, and the first of the two are read
        half = run()
    assert (half.updated, [failure.path for failure in half.failed]) == (1, ["b.md"])
    assert held(index) == TEXTS | {"a.md": "Changed."}
    whole = run()
    assert (whole.updated, whole.failed) == (1, [])
    assert held(index)["b.md"] == "Changed."
