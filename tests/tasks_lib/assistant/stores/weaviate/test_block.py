"""A platform whose index is on a real Weaviate server, by its block."""

from pathlib import Path

import pytest

from blocks.platform import ResolvedPlatform
from blocks.weaviate import WeaviateStore
from flows.ingest import synchronise
from tasks_lib.assistant.retrieval.search import search
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home


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


def test_a_wrong_key_in_the_block_is_named(server: WeaviateConnection, home: Home) -> None:
    with pytest.raises(ConfigurationError, match="refuses the key"):
        store_of(server, api_key="another-key").check(home)
