"""Blocks of providers on their stubs, behind the real clients and the real Haystack integrations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect_aws import AwsCredentials

from blocks.bedrock import BedrockModels
from blocks.ollama import OllamaModels
from blocks.openai import OpenAICompatibleModels
from blocks.provider import ModelProvider
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.ollama_api import OllamaStub
from tests.stubs.openai_api import OpenAIStub
from tests.stubs.server import StubServer

FAST = {"request_timeout_seconds": 20.0}


def bedrock_models(stub: StubServer, **fields: Any) -> BedrockModels:
    credentials = AwsCredentials(
        aws_access_key_id="AKIASTUB", aws_secret_access_key="stub-secret-access-key", region_name="eu-central-1"
    )
    return BedrockModels(credentials=credentials, endpoint_url=stub.url, **(FAST | fields))


def openai_models(stub: StubServer, **fields: Any) -> OpenAICompatibleModels:
    return OpenAICompatibleModels(base_url=stub.url, api_key="stub-openai-key", **(FAST | fields))


def ollama_models(stub: StubServer, **fields: Any) -> OllamaModels:
    return OllamaModels(url=stub.url, **(FAST | fields))


@dataclass(frozen=True)
class Service:
    """A provider's stub, how to build its block, and the words of its script."""

    stub: StubServer
    build: Callable[..., ModelProvider]
    chat_model: str
    embedder: str
    dimension: int
    passing: str
    permanent: str
    refusing_schemas: str

    def models(self, **fields: Any) -> ModelProvider:
        return self.build(self.stub, **fields)


SERVICES: dict[str, Callable[[], Service]] = {
    "bedrock": lambda: Service(
        BedrockStub(),
        bedrock_models,
        "bedrock/anthropic.claude-stub-v1:0",
        "amazon.titan-embed-text-v2:0",
        1024,
        "throttle",
        "unknown-model",
        "invalid",
    ),
    "openai": lambda: Service(
        OpenAIStub(), openai_models, "openai/stub-chat", "stub-embed", 256, "throttle", "unknown-model", "no-schemas"
    ),
    "ollama": lambda: Service(
        OllamaStub(), ollama_models, "ollama/stub-chat", "stub-embed", 128, "busy", "unknown-model", "no-schemas"
    ),
}
