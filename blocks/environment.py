"""What fills the roles that a platform leaves empty: environment variables, read as the tools themselves read them.

| role | variables | block |
|---|---|---|
| provider `openai` | `OPENAI_API_KEY`, `OPENAI_BASE_URL` | `OpenAICompatibleModels` |
| provider `ollama` | `OLLAMA_HOST` | `OllamaModels` |
| provider `bedrock` | `AWS_REGION` or `AWS_DEFAULT_REGION`; credentials as boto3 finds them | `BedrockModels` |
| index | `WEAVIATE_URL`, `WEAVIATE_API_KEY`, `WEAVIATE_GRPC_PORT`, `WEAVIATE_STRICT_ACCESS` | `WeaviateStore` |
| tracking | `MLFLOW_TRACKING_URI`; credentials stay in the environment | `MLflowTracking` |
| API keys | `LLMOPS_KEYS_SECRET`, see :mod:`blocks.key_stores` | none |
"""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr, ValidationError

from blocks.base import PlatformBlock
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from blocks.provider import ModelProvider
    from blocks.tracking import MLflowTracking
    from blocks.weaviate import WeaviateStore

ENVIRONMENT = "environment"

AnyBlock = TypeVar("AnyBlock", bound=PlatformBlock)


def providers_of_environment() -> "list[ModelProvider]":
    """One provider for each service that the environment names."""
    return list(_providers(os.environ))


def _providers(environment: Mapping[str, str]) -> "Iterator[ModelProvider]":
    key, base_url = environment.get("OPENAI_API_KEY"), environment.get("OPENAI_BASE_URL")
    if key or base_url:
        from blocks.openai import OpenAICompatibleModels

        secret = SecretStr(key) if key else None
        yield _built(OpenAICompatibleModels, "openai", "OPENAI_BASE_URL", base_url=base_url, api_key=secret)
    if host := environment.get("OLLAMA_HOST"):
        from blocks.ollama import OllamaModels

        url = host if "://" in host else f"http://{host}"
        yield _built(OllamaModels, "ollama", "OLLAMA_HOST", url=url)
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if region:
        from blocks.bedrock import BedrockModels

        yield _built(BedrockModels, "bedrock", "AWS_REGION", region=region)


def store_of_environment() -> "WeaviateStore | None":
    """The Weaviate server that `WEAVIATE_URL` names."""
    url = os.environ.get("WEAVIATE_URL")
    if not url:
        return None
    from blocks.weaviate import WeaviateStore

    key = os.environ.get("WEAVIATE_API_KEY")
    return _built(
        WeaviateStore,
        "weaviate",
        "WEAVIATE_URL",
        url=url,
        api_key=SecretStr(key) if key else None,
        cloud=url.rstrip("/").endswith((".weaviate.cloud", ".weaviate.network")),
        grpc_port=os.environ.get("WEAVIATE_GRPC_PORT", "50051"),
        strict_access=os.environ.get("WEAVIATE_STRICT_ACCESS") or False,
    )


def tracking_of_environment() -> "MLflowTracking | None":
    """The MLflow server that `MLFLOW_TRACKING_URI` names."""
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        return None
    from blocks.tracking import MLflowTracking

    return _built(MLflowTracking, "mlflow", "MLFLOW_TRACKING_URI", uri=uri)


def _built(kind: type[AnyBlock], name: str, variable: str, **fields: object) -> AnyBlock:
    """An unsaved block with a slug such as `environment/openai`."""
    try:
        block = kind(**fields)
    except ValidationError as error:
        problem = "; ".join(
            f"{detail['loc'][-1] if detail['loc'] else name}: {detail['msg']}" for detail in error.errors()
        )
        raise ConfigurationError(
            f"the environment does not describe a usable {name}: {problem}", hint=f"Correct or unset {variable}."
        ) from None
    block.set_origin(f"{ENVIRONMENT}/{name}")
    return block
