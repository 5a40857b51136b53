"""The flow: batches as tasks, one MLflow run for each change, artifacts for people."""

import time
from pathlib import Path
from typing import Any

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.batch import prepare_batch
from tasks_lib.ingestion.publish import INDEX_TAG, INDEX_VERSION_TAG, SOURCE_TAG
from tasks_lib.registry.tracking import connect, last_runs

pytestmark = pytest.mark.flow


def configured(folder: Path, **ingest: Any) -> Settings:
    """Settings for a folder; one document a batch."""
    return Settings(ingest=IngestConfig(source=str(folder), batch_documents=1, **ingest))


def test_flow_brings_the_index_in_sync_and_records_only_changes(
    prefect_harness: None, platform: LocalPlatform, tmp_path: Path
) -> None:
    from prefect.client.orchestration import get_client

    from flows.ingest import ingest

    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEmployees receive 27 days of annual leave.\n")
    (folder / "dogs.txt").write_text("DOGS\n\nDogs are welcome on Fridays.\n")
    (folder / "broken.pdf").write_bytes(b"no pdf")

    planned = ingest(configured(folder, dry_run=True))
    assert planned.plan is not None
    assert planned.plan.add == ["broken.pdf", "dogs.txt", "leave.md"]
    assert not platform.indexes()

    first = ingest(configured(folder))
    index = platform.index(Settings().rag)
    assert (first.added, first.chunks, [failure.path for failure in first.failed]) == (2, 2, ["broken.pdf"])
    assert first.index_version == index.version()
    assert index.manifest(first.source).keys() == {"dogs.txt", "leave.md"}

    second = ingest(configured(folder))
    assert (second.unchanged, second.embedded_chunks, second.index_version) == (2, 0, first.index_version)

    runs = last_runs(connect(platform, "rag-assistant"), "ingest", limit=5)
    assert len(runs) == 1
    tags = runs[0].data.tags
    assert (tags[INDEX_TAG], tags[INDEX_VERSION_TAG], tags[SOURCE_TAG]) == (
        first.index,
        first.index_version,
        first.source,
    )
    assert runs[0].data.metrics["added"] == 2

    with get_client(sync_client=True) as client:
        artifacts = [(artifact.key, str(artifact.data)) for artifact in client.read_artifacts()]
    for key, told in {"ingest": first.index, "ingest-failed": "broken.pdf", "ingest-progress": "100"}.items():
        assert any(key == written and told in data for written, data in artifacts)


def test_batches_prepared_before_a_crash_come_from_the_cache_and_leave_it(
    prefect_harness: None, platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ingest import ingest
    from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
    from tasks_lib.ingestion import tasks

    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.md").write_text(f"Rule {number} is short.\n")
    prepared: list[str] = []

    def counted(batch: Any, *arguments: Any, **options: Any) -> Any:
        prepared.extend(document.path for document in batch)
        return prepare_batch(batch, *arguments, **options)

    def full_disk(*arguments: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(tasks, "prepare_batch", counted)
    with monkeypatch.context() as patch:
        patch.setattr(LanceDBIndex, "replace", full_disk)
        with pytest.raises(OSError, match="no space"):
            ingest(configured(folder))
    cached = platform.home.root / "cache" / "ingest" / Settings().index_name
    assert (sorted(prepared), len(list(cached.iterdir()))) == (["0.md", "1.md", "2.md"], 3)
    (folder / "1.md").write_text("Rule 1 is another one.\n")
    assert ingest(configured(folder)).added == 3
    assert prepared[3:] == ["1.md"]
    assert not cached.exists()


def test_mlflow_being_down_fails_no_ingest(
    prefect_harness: None, platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ingest import ingest

    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("Employees receive 27 days of annual leave.\n")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(LocalPlatform, "tracking_uri", lambda self: "http://127.0.0.1:9")
    result = ingest(configured(folder))
    assert (result.added, platform.index(Settings().rag).count()) == (1, 1)
    assert "not recorded in MLflow" in result.warnings[0]


def test_a_batch_that_takes_too_long_is_named_and_not_tried_again(
    prefect_harness: None, platform: LocalPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ingest import ingest
    from tasks_lib.ingestion import tasks

    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("Employees receive 27 days of annual leave.\n")
    attempts = []

    def endless(*arguments: Any, **_: Any) -> None:
        attempts.append(arguments)
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(tasks, "prepare_batch", endless)
    monkeypatch.setattr(tasks, "BATCH_SECONDS", 0.2)
    with pytest.raises(tasks.BatchTimeoutError, match=r"1 documents of .* from 'leave.md' took longer than 0.2 s"):
        ingest(configured(folder))
    assert len(attempts) == 1
    assert not platform.indexes()
