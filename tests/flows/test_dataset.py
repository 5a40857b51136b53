"""The flow `dataset` on the local platform."""

from pathlib import Path

import pytest
import yaml

from blocks.local import LocalPlatform
from flows.dataset import dataset
from tasks_lib.config.settings import DatasetConfig, Settings
from tasks_lib.dataset import datasets
from tasks_lib.dataset.pipeline import questions_pipeline
from tasks_lib.errors import InputError
from tasks_lib.ingestion.chunking import chunk_document
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.registry.tracking import connect

TEXT = """# Annual leave

Full-time employees receive 27 days of annual leave per calendar year. Interns receive ten days of annual leave.
Employees may buy up to four extra days of leave a year. The manager answers a request for leave within three days.
"""

FILTER = '''
from haystack import component
from tasks_lib.dataset.examples import CandidateQuestion


@component
class NoInterns:
    """Drops questions about interns."""

    @component.output_types(candidates=list[CandidateQuestion])
    def run(self, candidates: list[CandidateQuestion]):
        return {"candidates": [c.dropped("about_interns") if "interns" in c.example.asked else c for c in candidates]}
'''

pytestmark = pytest.mark.flow


def ingest(platform: LocalPlatform, settings: Settings) -> None:
    embedder, index = platform.embedder(settings.embedder), platform.index(settings.rag)
    converted = convert("leave.md", TEXT.encode())
    chunks = chunk_document(converted, settings.chunking, embedder, source="s", document="leave.md", document_hash="1")
    documents = [chunk.to_document(embedder.embed([chunk.embedding_text])[0]) for chunk in chunks]
    with index.writing(10):
        index.replace("s", ["leave.md"], documents)
        index.commit()


def test_questions_are_made_kept_and_imported(
    prefect_harness: None, platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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

    pipeline = questions_pipeline(platform, settings).to_dict()
    pipeline["components"]["filters"] = {"type": "acme_filter.NoInterns", "init_parameters": {}}
    file = tmp_path / "questions.yaml"
    file.write_text(yaml.safe_dump(pipeline), encoding="utf-8")
    (tmp_path / "acme_filter.py").write_text(FILTER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    filtered = Settings.model_validate(
        {"dataset": {"size": 5, "pipeline": str(file)}, "pipelines": {"allowed_modules": ["acme_filter"]}}
    )
    others = dataset(filtered)
    two_wordings = 2
    assert (others.version, others.origin, others.rejected["about_interns"]) == (2, "extractive", two_wordings)
    assert (dataset(filtered).version, dataset(filtered).unchanged) == (2, True)

    own = tmp_path / "own.csv"
    own.write_text("question,answer,document\nHow many days do interns get?,ten days,leave.md\n", encoding="utf-8")
    imported = dataset(Settings(dataset=DatasetConfig(import_file=str(own))))
    assert (imported.version, imported.examples, imported.origin) == (3, 1, "import")
    assert datasets.load(connect(platform, "rag-assistant")).reference == "questions:3"
