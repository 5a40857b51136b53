"""What only Bedrock does: embedder families, event streams, roles, and its own errors."""

import asyncio
import os
from typing import Any

import pytest
from haystack.dataclasses import ChatMessage
from prefect_aws import AwsCredentials
from prefect_aws.assume_role_parameters import AssumeRoleParameters

from blocks.bedrock import BedrockModels
from blocks.chat_generator import chat_generator_of
from blocks.embedder import embedder_of
from tasks_lib.config.rag import LlmConfig
from tasks_lib.errors import ConfigurationError, LlmopsError, ProviderError
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.services import bedrock_models

MODEL = LlmConfig(model="bedrock/anthropic.claude-stub-v1:0")
QUESTION = [ChatMessage.from_user("Leave is 27 days.\nHow long is leave?")]


def run(models: BedrockModels, **inputs: Any) -> ChatMessage:
    generator: Any = chat_generator_of(models, MODEL)
    reply: ChatMessage = generator.run(QUESTION, **inputs)["replies"][0]
    return reply


def test_titan_is_called_text_by_text_and_cohere_in_batches(bedrock: BedrockStub) -> None:
    models = bedrock_models(bedrock)
    embedder_of(models, "amazon.titan-embed-text-v2:0").embed(["one", "two", "three"])
    embedder_of(models, "cohere.embed-english-v3").embed(["one", "two", "three"])
    assert [len(body.get("texts", [1])) for body in bedrock.bodies("/invoke")] == [1, 1, 1, 3]


def test_cohere_is_told_questions_from_documents(bedrock: BedrockStub) -> None:
    embedder: Any = embedder_of(bedrock_models(bedrock), "cohere.embed-english-v3")
    embedder.embed(["a document"])
    embedder.embed_query("a question")
    assert [body["input_type"] for body in bedrock.bodies("/invoke")] == ["search_document", "search_query"]


def test_an_embedder_of_another_family_is_refused_before_any_call(bedrock: BedrockStub) -> None:
    with pytest.raises(ConfigurationError, match="only Titan and Cohere"):
        embedder_of(bedrock_models(bedrock), "twelvelabs.marengo-embed-2-7-v1:0")
    assert bedrock.requests == []


@pytest.mark.parametrize(
    ("word", "hint"),
    [("denied", "enable the model"), ("expired", "Renew the credentials"), ("unknown-model", "model id")],
)
def test_refusals_are_configuration_errors_with_a_way_out(bedrock: BedrockStub, word: str, hint: str) -> None:
    bedrock.script.append(word)
    with pytest.raises(ConfigurationError) as failed:
        run(bedrock_models(bedrock))
    assert hint in failed.value.hint
    assert failed.value.exit_code == 2


def test_a_stream_that_breaks_halfway_is_not_started_again(bedrock: BedrockStub) -> None:
    bedrock.script.append("throttle-stream")
    chunks: list[str] = []
    with pytest.raises(ProviderError):
        run(bedrock_models(bedrock), streaming_callback=lambda chunk: chunks.append(chunk.content))
    assert "".join(chunks).strip() == "Leave"
    assert len(bedrock.requests) == 1


def test_a_stream_that_drips_ends_at_the_deadline(bedrock: BedrockStub) -> None:
    bedrock.script.append("slow-stream")
    with pytest.raises(ProviderError, match="no answer"):
        run(bedrock_models(bedrock, request_timeout_seconds=0.5), streaming_callback=lambda chunk: None)


def test_the_session_token_is_blanked_in_errors_that_repeat_it(bedrock: BedrockStub) -> None:
    token = "session-token-that-nobody-may-see"
    credentials = AwsCredentials(
        aws_access_key_id="AKIA", aws_secret_access_key="x" * 20, aws_session_token=token, region_name="eu-central-1"
    )
    models = BedrockModels(credentials=credentials, endpoint_url=bedrock.url)
    bedrock.script.append("expired")
    bedrock.echo_key = True
    with pytest.raises(LlmopsError) as failed:
        run(models)
    assert "***" in failed.value.message
    assert token not in f"{failed.value!r} {failed.value.__cause__!r} {models!r} {models}"


def test_a_region_that_does_not_exist_is_named() -> None:
    credentials = AwsCredentials(aws_access_key_id="AKIA", aws_secret_access_key="x" * 20)
    models = BedrockModels(credentials=credentials, region="mars-central-1", max_attempts=1, request_timeout_seconds=5)
    with pytest.raises(LlmopsError, match="mars-central-1"):
        run(models)


def test_without_region_nothing_is_called(bedrock: BedrockStub) -> None:
    models = BedrockModels(endpoint_url=bedrock.url)
    with pytest.raises(ConfigurationError, match="no region"):
        run(models)


def test_without_credentials_the_error_says_so(bedrock: BedrockStub) -> None:
    models = BedrockModels(endpoint_url=bedrock.url, region="eu-central-1")
    with pytest.raises(ConfigurationError, match="redentials"):
        run(models)
    with pytest.raises(ConfigurationError, match="no AWS credentials"):
        models.check()


def test_a_profile_that_does_not_exist_is_named(bedrock: BedrockStub) -> None:
    credentials = AwsCredentials(profile_name="nobody", region_name="eu-central-1")
    with pytest.raises(ConfigurationError, match="nobody"):
        run(BedrockModels(endpoint_url=bedrock.url, credentials=credentials))


@pytest.mark.parametrize(("seconds", "renewed"), [(3600, False), (900, True)])
def test_the_keys_of_a_role_are_kept_and_renewed_a_quarter_of_an_hour_before_they_expire(
    bedrock: BedrockStub, aws: str, monkeypatch: pytest.MonkeyPatch, seconds: int, renewed: bool
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws)
    credentials = AwsCredentials(
        aws_access_key_id="AKIA",
        aws_secret_access_key="x" * 20,
        region_name="eu-central-1",
        assume_role_arn="arn:aws:iam::123456789012:role/llmops",
        assume_role_kwargs=AssumeRoleParameters(DurationSeconds=seconds),
    )
    models = BedrockModels(credentials=credentials, endpoint_url=bedrock.url)
    generator: Any = chat_generator_of(models, MODEL)
    generator.run(QUESTION)
    asyncio.run(generator.run_async(QUESTION))
    generator.run(QUESTION)
    tokens = {request.headers["X-Amz-Security-Token"] for request in bedrock.requests}
    assert (len(tokens) > 1) == renewed
    assert "assume-role" in models.check()


def test_endpoints_of_other_services_are_left_alone(bedrock: BedrockStub) -> None:
    run(bedrock_models(bedrock))
    assert not [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]
