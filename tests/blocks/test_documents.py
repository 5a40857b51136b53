"""Documents in S3 by the credentials of a block, against moto's server."""

from typing import Any

import pytest
from prefect_aws import AwsCredentials

from blocks.documents import S3Documents
from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.ingestion.chunk import Chunk
from tasks_lib.ingestion.sources.open import open_source

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing-secret", "region_name": "eu-central-1"}


@pytest.fixture(scope="module")
def documents(aws: str) -> S3Documents:
    """A bucket with two documents below the prefix, and one beside it."""
    block = S3Documents(bucket="documents", prefix="/handbook/", credentials=AwsCredentials(**KEYS), endpoint_url=aws)
    client: Any = block.get_client()
    client.create_bucket(Bucket="documents", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key in ("handbook/a.md", "handbook/sub/b.txt", "other/c.md"):
        client.put_object(Bucket="documents", Key=key, Body=key.encode())
    return block


def test_the_prefix_is_listed_and_read(documents: S3Documents) -> None:
    source = open_source(documents.location())
    assert source.uri == "s3://documents/handbook"
    assert [file.path for file in source.files()] == ["a.md", "sub/b.txt"]
    assert source.read("a.md") == b"handbook/a.md"


def test_patterns_of_the_call_win_over_those_of_the_block(documents: S3Documents) -> None:
    only_text = documents.model_copy(update={"include": ["*.txt"]})
    assert [file.path for file in open_source(only_text.location()).files()] == ["sub/b.txt"]
    assert [file.path for file in open_source(only_text.location(("*.md",))).files()] == ["a.md"]


def test_another_prefix_of_the_bucket_is_read_with_the_same_credentials(documents: S3Documents, home: Home) -> None:
    platform = ResolvedPlatform("test", (), LanceDBStore(), saved_documents=documents)
    assert [file.path for file in open_source(platform.documents("s3://documents/other")).files()] == ["c.md"]
    assert not documents.opens("s3://documents-of-others/other")


def test_a_bucket_that_does_not_exist_is_named(documents: S3Documents) -> None:
    missing = documents.model_copy(update={"bucket": "nothing-here"})
    with pytest.raises(InputError, match="nothing-here"):
        list(open_source(missing.location()).files())


def test_a_role_is_assumed_for_documents_too(documents: S3Documents, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws)
    credentials = AwsCredentials(**KEYS, assume_role_arn="arn:aws:iam::123456789012:role/reader")
    assumed = documents.model_copy(update={"credentials": credentials})
    assert len(list(open_source(assumed.location()).files())) == 2


def test_an_index_lives_in_an_object_store_by_the_options_of_its_block(aws: str, documents: S3Documents) -> None:
    documents.get_client().put_object(Bucket="documents", Key="indexes/.keep", Body=b"")
    options = {
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing-secret",
        "region": "eu-central-1",
        "endpoint": aws,
        "allow_http": "true",
    }
    store = LanceDBStore(uri="s3://documents/indexes", storage_options=options)
    home = Home.from_environment()
    index = store.index("documents__stub", home, dimension=lambda: 2)
    index.replace("file:///x", ["a.md"], [Chunk("file:///x", "a.md", "leave", 0, 5, "h").to_document([1.0, 0.0])])
    index.commit()
    assert store.indexes(home) == ["documents__stub"]
    assert store.index("documents__stub", home).count() == 1
    assert "testing-secret" not in repr(store)
