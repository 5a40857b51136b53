"""Doubles and small indexes for the tests of evaluation."""

import hashlib
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from haystack import Document

from blocks.local import LocalPlatform
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.home import Home
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.text.words import content_stems

SOURCE = "file:///handbook"


class WordEmbedder:
    """A hashed bag of words in 256 dimensions: fast, and texts that share words are near."""

    dimension = 256
    max_tokens = 1000

    def __init__(self) -> None:
        self.calls = 0
        self.texts: list[str] = []

    def embed(self, texts: list[str]) -> list[list[float]]:
        self.calls += 1
        self.texts += texts
        return [self._vector(text) for text in texts]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for word in content_stems(text):
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        norm = math.sqrt(sum(value * value for value in vector)) or 1.0
        return [value / norm for value in vector]


class Library:
    """Documents in an index in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.embedder = WordEmbedder()
        self.index = LanceDBIndex(str(folder / "lancedb"), "test", self.embedder.dimension, lock_folder=folder)
        self.texts: dict[str, str] = {}

    def put(self, path: str, text: str) -> list[Document]:
        """Bring a Markdown document in, in place of an earlier one of this path."""
        self.texts[path] = text
        converted = convert(path, text.encode())
        chunks = list(
            chunk_document(
                converted,
                ChunkingConfig(tokens=200),
                self.embedder,
                source=SOURCE,
                document=path,
                document_hash=hashlib.sha256(text.encode()).hexdigest(),
            )
        )
        vectors = self.embedder.embed([chunk.embedding_text for chunk in chunks])
        documents = [chunk.to_document(vector) for chunk, vector in zip(chunks, vectors, strict=True)]
        with self.index.writing(10):
            self.index.replace(SOURCE, [path], documents)
            self.index.commit()
        return documents


@pytest.fixture(scope="session")
def tracked(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A local platform whose MLflow the tests of this folder share: migrating a new database takes seconds."""
    import mlflow

    from tests.stubs.tracking import point_mlflow_at

    root = tmp_path_factory.mktemp("tracked")
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LLMOPS_HOME", str(root))
        yield LocalPlatform(tracked_home(root))
    point_mlflow_at(before)


@pytest.fixture
def word_embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library."""
    folder = tmp_path / "library"
    folder.mkdir()
    return Library(folder)


@pytest.fixture(scope="session")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Six chapters of the sample handbook."""
    library = Library(tmp_path_factory.mktemp("handbook"))
    root = Path(__file__).resolve().parents[2] / "examples" / "handbook"
    for file in sorted(root.rglob("*.md"))[:6]:
        library.put(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return library
