"""From names to platforms, on a real Prefect server."""

import asyncio
import logging
import pickle
import subprocess
import sys
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.utilities.dispatch import get_registry_for_type
from prefect_aws import AwsCredentials

from blocks.bedrock import BedrockModels
from blocks.collection import BLOCKS, register_blocks
from blocks.documents import FolderDocuments, S3Documents
from blocks.git_documents import GitDocuments
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.ollama import OllamaModels
from blocks.openai import OpenAICompatibleModels
from blocks.platform import ResolvedPlatform
from blocks.resolve import resolve_platform
from blocks.tracking import MLflowTracking
from blocks.weaviate import WeaviateStore
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.rag import LlmConfig, RagConfig
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home
from tasks_lib.ingestion.sources.open import open_source

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_harness", "home")]


def saved(block: Block, name: str) -> None:
    block.save(name, overwrite=True)


def resolved(name: str, **roles: Any) -> ResolvedPlatform:
    saved(LLMOpsPlatform(**roles), name)
    platform = resolve_platform(name)
    assert isinstance(platform, ResolvedPlatform)
    return platform


@pytest.fixture(scope="module", autouse=True)
def _blocks(prefect_harness: None) -> None:
    credentials = AwsCredentials(
        aws_access_key_id="AKIA", aws_secret_access_key="very-secret", aws_session_token="a-token", region_name="eu-x-1"
    )
    saved(BedrockModels(credentials=credentials, max_attempts=7), "prod")
    saved(OpenAICompatibleModels(api_key="sk-very-secret", base_url="http://vllm/v1", provider="vllm"), "gpu")
    saved(OpenAICompatibleModels(api_key="sk-other", provider="vllm"), "twin")
    saved(MLflowTracking(uri="http://mlflow:5000", token="mlflow-very-secret"), "prod")
    saved(LanceDBStore(storage_options={"aws_secret_access_key": "lance-very-secret"}), "prod")
    saved(WeaviateStore(url="http://weaviate:8080", api_key="weaviate-very-secret", headers={"X": "header"}), "prod")
    saved(GitDocuments(repository="https://git.acme.com/wiki.git", token="git-very-secret"), "wiki")
    saved(S3Documents(bucket="documents", prefix="handbook/", credentials=credentials), "handbook")


def test_blocks_come_back_as_they_were_saved_with_their_secrets(home: Home) -> None:
    platform = resolved(
        "full",
        providers=["llmops-bedrock-models/prod", "llmops-openai-compatible-models/gpu"],
        judge="vllm/judge",
        index="llmops-weaviate-store/prod",
        tracking="llmops-mlflow-tracking/prod",
        documents="llmops-s3-documents/handbook",
        sources=["llmops-git-documents/wiki"],
    )
    bedrock, vllm = platform.providers
    assert isinstance(bedrock, BedrockModels)
    assert bedrock.max_attempts == 7
    assert bedrock.secrets() == ("very-secret", "a-token")
    assert vllm.secrets() == ("sk-very-secret",)
    assert bedrock.slug == "llmops-bedrock-models/prod"
    assert isinstance(platform.store, WeaviateStore)
    assert platform.store.get_connection().headers == {"X": "header"}
    assert isinstance(platform, Platform)
    assert platform.judge() is not None
    assert open_source(platform.documents(None)).uri == "s3://documents/handbook"
    wiki = platform.documents("git+https://git.acme.com/wiki.git@main")
    assert wiki.options is not None
    assert wiki.options()["password"] == "git-very-secret"
    assert "git-very-secret" in platform.secrets()


def test_a_platform_crosses_a_process_and_shows_no_secret(home: Home) -> None:
    platform = resolved(
        "crossing",
        providers=["llmops-bedrock-models/prod", "llmops-openai-compatible-models/gpu"],
        index="llmops-lancedb-store/prod",
        tracking="llmops-mlflow-tracking/prod",
    )
    again = pickle.loads(pickle.dumps(platform))
    assert again.providers[0].secrets() == ("very-secret", "a-token")
    shown = f"{platform!r} {platform} {again.providers!r}"
    assert "very-secret" not in shown
    assert "a-token" not in shown


def test_empty_roles_fall_to_the_package_and_the_log_says_so(caplog: pytest.LogCaptureFixture, home: Home) -> None:
    with caplog.at_level(logging.INFO, "blocks.resolve"):
        platform = resolved("empty")
    assert platform.tracking is None
    assert platform.home == home
    assert platform.indexes() == []
    assert platform.embedder("local/all-MiniLM-L6-v2").dimension == 384
    assert platform.chat_generator(LlmConfig()) is None
    assert platform.judge() is None
    assert len(list(open_source(platform.documents(None)).files())) >= 15
    assert caplog.text.count("by the package") == 4


def test_empty_roles_fall_to_the_environment_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment = {
        "OPENAI_API_KEY": "sk-of-the-environment",
        "OLLAMA_HOST": "gpu:11434",
        "AWS_REGION": "eu-central-1",
        "WEAVIATE_URL": "http://weaviate:8080",
        "MLFLOW_TRACKING_URI": "http://mlflow:5000",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.INFO, "blocks.resolve"):
        platform = resolved("by-environment")
    assert [provider.slug for provider in platform.providers] == [
        "environment/openai",
        "environment/ollama",
        "environment/bedrock",
    ]
    assert isinstance(platform.providers[1], OllamaModels)
    assert platform.providers[1].url == "http://gpu:11434"
    assert isinstance(platform.store, WeaviateStore)
    assert platform.tracking_uri() == "http://mlflow:5000"
    assert caplog.text.count("by the environment") == 5
    assert "sk-of-the-environment" not in caplog.text


def test_what_the_platform_names_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:5000")
    platform = resolved("named", providers=["llmops-bedrock-models/prod"], tracking="llmops-mlflow-tracking/prod")
    assert [provider.provider for provider in platform.providers] == ["bedrock"]
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "another")
    assert platform.tracking_uri() == "http://mlflow:5000"


def test_an_unknown_platform_is_refused_with_those_that_exist() -> None:
    resolved("one-that-exists")
    with pytest.raises(ConfigurationError, match=r"'nowhere'.*local.*one-that-exists"):
        resolve_platform("nowhere")
    with pytest.raises(ConfigurationError, match="no name"):
        resolve_platform("No Name!")


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"providers": ["llmops-bedrock-models/nothing"]}, r"nothing.*does not exist.*llmops-bedrock-models/prod"),
        ({"index": "llmops-lancedb-store/nothing"}, r"nothing.*does not exist.*llmops-lancedb-store/prod"),
        ({"index": "llmops-mlflow-tracking/prod"}, r"is a LLMOps MLflow tracking.*llmops-lancedb-store"),
        ({"tracking": "llmops-bedrock-models/prod"}, r"is a LLMOps Bedrock models.*llmops-mlflow-tracking"),
        ({"documents": "no-such-type/x"}, r"does not exist"),
        ({"judge": "nobody/model"}, r"no provider 'nobody'"),
        (
            {"providers": ["llmops-openai-compatible-models/gpu", "llmops-openai-compatible-models/twin"]},
            r"two providers called 'vllm'",
        ),
    ],
)
def test_what_a_platform_names_wrongly_is_said_with_what_exists(roles: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as failed:
        resolved("wrong", **roles)
    assert failed.value.exit_code == 2
    assert failed.value.hint


def test_a_corrupt_block_is_refused_without_showing_it() -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import BlockDocumentUpdate

    saved(OpenAICompatibleModels(api_key="sk-very-secret"), "corrupt")
    with get_client(sync_client=True) as client:
        document = client.read_block_document_by_name("corrupt", "llmops-openai-compatible-models")
        broken = {"base_url": {"very-secret": 1}, "api_key": "sk-very-secret"}
        client.update_block_document(document.id, BlockDocumentUpdate(data=broken, merge_existing_data=False))
    with pytest.raises(ConfigurationError, match=r"corrupt.*cannot be read: base_url") as failed:
        resolved("broken", providers=["llmops-openai-compatible-models/corrupt"])
    assert "very-secret" not in f"{failed.value.message} {failed.value.hint}"


def test_a_model_that_the_platform_cannot_supply_is_refused_with_its_providers() -> None:
    platform = resolved("one-provider", providers=["llmops-bedrock-models/prod"])
    for ask in (
        lambda: platform.chat_generator(LlmConfig(model="openai/gpt")),
        lambda: platform.embedder("openai/text-embedding-3-small"),
    ):
        with pytest.raises(ConfigurationError, match=r"no provider 'openai'.*llmops-bedrock-models/prod.*local"):
            ask()


def test_resolving_in_a_thread_of_an_event_loop_is_the_same() -> None:
    resolved("looped", providers=["llmops-bedrock-models/prod"])

    async def both() -> list[Platform]:
        return await asyncio.gather(*(asyncio.to_thread(resolve_platform, name) for name in ("looped", "local")))

    found, local = asyncio.run(both())
    assert isinstance(found, ResolvedPlatform)
    assert found.providers[0].slug == "llmops-bedrock-models/prod"
    assert local.name == "local"


def test_an_index_of_the_platform_is_the_one_of_its_store(home: Home) -> None:
    index = resolved("indexed").index(RagConfig())
    assert (index.name, index.exists()) == (RagConfig().index_name, False)


def test_all_types_are_registered_with_forms_that_read_well() -> None:
    from prefect.client.orchestration import get_client

    assert set(register_blocks()) == {block.get_block_type_slug() for block in BLOCKS}
    with get_client(sync_client=True) as client:
        for block in BLOCKS:
            kind = client.read_block_type_by_slug(block.get_block_type_slug())
            assert kind.name.startswith("LLMOps ")
            assert kind.description
            assert kind.documentation_url
            assert "import" in (kind.code_example or "")
            for name, shown in block.model_json_schema()["properties"].items():
                assert shown.get("title"), f"{kind.slug}.{name}"
                assert shown.get("description"), f"{kind.slug}.{name}"


def test_local_imports_no_prefect() -> None:
    code = (
        "import sys; from blocks.resolve import resolve_platform; resolve_platform(); print('prefect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_folder_block_names_its_documents(tmp_path: Any) -> None:
    (tmp_path / "a.md").write_text("# A")
    (tmp_path / "b.txt").write_text("b")
    saved(FolderDocuments(path=str(tmp_path), include=["*.md"]), "folder")
    platform = resolved("foldered", documents="llmops-folder-documents/folder")
    assert [file.path for file in open_source(platform.documents(None)).files()] == ["a.md"]
    assert [file.path for file in open_source(platform.documents(None, ("*.txt",))).files()] == ["b.txt"]


def test_a_server_offers_a_form_for_each_block_and_for_no_base_of_them() -> None:
    registered = (get_registry_for_type(Block) or {}).values()
    assert {block for block in registered if block.__module__.startswith("blocks.")} == set(BLOCKS)
