"""Keys that live in AWS Secrets Manager, on moto's server behind the real client."""

import json
import os
import pickle
from typing import Any

import boto3
import pytest
from prefect_aws import AwsCredentials
from prefect_aws.client_parameters import AwsClientParameters
from prefect_aws.secrets_manager import AwsSecret
from pydantic import ValidationError

from blocks.aws_secret import KeyHolder
from blocks.llmops_platform import LLMOpsPlatform
from blocks.openai import OpenAICompatibleModels
from blocks.platform import ResolvedPlatform
from blocks.resolve import resolve_platform
from blocks.slugs import resolve_slug
from blocks.tracking import MLflowTracking
from blocks.weaviate import WeaviateStore
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError
from tests.stubs.openai_api import OpenAIStub

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness", "home")]

KEYS: dict[str, Any] = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing-secret",
    "region_name": "eu-central-1",
}
SECRETS = {
    "openai": "sk-of-secrets-manager",
    "weaviate": json.dumps({"api_key": "weaviate-of-secrets-manager", "else": "x"}),
    "mlflow": json.dumps({"username": "llmops", "password": "mlflow-of-secrets-manager"}),
    "other": json.dumps({"key": "value-that-nobody-may-see"}),
}


@pytest.fixture(scope="module", autouse=True)
def _secrets(aws: str, prefect_harness: None) -> None:
    client: Any = boto3.client("secretsmanager", endpoint_url=aws, **KEYS)
    credentials = AwsCredentials(**KEYS, aws_client_parameters=AwsClientParameters(endpoint_url=aws))
    for name, value in SECRETS.items():
        client.create_secret(Name=f"llmops/{name}", SecretString=value)
        AwsSecret(aws_credentials=credentials, secret_name=f"llmops/{name}").save(name, overwrite=True)
    AwsSecret(aws_credentials=credentials, secret_name="llmops/nothing").save("nothing", overwrite=True)


def test_a_model_is_asked_with_the_key_of_secrets_manager(openai: OpenAIStub) -> None:
    OpenAICompatibleModels(base_url=openai.url, aws_secret="aws-secret/openai").save("by-aws", overwrite=True)
    LLMOpsPlatform(providers=["llmops-openai-compatible-models/by-aws"]).save("by-aws", overwrite=True)
    platform = resolve_platform("by-aws")
    assert isinstance(platform, ResolvedPlatform)
    assert platform.secrets() == ("sk-of-secrets-manager",)
    generator: Any = pickle.loads(pickle.dumps(platform)).chat_generator(LlmConfig(model="openai/stub-chat"))
    generator.run("Leave is 27 days.\nHow long is leave?")
    assert openai.requests[-1].headers["Authorization"] == "Bearer sk-of-secrets-manager"
    assert "secrets-manager" not in f"{platform!r} {platform}"


def test_of_several_entries_the_one_named_as_the_field_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.setenv(name, "another")
    assert WeaviateStore(url="https://x.weaviate.cloud", cloud=True, aws_secret="aws-secret/weaviate").key() == (
        "weaviate-of-secrets-manager"
    )
    MLflowTracking(uri="http://mlflow:5000", username="llmops", aws_secret="aws-secret/mlflow").connect()
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "mlflow-of-secrets-manager"
    assert "MLFLOW_TRACKING_TOKEN" not in os.environ


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("aws-secret/absent", r"aws_secret of llmops-.*'aws-secret/absent', which does not exist.*aws-secret/openai"),
        ("aws-secret/nothing", r"'llmops/nothing', which cannot be read.*ResourceNotFoundException"),
        ("aws-secret/other", r"has no entry 'api_key'; it has key$"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named_when_the_platform_is_resolved(slug: str, message: str) -> None:
    OpenAICompatibleModels(aws_secret=slug).save("wrong", overwrite=True)
    with pytest.raises(ConfigurationError, match=message) as failed:
        resolve_slug("llmops-openai-compatible-models/wrong", OpenAICompatibleModels, "providers")
    assert failed.value.exit_code == 2
    assert "nobody-may-see" not in f"{failed.value!r} {failed.value.hint}"


def test_an_unreachable_secrets_manager_is_an_error_without_the_keys() -> None:
    nowhere = AwsClientParameters(endpoint_url="http://127.0.0.1:9")
    credentials = AwsCredentials(**KEYS, aws_client_parameters=nowhere)
    AwsSecret(aws_credentials=credentials, secret_name="x").save("unreachable", overwrite=True)
    with pytest.raises(ConfigurationError, match="cannot be read") as failed:
        OpenAICompatibleModels(aws_secret="aws-secret/unreachable").key()
    assert "testing-secret" not in str(failed.value)


@pytest.mark.parametrize(
    "block",
    [
        lambda: OpenAICompatibleModels(api_key="sk", aws_secret="aws-secret/openai"),
        lambda: MLflowTracking(uri="http://x", token="t", aws_secret="aws-secret/mlflow"),
        lambda: OpenAICompatibleModels(aws_secret="llmops-local-models/openai"),
    ],
)
def test_one_place_holds_the_key(block: Any) -> None:
    with pytest.raises(ValidationError, match=r"not both|aws_secret"):
        block()


def test_a_key_in_the_block_needs_no_aws() -> None:
    holder: KeyHolder = OpenAICompatibleModels(api_key="sk-in-the-block")
    assert holder.key() == "sk-in-the-block"
    assert OpenAICompatibleModels().key() is None
