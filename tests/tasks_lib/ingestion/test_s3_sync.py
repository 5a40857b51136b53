"""A prefix in S3 (moto's server) is kept in sync as a folder is."""

from collections.abc import Iterator
from typing import Any

import pytest

from tasks_lib.assistant.contract.access import asked_by, member_of
from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.assistant.contract.index import shown_documents
from tasks_lib.config.ingest import AccessConfig, IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.result import IngestResult
from tests.stubs.ingesting import sync

BUCKET = "synced-documents"


@pytest.fixture
def client() -> Iterator[Any]:
    """boto3's client of a bucket on moto's server."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    made = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **keys)
    made.create_bucket(Bucket=BUCKET)
    yield made
    server.stop()


def test_a_listing_that_fails_half_way_deletes_nothing(
    client: Any, index: Any, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second page of the listing is refused."""
    from botocore.awsrequest import AWSResponse

    monkeypatch.setattr("tasks_lib.ingestion.sources.s3.KEYS_PER_PAGE", 2)
    location = DocumentLocation(f"s3://{BUCKET}", s3_client=lambda: client)
    for number in range(5):
        client.put_object(Bucket=BUCKET, Key=f"{number}.md", Body=b"x")
    assert sync(location, index, embedder, Settings()).added == 5
    client.delete_object(Bucket=BUCKET, Key="0.md")

    def refused(request: Any, **_: Any) -> AWSResponse | None:
        body = b"<Error><Code>AccessDenied</Code><Message>Not now</Message></Error>"
        raw = type("Raw", (), {"stream": lambda *_, **__: iter([body])})()
        return AWSResponse(request.url, 403, {}, raw) if "continuation-token" in request.url else None

    client.meta.events.register("before-send.s3.ListObjectsV2", refused)
    with pytest.raises(InputError, match=f"s3://{BUCKET}.* cannot be listed.*AccessDenied"):
        sync(location, index, embedder, Settings())
    client.meta.events.unregister("before-send.s3.ListObjectsV2", refused)
    assert index.count() == 5
    assert sync(location, index, embedder, Settings()).deleted == 1


def test_objects_that_come_change_and_go_do_so_in_the_index(client: Any, index: Any, embedder: Any) -> None:
    def put(**texts: str) -> None:
        for name, text in texts.items():
            client.put_object(Bucket=BUCKET, Key=f"handbook/sub/{name}.md", Body=text.encode())

    def run() -> IngestResult:
        embedder.texts.clear()
        source = DocumentLocation(f"s3://{BUCKET}/handbook", s3_client=lambda: client)
        return sync(source, index, embedder, Settings(ingest=IngestConfig(allow_mass_delete=True)))

    def held() -> dict[str, str | None]:
        return {chunk.meta["document"]: chunk.content for chunk in index.sample(100, 0)}

    put(a="Alpha.", b="Beta.")
    client.put_object(Bucket=BUCKET, Key="elsewhere/c.md", Body=b"Not ours.")
    first = run()
    assert (first.added, first.source, held()) == (
        2,
        f"s3://{BUCKET}/handbook",
        {"sub/a.md": "Alpha.", "sub/b.md": "Beta."},
    )
    second = run()
    assert (second.unchanged, second.changed, second.index_version) == (2, False, first.index_version)
    assert embedder.texts == []
    put(a="Alpha changed.", c="Gamma.")
    client.delete_object(Bucket=BUCKET, Key="handbook/sub/b.md")
    third = run()
    assert (third.added, third.updated, third.deleted, third.embedded_chunks) == (1, 1, 1, 2)
    assert held() == {"sub/a.md": "Alpha changed.", "sub/c.md": "Gamma."}
    client.copy_object(Bucket=BUCKET, Key="handbook/moved.md", CopySource=f"{BUCKET}/handbook/sub/c.md")
    client.delete_object(Bucket=BUCKET, Key="handbook/sub/c.md")
    moved = run()
    assert (moved.added, moved.deleted, embedder.texts) == (1, 1, [])
    assert held() == {"sub/a.md": "Alpha changed.", "moved.md": "Gamma."}


def seen_by(index: Any, *groups: str) -> set[str]:
    with asked_by(member_of(groups)):
        return {document for _, document in shown_documents(index)}


def test_tags_of_objects_say_who_may_see_them(client: Any, index: Any, embedder: Any) -> None:
    def tag(name: str, **tags: str) -> None:
        given = [{"Key": key, "Value": value} for key, value in tags.items()]
        client.put_object_tagging(Bucket=BUCKET, Key=f"tagged/{name}.md", Tagging={"TagSet": given})

    def run(tag: str | None = "access") -> IngestResult:
        source = DocumentLocation(f"s3://{BUCKET}/tagged", s3_client=lambda: client)
        return sync(source, index, embedder, Settings(ingest=IngestConfig(access=AccessConfig(s3_tag=tag))))

    for name in ("open", "pay", "shared", "empty"):
        client.put_object(Bucket=BUCKET, Key=f"tagged/{name}.md", Body=name.encode())
    tag("open", cost="low")
    tag("pay", access="hr")
    tag("shared", access="hr+legal", cost="low")
    tag("empty", access="")
    assert run(None).access is None
    assert seen_by(index) == {"open.md", "pay.md", "shared.md", "empty.md"}
    told = run().access
    assert told is not None
    assert told.restricted == 3
    assert seen_by(index) == {"open.md"}
    assert seen_by(index, "hr") == {"open.md", "pay.md", "shared.md"}
    embedder.texts.clear()
    tag("pay", access="legal")
    client.put_object(Bucket=BUCKET, Key="tagged/.llmopsaccess", Body=b"shared.md: hr")
    changed = run()
    assert (changed.changed, embedder.texts) == (False, [])
    assert seen_by(index, "hr") == {"open.md", "shared.md"}
    assert seen_by(index, "legal") == {"open.md", "pay.md"}


def test_a_tag_that_may_not_be_read_changes_nothing(client: Any, index: Any, embedder: Any) -> None:
    from botocore.awsrequest import AWSResponse

    client.put_object(Bucket=BUCKET, Key="barred/pay.md", Body=b"pay")
    codes: list[tuple[int, bytes]] = [(403, b"AccessDenied"), (404, b"NoSuchKey")]

    def refused(request: Any, **_: Any) -> AWSResponse:
        status, code = codes[0]
        body = b"<Error><Code>%s</Code><Message>No</Message></Error>" % code
        raw = type("Raw", (), {"stream": lambda *_, **__: iter([body])})()
        return AWSResponse(request.url, status, {}, raw)

    settings = Settings(ingest=IngestConfig(access=AccessConfig(s3_tag="access")))
    source = DocumentLocation(f"s3://{BUCKET}/barred", s3_client=lambda: client)
    client.meta.events.register("before-send.s3.GetObjectTagging", refused)
    with pytest.raises(InputError, match="cannot be listed.*AccessDenied") as caught:
        sync(source, index, embedder, settings)
    assert "GetObjectTagging" in caught.value.hint
    assert not index.exists()
    codes.pop(0)
    assert sync(source, index, embedder, settings).added == 1
    assert seen_by(index, "hr") == set()
