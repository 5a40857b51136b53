"""A platform whose index is on a real Weaviate server, by its block."""

from pathlib import Path

import pytest
from haystack import Pipeline

from blocks.environment import store_of_environment
from blocks.platform import ResolvedPlatform
from blocks.weaviate import WeaviateStore
from flows.ingest import synchronise
from tasks_lib.assistant.contract.access import member_of
from tasks_lib.assistant.retrieval.pipeline import search_pipeline
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home
from tests.stubs.fresh import run_given_back


def store_of(server: WeaviateConnection, **fields: object) -> WeaviateStore:
    given = {"url": server.url, "grpc_port": server.grpc_port, "api_key": server.api_key, **fields}
    return WeaviateStore.model_validate(given)


def test_documents_are_ingested_found_and_updated_on_weaviate(
    server: WeaviateConnection, home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEmployees get 27 days of annual leave.\n")
    (folder / "lunch.md").write_text("# Lunch\n\nThe canteen opens at noon.\n")
    platform = ResolvedPlatform("test", (), store_of(server))
    settings = Settings.model_validate({"collection": "weaviate-block", "ingest": {"source": str(folder)}})
    index = platform.index(settings.rag)
    try:
        first = synchronise(platform, settings)
        again = synchronise(platform, settings)
        assert (first.added, again.added, again.unchanged, again.embedded_chunks) == (2, 0, 2, 0)
        assert again.index_version == first.index_version
        found = next(iter(search(platform, settings.rag, ["How many days of leave do employees get?"])))
        assert found[0].document == "leave.md"
        (folder / "lunch.md").unlink()
        assert synchronise(platform, settings).deleted == 1
        assert settings.index_name in platform.indexes()
        assert "Weaviate 1." in platform.store.check(home)
    finally:
        index.drop()


@pytest.mark.parametrize("strict", [False, True])
def test_who_may_see_a_document_comes_with_it_and_changes_without_embedding(
    server: WeaviateConnection, tmp_path: Path, strict: bool
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEmployees get 27 days of annual leave.\n")
    (folder / "board.md").write_text("# Leave of the board\n\nThe board gets 99 days of annual leave.\n")
    platform = ResolvedPlatform("test", (), store_of(server, strict_access=strict))
    settings = Settings.model_validate({"collection": "weaviate-access", "ingest": {"source": str(folder)}})
    index = platform.index(settings.rag)

    def found(*groups: str) -> set[str]:
        sources = next(iter(search(platform, settings.rag, ["annual leave"], caller=member_of(groups))))
        return {source.document for source in sources}

    try:
        (folder / ".llmopsaccess").write_text("board.md: hr\n")
        first = synchronise(platform, settings)
        assert (found(), found("hr")) == ({"leave.md"}, {"leave.md", "board.md"})
        (folder / ".llmopsaccess").write_text("leave.md: hr\n")
        second = synchronise(platform, settings)
        assert (found(), found("hr")) == ({"board.md"}, {"leave.md", "board.md"})
        assert (second.embedded_chunks, second.index_version) == (0, first.index_version)
        assert index.store.chunks.by_audience() is strict
    finally:
        index.drop()


def test_a_wrong_key_in_the_block_is_named(server: WeaviateConnection, home: Home) -> None:
    with pytest.raises(ConfigurationError, match="refuses the key"):
        store_of(server, api_key="another-key").check(home)


def test_in_a_fresh_process_the_yaml_of_a_search_finds_the_same(
    server: WeaviateConnection, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVIATE_URL", server.url)
    monkeypatch.setenv("WEAVIATE_API_KEY", str(server.api_key))
    monkeypatch.setenv("WEAVIATE_GRPC_PORT", str(server.grpc_port))
    store = store_of_environment()
    assert store is not None
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEmployees get 27 days of annual leave.\n\n# Lunch\n\nNoon.\n")
    platform = ResolvedPlatform("test", (), store)
    settings = Settings.model_validate(
        {"collection": "weaviate-yaml", "chunking": {"tokens": 16}, "ingest": {"source": str(folder)}}
    )
    index = platform.index(settings.rag)
    try:
        synchronise(platform, settings)
        pipeline = search_pipeline(platform, settings.rag)
        assert str(server.api_key) not in pipeline.dumps()
        expected = [source.model_dump(mode="json") for source in search(platform, settings.rag, ["annual leave"])[0]]
        assert expected
        assert run_given_back(pipeline, tmp_path, "annual leave") == expected
    finally:
        index.drop()


def test_a_server_without_a_key_is_in_the_yaml_itself(home: Home) -> None:
    platform = ResolvedPlatform("test", (), WeaviateStore(url="http://localhost:1", grpc_port=2))
    pipeline = search_pipeline(platform, Settings().rag)
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["tasks_lib.*"])
    assert again.to_dict()["components"] == pipeline.to_dict()["components"]
    assert again.get_component("keyword").document_store.connection == platform.store.get_connection()
