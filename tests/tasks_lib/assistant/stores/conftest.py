"""One behaviour, two stores: an index on LanceDB and one on a real Weaviate server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex
from tests.stubs.weaviate_server import weaviate_server

STORES = ("lancedb", "weaviate")
STRICT = "weaviate-strict"
"""With a tenant for each audience."""
Open = Callable[[], Index]
OpenReleased = Callable[[], Index]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateConnection]:
    """A real Weaviate server; skips without one."""
    with weaviate_server(tmp_path_factory.mktemp("weaviate")) as connection:
        yield connection


@pytest.fixture(params=STORES)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the test's own index anew, as another process would; it does not exist yet."""
    locks = tmp_path / "locks"
    if request.param == "lancedb":
        yield lambda: LanceDBIndex(str(tmp_path / "database"), "docs", 4, lock_folder=locks)
        return
    server: WeaviateConnection = request.getfixturevalue("server")
    name = f"documents__{request.node.name}__125-0-abcdef12"

    def opened() -> WeaviateIndex:
        return WeaviateIndex(server, name, 4, strict=request.param == STRICT, lock_folder=locks)

    opened().drop()
    yield opened
    opened().drop()


@pytest.fixture
def reopen_released(reopen: Open, request: pytest.FixtureRequest, tmp_path: Path) -> OpenReleased:
    """Opens the released state of the test's own index."""
    made = reopen()
    if isinstance(made, LanceDBIndex):
        return lambda: LanceDBIndex(
            str(tmp_path / "database"), made.name, released=True, lock_folder=tmp_path / "locks"
        )
    server: WeaviateConnection = request.getfixturevalue("server")
    return lambda: WeaviateIndex(server, made.name, released=True, lock_folder=tmp_path / "locks")


@pytest.fixture
def index(reopen: Open) -> Index:
    """An index that does not exist yet."""
    return reopen()
