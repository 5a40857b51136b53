"""`llmops doctor` finds what is wrong, part by part."""

from pathlib import Path

import pytest

from blocks.lancedb import LanceDBStore
from blocks.platform import ResolvedPlatform
from blocks.tracking import MLflowTracking
from flows import doctor as room
from flows.doctor import Check, doctor
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.ingestion.chunk import Chunk
from tests.stubs.bedrock_api import BedrockStub
from tests.stubs.services import bedrock_models

LLM = {"llm": {"model": "bedrock/claude-stub"}, "embedder": "bedrock/amazon.titan-embed-text-v2:0"}


def checks(monkeypatch: pytest.MonkeyPatch, platform: ResolvedPlatform, **settings: object) -> dict[str, Check]:
    """All rows but those that start MLflow or Prefect."""
    monkeypatch.setattr(room, "resolve_platform", lambda name: platform)
    monkeypatch.setattr(room, "key_store", lambda name: KeyFile(platform.home.api_keys))
    monkeypatch.setattr(room, "_prefect", lambda: "not asked here")
    monkeypatch.setattr(room, "_tracking", lambda platform, settings: "not asked here")
    monkeypatch.setattr(room, "_production", lambda platform, settings: "not asked here")
    found = doctor(Settings.model_validate(settings), "test").checks
    assert len({check.name for check in found}) == len(found)
    return {check.name: check for check in found}


def test_a_platform_that_works_is_all_right_but_for_what_is_not_there_yet(
    monkeypatch: pytest.MonkeyPatch, home: Home
) -> None:
    with BedrockStub() as stub:
        platform = ResolvedPlatform("test", (bedrock_models(stub),), LanceDBStore(), judge_model="bedrock/judge")
        found = checks(monkeypatch, platform, **LLM)
    assert {name for name, check in found.items() if not check.ok} == {"index"}
    assert "llmops ingest" in found["index"].hint
    assert "eu-central-1" in found["provider bedrock"].detail
    assert "tokens in" in found["language model bedrock/claude-stub"].detail
    assert "1024 dimensions" in found["embedder"].detail
    assert found["keys"].detail == f"0 valid API keys in the file '{home.api_keys}'"


def test_a_list_of_keys_that_is_broken_has_its_row(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    home.api_keys.write_text("{")
    found = checks(monkeypatch, ResolvedPlatform("test", (), LanceDBStore()))["keys"]
    assert not found.ok
    assert "is broken" in found.detail
    assert "llmops keys create NAME" in found.hint


def test_every_fault_has_its_row_with_a_way_out_and_no_secret(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    with BedrockStub(*["expired"] * 9) as stub:
        tracking = MLflowTracking(uri="http://127.0.0.1:9", token="tracking-secret")
        platform = ResolvedPlatform("test", (bedrock_models(stub),), LanceDBStore(), tracking, judge_model="gone/model")
        found = checks(monkeypatch, platform, **LLM, ingest={"source": "/no/such/folder"})
    broken = {name for name, check in found.items() if not check.ok}
    expected = {"tracking server", "documents", "embedder", "index", "language model bedrock/claude-stub", "judge"}
    assert expected == broken
    assert all(found[name].hint for name in broken)
    shown = " ".join(f"{check.detail} {check.hint}" for check in found.values())
    assert "tracking-secret" not in shown
    assert "stub-secret-access-key" not in shown


def test_an_embedder_that_does_not_fit_the_index_is_found(
    monkeypatch: pytest.MonkeyPatch, home: Home, tmp_path: Path
) -> None:
    with BedrockStub() as stub:
        platform = ResolvedPlatform("test", (bedrock_models(stub),), LanceDBStore())
        settings = Settings.model_validate(LLM)
        index = LanceDBStore().index(settings.index_name, home, dimension=lambda: 8)
        chunk = Chunk("file:///x", "a.md", "leave", 0, 5, "h").to_document([1.0] + [0.0] * 7)
        index.replace("file:///x", ["a.md"], [chunk])
        index.commit()
        found = checks(monkeypatch, platform, **LLM)
    assert not found["index"].ok
    assert "8 dimensions" in found["index"].detail
    assert "1024" in found["index"].detail


def test_models_of_the_fallback_have_rows_of_their_own(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    with BedrockStub("unknown-model") as stub:
        platform = ResolvedPlatform("test", (bedrock_models(stub),), LanceDBStore())
        llm = {"model": "local/extractive", "fallback": ["bedrock/nothing", "openai/gone"]}
        found = checks(monkeypatch, platform, llm=llm)
    assert found["language model local/extractive"].ok
    assert "model id" in found["language model bedrock/nothing"].hint
    assert "no provider 'openai'" in found["language model openai/gone"].detail
