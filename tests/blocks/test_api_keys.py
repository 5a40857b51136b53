"""API keys in a block of Prefect and in AWS Secrets Manager: real clients, a real server, and moto's."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore.config import Config
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect_aws import AwsCredentials
from prefect_aws.client_parameters import AwsClientParameters
from prefect_aws.secrets_manager import AwsSecret

from blocks.api_keys import ApiKeys, AwsApiKeys
from blocks.aws_key_store import CLIENT, CURRENT, PENDING, AwsKeyStore
from blocks.key_stores import SECRET_VARIABLE, key_store
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.key_ring import KeyRing, key_ring
from tasks_lib.config.key_store import KeyStore
from tasks_lib.config.stored_key import Rights, StoredKey
from tasks_lib.errors import ConfigurationError, InputError, KeysAwayError
from tasks_lib.home import Home

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness", "home")]

ACCESS: dict[str, Any] = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing-secret",
    "region_name": "eu-central-1",
}
PLACES = ["block", "secret"]


class Place:
    """A store, and its text as others see and write it."""

    def __init__(self, aws: str, kind: str) -> None:
        self.kind, self.name = kind, f"team-{uuid.uuid4().hex[:8]}"
        self.aws: Any = boto3.client("secretsmanager", endpoint_url=aws, **ACCESS)
        if kind == "block":
            block: Any = ApiKeys()
        else:
            self.aws.create_secret(Name=self.name, SecretString="{}")
            credentials = AwsCredentials(**ACCESS, aws_client_parameters=AwsClientParameters(endpoint_url=aws))
            AwsSecret(aws_credentials=credentials, secret_name=self.name).save(self.name)
            block = AwsApiKeys(aws_secret=f"aws-secret/{self.name}")
        block.save(self.name)
        self.slug = block.slug
        LLMOpsPlatform(keys=self.slug).save(self.name)

    def store(self) -> KeyStore:
        return key_store(self.name)

    def text(self) -> str:
        if self.kind == "block":
            loaded: Any = ApiKeys.load(self.name, _sync=True)  # type: ignore[call-arg]
            return str(loaded.keys.get_secret_value())
        return str(self.aws.get_secret_value(SecretId=self.name, VersionStage=CURRENT)["SecretString"])

    def write(self, text: str) -> None:
        if self.kind == "block":
            ApiKeys(keys=text).save(self.name, overwrite=True)
        else:
            before, store = self.store().stamp(), {"SecretId": self.name}  # moto moves labels only when it is told to
            made = self.aws.put_secret_value(**store, SecretString=text, VersionStages=["OTHERS"])["VersionId"]
            move = {"RemoveFromVersionId": before, "MoveToVersionId": made}
            self.aws.update_secret_version_stage(**store, VersionStage=CURRENT, **move)

    def remove(self) -> None:
        if self.kind == "block":
            with get_client(sync_client=True) as client:
                found = client.read_block_document_by_name(self.name, "llmops-api-keys")
                client.delete_block_document(found.id)
        else:
            self.aws.delete_secret(SecretId=self.name)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, aws: str) -> Place:
    return Place(aws, request.param)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def opened(ring: KeyRing) -> set[str]:
    ring.look()
    return {*ring.holders()}


def test_a_running_ring_takes_up_what_is_made_changed_replaced_and_ended(place: Place) -> None:
    ring, store = key_ring("0.0.0.0", place.store(), {}), place.store()
    assert ring.required
    assert opened(ring) == set()
    rights = Rights(assistants=("docs",), groups=("hr", "Räte"))
    first, _ = store.create("alice", by="ann", rights=rights)
    assert opened(ring) == {digest(first)}
    store.change("alice", {"groups": ("legal",)})
    assert opened(ring) == {digest(first)}
    assert ring.holders()[digest(first)].groups == {"legal"}
    second, _ = store.create("bob", by="ann")
    assert opened(ring) == {digest(first), digest(second)}
    store.revoke("alice", by="ben")
    assert opened(ring) == {digest(second)}
    assert [(key.name, key.revoked_by) for key in store.read()] == [("alice", "ben"), ("bob", None)]
    assert first not in place.text()
    assert digest(first) in place.text()


def test_writers_at_the_same_time_lose_nothing_of_each_other(place: Place) -> None:
    begin = Barrier(4)

    def write(number: int) -> None:
        store = place.store()
        begin.wait()
        store.create(f"app-{number}", by="ann")
        store.create(f"job-{number}", by="ann")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert sorted(key.name for key in place.store().read()) == sorted(
        f"{kind}-{n}" for kind in ("app", "job") for n in range(4)
    )


def test_a_change_that_is_refused_writes_nothing(place: Place) -> None:
    store = place.store()
    store.create("alice", by="ann")
    before, stamp = place.text(), store.stamp()
    with pytest.raises(InputError, match="valid key of 'alice' already"):
        store.create("alice", by="ann")
    assert (place.text(), store.stamp()) == (before, stamp)


@pytest.mark.parametrize("text", ["{", '{"keys": [{"name": "alice"}]}', '"k"'])
def test_a_broken_list_closes_and_is_named(place: Place, text: str) -> None:
    key, _ = place.store().create("alice", by="ann")
    ring = key_ring("0.0.0.0", place.store(), {})
    assert opened(ring) == {digest(key)}
    place.write(text)
    assert opened(ring) == set()
    assert ring.state == "broken"
    for use in (place.store().read, lambda: place.store().create("bob", by="ann")):
        with pytest.raises(ConfigurationError, match=rf"{place.name}.* is broken: ") as broken:
            use()
        assert "llmops keys create NAME" in broken.value.hint
    assert place.text() == text
    with pytest.raises(ConfigurationError, match="is broken"):
        key_ring("0.0.0.0", place.store(), {})


def test_a_place_that_is_gone_closes(place: Place) -> None:
    store = place.store()
    key, _ = store.create("alice", by="ann")
    ring = key_ring("0.0.0.0", place.store(), {})
    assert opened(ring) == {digest(key)}
    place.remove()
    assert opened(ring) == set()
    with pytest.raises(ConfigurationError, match="does not exist"):
        store.create("bob", by="ann")


@pytest.fixture
def nowhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyStore]:
    """The same place, and nobody listens there."""
    if place.kind == "block":
        store = place.store()
        with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
            yield store
    else:
        options: dict[str, Any] = {"endpoint_url": "http://127.0.0.1:9", "config": Config(**CLIENT), **ACCESS}
        yield AwsKeyStore(place.name, "test", lambda: boto3.client("secretsmanager", **options))


def test_a_place_that_is_away_is_named_and_lets_nobody_in(nowhere: KeyStore, place: Place) -> None:
    for use in (nowhere.read, nowhere.stamp, lambda: nowhere.create("alice", by="ann")):
        with pytest.raises(KeysAwayError, match=rf"{place.name}.* cannot be used: ") as away:
            use()
        assert away.value.hint
    ring = key_ring("0.0.0.0", nowhere, {})
    assert (ring.required, ring.state, ring.holders()) == (True, "unknown", {})


def test_the_api_of_prefect_shows_no_digest_without_being_asked_for_secrets(aws: str) -> None:
    place = Place(aws, "block")
    place.store().create("alice", by="ann")
    with get_client(sync_client=True) as client:
        shown = client.read_block_document_by_name(place.name, "llmops-api-keys", include_secrets=False)
    assert "digest" in place.text()
    assert "digest" not in json.dumps(shown.data)


def test_a_secret_without_a_version_and_a_writer_that_was_killed_are_no_obstacle(aws: str) -> None:
    place = Place(aws, "secret")
    place.aws.create_secret(Name=f"{place.name}-empty")
    store = AwsKeyStore(f"{place.name}-empty", "test", lambda: place.aws)
    assert (store.stamp(), store.read()) == (None, [])
    store.create("alice", by="ann")
    place.aws.put_secret_value(SecretId=f"{place.name}-empty", SecretString="{}", VersionStages=[PENDING])
    assert [key.name for key in store.read()] == ["alice"]
    store.create("bob", by="ann")
    assert [key.name for key in store.read()] == ["alice", "bob"]


def test_a_writer_that_was_overtaken_begins_again(aws: str) -> None:
    place = Place(aws, "secret")
    store, seen = place.store(), list[list[str]]()

    def change(keys: list[StoredKey]) -> None:
        seen.append([key.name for key in keys])
        if len(seen) == 1:
            place.store().create("bob", by="ben")

    store.changing(change)
    assert seen == [[], ["bob"]]
    assert [key.name for key in store.read()] == ["bob"]


def test_without_a_place_of_the_platform_the_environment_names_a_secret_and_else_it_is_the_home(
    aws: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(aws, "secret")
    LLMOpsPlatform().save("keyless", overwrite=True)
    for platform in ("local", "keyless"):
        found = key_store(platform)
        assert isinstance(found, KeyFile)
        assert found.path == home.api_keys
    for name, value in {
        SECRET_VARIABLE: place.name,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": aws,
        "AWS_REGION": ACCESS["region_name"],
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret",
    }.items():
        monkeypatch.setenv(name, value)
    key_store("keyless").create("alice", by="ann")
    assert "alice" in place.text()
    assert [key.name for key in key_store("local").read()] == ["alice"]
    assert SECRET_VARIABLE in key_store("local").place
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(ConfigurationError, match="in no region"):
        key_store("local").read()


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("llmops-api-keys/absent", r"keys names the block 'llmops-api-keys/absent', which does not exist"),
        ("llmops-lancedb-store/wrong", r"it takes one of llmops-api-keys, llmops-aws-api-keys$"),
        ("llmops-aws-api-keys/wrong", r"aws_secret of llmops-aws-api-keys/wrong names the block 'aws-secret/absent'"),
    ],
)
def test_a_wrong_block_is_named_with_those_that_there_are(slug: str, message: str) -> None:
    LanceDBStore().save("wrong", overwrite=True)
    AwsApiKeys(aws_secret="aws-secret/absent").save("wrong", overwrite=True)
    LLMOpsPlatform(keys=slug).save("wrong-keys", overwrite=True)
    with pytest.raises(ConfigurationError, match=message) as wrong:
        key_store("wrong-keys")
    assert wrong.value.exit_code == 2
    assert wrong.value.hint
