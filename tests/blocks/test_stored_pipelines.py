"""Pipelines over blocks as YAML: credentials stay with the blocks, and are found again by their slugs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from haystack import Pipeline
from haystack.core.errors import DeserializationError

from blocks.environment import providers_of_environment
from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from blocks.weaviate import WeaviateStore
from flows.ingest import synchronise
from tasks_lib.assistant.answering.assistant import Assistant
from tasks_lib.assistant.contract.answer import Message
from tasks_lib.assistant.pipeline import assistant_pipeline
from tasks_lib.assistant.retrieval.pipeline import search_pipeline
from tasks_lib.assistant.stores.lancedb.document_store import LanceDBDocumentStore
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tests.stubs.fresh import run_given_back
from tests.stubs.openai_api import OpenAIStub

ALLOWED = ["tasks_lib.*", "blocks.*"]
KEY = "s3cr3t-of-the-bucket"
OTHERS = ("personal_data", "secrets", "injection", "grounding", "length", "output_schema")
QUESTION = "How many days of annual leave do employees get?"


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIStub]:
    with OpenAIStub() as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        yield stub


def test_an_assistant_with_a_model_answers_in_a_fresh_process(openai: OpenAIStub, home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEmployees get 27 days of annual leave in each calendar year.\n")
    settings = Settings.model_validate(
        {
            "ingest": {"source": str(folder)},
            "llm": {"model": "openai/stub-chat"},
            "refusal": {"threshold": 0.1},
            "guardrails": {
                **{name: {"enabled": False} for name in OTHERS},
                "topics": {"confirm": True, "forbidden": {"pay": ["What do I earn?"]}},
            },
        }
    )
    rag = settings.rag
    platform = ResolvedPlatform("test", tuple(providers_of_environment()), LanceDBStore())
    synchronise(platform, settings)
    pipeline = assistant_pipeline(platform, rag)
    assert "sk-secret" not in pipeline.dumps()
    expected = Assistant(pipeline).answer([Message(role="user", content=QUESTION)]).payload()
    assert "27 days" in expected["response"]
    assert run_given_back(pipeline, tmp_path, QUESTION) == expected


@pytest.mark.flow
@pytest.mark.usefixtures("prefect_harness", "home")
def test_options_of_an_object_store_are_read_from_the_saved_block() -> None:
    store = LanceDBStore(uri="s3://bucket/indexes", storage_options={"aws_secret_access_key": KEY})
    store.save("pipelines", overwrite=True)
    text = search_pipeline(ResolvedPlatform("test", (), store), RagConfig()).dumps()
    assert KEY not in text
    assert "llmops-lancedb-store/pipelines" in text
    pipeline = Pipeline.loads(text, allowed_modules=ALLOWED)
    keyword = pipeline.get_component("keyword").document_store
    assert isinstance(keyword, LanceDBDocumentStore)
    assert keyword.storage_options["aws_secret_access_key"].resolve_value() == KEY
    assert pipeline.to_dict()["components"] == yaml.safe_load(text)["components"]


def test_a_block_that_cannot_be_found_again_gives_no_credentials_away(home: Home) -> None:
    unsaved = LanceDBStore(uri="s3://bucket/indexes", storage_options={"aws_secret_access_key": KEY})
    for store in (unsaved, WeaviateStore(url="http://localhost:1", api_key=KEY)):
        pipeline = search_pipeline(ResolvedPlatform("test", (), store), RagConfig())
        with pytest.raises(Exception, match=r"token|credentials") as refused:
            pipeline.dumps()
        assert KEY not in str(refused.value)


def test_an_environment_that_names_no_server_any_more_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from blocks.environment import store_of_environment

    monkeypatch.setenv("WEAVIATE_URL", "http://localhost:1")
    store = store_of_environment()
    assert store is not None
    text = search_pipeline(ResolvedPlatform("test", (), store), RagConfig()).dumps()
    monkeypatch.delenv("WEAVIATE_URL")
    with pytest.raises(DeserializationError, match="environment/weaviate"):
        Pipeline.loads(text, allowed_modules=ALLOWED)
