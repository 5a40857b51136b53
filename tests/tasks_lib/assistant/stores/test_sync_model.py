"""Whatever happens to the documents and to the runs, the index ends as the documents say: on both stores.

Random edits, renames, deletes and runs, some of them killed: from a random point on, nothing more of the run reaches
the store, as with SIGKILL (`test_killed_run.py` kills a real process). A dictionary is the model.
``LLMOPS_PROPERTY_EXAMPLES=200`` tries more, and other ones each time.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.assistant.contract.index import Index
from tasks_lib.assistant.stores.lancedb import sync_document_store
from tasks_lib.assistant.stores.lancedb.connection import TableConnection
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection
from tasks_lib.assistant.stores.weaviate.index import WeaviateIndex
from tasks_lib.assistant.stores.weaviate.manifest import Manifest
from tasks_lib.assistant.stores.weaviate.writing import Writer
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.result import IngestResult
from tests.stubs.ingesting import sync

MORE = int(os.environ.get("LLMOPS_PROPERTY_EXAMPLES", "0"))
SETTINGS = Settings(chunking=ChunkingConfig(tokens=16), ingest=IngestConfig(batch_documents=2, allow_mass_delete=True))
PATHS = ["a.md", "b.md", "sub/c.md", "d 'e\".md"]
WORDS = ["leave", "salary", "laptop", "train", "lunch"]
LANCEDB_POINTS = [
    (TableConnection, "created"),
    (LanceDBIndex, "replace"),
    (sync_document_store, "bring_up_to_date"),
    (LanceDBIndex, "commit"),
]
WEAVIATE_POINTS = [
    (Manifest, "save_state"),
    (Writer, "create"),
    (Writer, "insert"),
    (Manifest, "turn"),
    (Writer, "repaired"),
]
Points = list[tuple[Any, str]]


class Killed(BaseException):
    """The process is gone."""


class Embedder:
    """Words are tokens; a hash is the vector."""

    dimension = 4
    max_tokens = 254

    def embed(self, texts: list[str]) -> list[list[float]]:
        return [[byte / 255 + 0.01 for byte in hashlib.sha256(text.encode()).digest()[:4]] for text in texts]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\S+", text)]


texts = st.builds(
    lambda words, sections: "\n\n".join(f"# {word}\n\n" + f"{word} rule. " * sections for word in words),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.integers(1, 6),
)
paths = st.sampled_from(PATHS)
edits = st.one_of(
    st.tuples(st.just("write"), paths, texts),
    st.tuples(st.just("rename"), paths, paths),
    st.tuples(st.just("delete"), paths),
)
runs = st.tuples(st.just("run"), st.none() | st.integers(0, 14))
histories = st.lists(st.tuples(st.lists(edits, min_size=1, max_size=3), runs), min_size=2, max_size=4)


@contextmanager
def dying(points: Points, moment: int | None) -> Iterator[None]:
    """From the given moment on, each of `points` is one before and one after its call, nothing is done any more."""
    passed = 0

    def pass_point() -> None:
        nonlocal passed
        if moment is not None and passed >= moment:
            raise Killed
        passed += 1

    def mortal(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            pass_point()
            result = function(*arguments, **named)
            pass_point()
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in points:
            patch.setattr(owner, name, mortal(getattr(owner, name)))
        yield


def held(index: Index) -> dict[str, list[str]]:
    """Document → its words, in the order of its chunks."""
    found: dict[str, list[str]] = {}
    for chunk in sorted(index.sample(10_000, 0), key=lambda chunk: chunk.meta["start"]):
        found.setdefault(chunk.meta["document"], []).extend((chunk.content or "").split())
    return found


class World:
    """The folder, the model of it, and the index."""

    def __init__(self, folder: Path, reopen: Callable[[], Index], points: Points) -> None:
        self.folder, self.reopen, self.points = folder, reopen, points
        self.model: dict[str, str] = {}
        self.write("always.md", "One file stays.")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)
        self.model[path] = text

    def delete(self, path: str) -> None:
        if self.model.pop(path, None) is not None:
            (self.folder / path).unlink()

    def rename(self, path: str, new: str) -> None:
        if path in self.model and path != new:
            text = self.model[path]
            self.delete(path)
            self.write(new, text)

    def run(self, moment: int | None) -> None:
        """One run, killed at `moment`; a reader then sees each document whole, as it was or as it is."""
        before, after = held(self.reopen()), self.expected()
        try:
            with dying(self.points, moment):
                self.sync()
        except Killed:
            for path, words in held(self.reopen()).items():
                assert words in (before.get(path), after.get(path))
        else:
            self.agree()

    def sync(self) -> IngestResult:
        return sync(self.folder, self.reopen(), Embedder(), SETTINGS)

    def expected(self) -> dict[str, list[str]]:
        return {path: text.split() for path, text in self.model.items()}

    def agree(self) -> None:
        """Index and model agree, and another run finds nothing to do."""
        index = self.reopen()
        assert held(index) == self.expected()
        assert index.manifest(self.folder.as_uri()).keys() == self.model.keys()
        assert index.count() == len(index.sample(10_000, 0))
        version = index.version()
        again = self.sync()
        assert (again.changed, again.embedded_chunks, again.index_version) == (False, 0, version)


def play(world: World, history: list[tuple[list[tuple[Any, ...]], tuple[str, int | None]]]) -> None:
    for changes, (_, moment) in history:
        for name, *arguments in changes:
            getattr(world, name)(*arguments)
        world.run(moment)
    world.run(None)


def profile(examples: int) -> Any:
    return settings(
        max_examples=MORE or examples,
        derandomize=not MORE,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@profile(8)
@given(history=histories)
def test_lancedb_agrees_with_the_documents_after_any_history(
    tmp_path_factory: pytest.TempPathFactory, history: Any
) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "documents").mkdir()

    def reopen() -> Index:
        return LanceDBIndex(str(folder / "database"), "model", Embedder.dimension, lock_folder=folder / "locks")

    play(World(folder / "documents", reopen, LANCEDB_POINTS), history)


@pytest.mark.slow
@profile(4)
@given(history=histories)
def test_weaviate_agrees_with_the_documents_after_any_history(
    server: WeaviateConnection, tmp_path_factory: pytest.TempPathFactory, history: Any
) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "documents").mkdir()

    def reopen() -> WeaviateIndex:
        return WeaviateIndex(server, "model", Embedder.dimension, lock_folder=folder / "locks")

    reopen().drop()
    play(World(folder / "documents", reopen, WEAVIATE_POINTS), history)
    reopen().drop()
