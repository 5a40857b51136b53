"""The flow `dataset` on the local platform."""

from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.dataset import dataset
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset import datasets
from tasks_lib.errors import InputError
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.registry.tracking import connect

TEXT = """# Annual leave

Full-time employees receive 27 days of annual leave per calendar year. Interns receive ten days of annual leave.
Employees may buy up to four extra days of leave a year. The manager answers a request for leave within three days.
"""

pytestmark = pytest.mark.flow


def ingest(platform: LocalPlatform, settings: Settings) -> None:
    embedder, index = platform.embedder(settings.embedder), platform.index(settings.rag)
    converted = convert("leave.md", TEXT.encode())
    chunks = chunk_document(converted, settings.chunking, embedder, source="s", document="leave.md", document_hash="1")
    documents = [chunk.to_document(embedder.embed([chunk.embedding_text])[0]) for chunk in chunks]
    with index.writing(10):
        index.replace("s", ["leave.md"], documents)
        index.commit()


def test_questions_are_made_kept_and_imported(prefect_harness: None, platform: LocalPlatform, tmp_path: Path) -> None:
    settings = Settings(dataset=DatasetConfig(size=5))
    with pytest.raises(InputError) as caught:
        dataset(settings)
    assert "llmops ingest" in caught.value.hint
    ingest(platform, settings)

    made = dataset(settings)
    again = dataset(settings)
    assert (made.dataset, made.version, made.origin) == ("questions", 1, "extractive")
    assert made.by_kind["off_topic"] == made.by_kind["unanswerable"] == 1
    assert made.examples == sum(made.by_kind.values()) >= 4
    assert "without a language model" in made.note
    assert (again.version, again.unchanged) == (1, True)

    own = tmp_path / "own.csv"
    own.write_text("question,answer,document\nHow many days do interns get?,ten days,leave.md\n", encoding="utf-8")
    imported = dataset(Settings(dataset=DatasetConfig(import_file=str(own))))
    assert (imported.version, imported.examples, imported.origin) == (2, 1, "import")
    assert datasets.load(connect(platform)).reference == "questions:2"
