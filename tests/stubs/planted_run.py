"""A process that saves blocks with planted secrets, and uses them in a flow, successfully and not.

Standard input: JSON with `secrets` (ten texts), and the addresses `bedrock` and `openai` of the stubs.
"""

import json
import logging
import sys
from typing import Any

from haystack.dataclasses import ChatMessage
from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect_aws import AwsCredentials

from blocks.bedrock import BedrockModels
from blocks.documents import S3Documents
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.openai import OpenAICompatibleModels
from blocks.resolve import resolve_platform
from blocks.tracking import MLflowTracking
from blocks.weaviate import WeaviateStore
from tasks_lib.config.rag import LlmConfig
from tasks_lib.platform import Platform

QUESTION = [ChatMessage.from_user("Leave is 27 days.\nHow long is leave?")]
NOWHERE = "http://127.0.0.1:9"


def save(given: dict[str, Any]) -> None:
    """Ten secrets in the blocks of two platforms."""
    secret = given["secrets"]
    keys = AwsCredentials(
        aws_access_key_id="AKIA",
        aws_secret_access_key=secret[0],
        aws_session_token=secret[1],
        region_name="eu-central-1",
    )
    other_keys = AwsCredentials(aws_access_key_id="AKIA", aws_secret_access_key=secret[2], region_name="eu-central-1")
    fast: dict[str, Any] = {"max_attempts": 1, "request_timeout_seconds": 10}
    BedrockModels(credentials=keys, endpoint_url=given["bedrock"], **fast).save("planted")
    OpenAICompatibleModels(base_url=given["openai"], api_key=secret[3], **fast).save("planted")
    OpenAICompatibleModels(provider="gone", base_url=NOWHERE, api_key=secret[4], **fast).save("gone")
    WeaviateStore(url=NOWHERE, grpc_port=10, api_key=secret[5], headers={"X-Key": secret[6]}).save("planted")
    LanceDBStore(storage_options={"aws_secret_access_key": secret[7]}).save("planted")
    MLflowTracking(uri=NOWHERE, token=secret[8]).save("planted")
    MLflowTracking(uri=NOWHERE, username="user", password=secret[9]).save("other")
    S3Documents(bucket="documents", credentials=other_keys, endpoint_url=NOWHERE).save("planted")
    providers = [f"llmops-{name}" for name in ("bedrock-models/planted", "openai-compatible-models/planted")]
    LLMOpsPlatform(
        providers=[*providers, "llmops-openai-compatible-models/gone"],
        index="llmops-lancedb-store/planted",
        tracking="llmops-mlflow-tracking/planted",
        documents="llmops-s3-documents/planted",
    ).save("planted")
    LLMOpsPlatform(index="llmops-weaviate-store/planted", tracking="llmops-mlflow-tracking/other").save("other")


@task(cache_policy=NO_CACHE)
def answer(platform: Platform, model: str) -> str:
    """Ask a model, and log what a careless author would."""
    get_run_logger().info("asking %s of %r", model, platform)
    generator: Any = platform.chat_generator(LlmConfig(model=model))
    reply: str = generator.run(QUESTION)["replies"][0].text
    return reply


@task(cache_policy=NO_CACHE)
def fail(platform: Platform) -> None:
    """Reach for what is not there."""
    get_run_logger().info("listing the indexes of %s", platform)
    platform.indexes()


@task(cache_policy=NO_CACHE)
def embed(platform: Platform, model: str) -> int:
    """Embed with a model."""
    return len(platform.embedder(model).embed(["leave"])[0])


@flow
def planted(platform: str) -> None:
    """Succeed once with each provider, then fail in every way."""
    place = resolve_platform(platform)
    place.tracking_uri()
    models = ["bedrock/claude", "openai/stub-chat"]
    replies = [answer(place, model) for model in models]
    get_run_logger().info("answered %s", replies)
    failures = [answer.submit(place, model) for model in [*models, "gone/model"]]
    failures.append(embed.submit(place, "openai/stub-embed"))
    failures.append(fail.submit(resolve_platform("other")))
    for failure in failures:
        state = failure.wait() or failure.state
        if not state.is_failed():
            sys.exit("a call that must fail did not")
    # an exception that leaves the flow is logged and stored with its traceback
    failures[0].result()


def main() -> int:
    """Run the flow, which fails in the end; the exit code is 0 if it did."""
    logging.basicConfig(level=logging.DEBUG)
    save(json.load(sys.stdin))
    state: Any = planted("planted", return_state=True)
    sys.stdout.write(f"{state!r}\n{resolve_platform('planted')!r}\n")
    return 0 if state.is_failed() else 1


if __name__ == "__main__":
    sys.exit(main())
