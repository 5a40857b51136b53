"""The index in an object store: a real S3 protocol, served by moto."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from haystack.utils import Secret
from moto.server import ThreadedMotoServer

from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex, list_indexes
from tests.tasks_lib.assistant.stores.lancedb.conftest import DIMENSION, SOURCE, MakeChunks

URI = "s3://bucket/indexes"


@pytest.fixture
def storage_options(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str | Secret]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="bucket")
    yield {
        "endpoint": endpoint,
        "allow_http": "true",
        "region": "us-east-1",
        "aws_access_key_id": Secret.from_env_var("AWS_ACCESS_KEY_ID"),
        "aws_secret_access_key": Secret.from_env_var("AWS_SECRET_ACCESS_KEY"),
    }
    server.stop()


def test_an_index_in_s3_is_written_read_pinned_and_dropped(
    storage_options: dict[str, str | Secret], chunks: MakeChunks, tmp_path: Path
) -> None:
    def opened(version: str | None = None) -> LanceDBIndex:
        return LanceDBIndex(
            URI, "docs", DIMENSION, version=version, lock_folder=tmp_path, storage_options=storage_options
        )

    index = opened()
    assert not index.exists()
    assert list_indexes(URI, storage_options) == []
    with index.writing(1):
        index.replace(SOURCE, ["a.md"], chunks("a.md", "old leave"))
        first = index.version()
        index.replace(SOURCE, ["a.md"], chunks("a.md", "new leave", "more"))
        index.commit()
    assert list_indexes(URI, storage_options) == ["docs"]
    assert opened().count() == 2
    assert opened(first).count() == 1
    found = opened().keyword_retriever(top_k=3).run(query="leave")["documents"]
    assert [document.content for document in found] == ["new leave"]
    assert opened().info().bytes is None
    index.drop()
    assert not opened().exists()


def test_of_what_is_forgotten_no_object_of_the_bucket_is_left(
    storage_options: dict[str, str | Secret], chunks: MakeChunks, tmp_path: Path
) -> None:
    index = LanceDBIndex(URI, "docs", DIMENSION, lock_folder=tmp_path, storage_options=storage_options)
    with index.writing(1):
        index.replace(SOURCE, ["a.md"], chunks("a.md", "annual leave"))
        first = index.commit()
        index.replace(SOURCE, ["qx7731.md"], chunks("qx7731.md", "the club meets in qx7731"))
        second = index.commit()
        index.save_states(IndexStates(released=second, earlier=[first]))
        assert holding(str(storage_options["endpoint"]), "qx7731")
        index.rewrite(lambda found: [each for each in found if each.meta["document"] != "qx7731.md"], [])
        index.purge([])
    assert holding(str(storage_options["endpoint"]), "qx7731") == []
    states = index.states()
    assert [index.at(state).count() for state in (*states.earlier, str(states.released))] == [1, 1]


def holding(endpoint: str, word: str) -> list[str]:
    """Objects with a word in their bytes or in their key."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    keys = [
        entry["Key"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket="bucket")
        for entry in page.get("Contents", [])
    ]
    bodies = ((key, client.get_object(Bucket="bucket", Key=key)["Body"].read().lower()) for key in keys)
    return [key for key, body in bodies if word in key or word.encode() in body]
