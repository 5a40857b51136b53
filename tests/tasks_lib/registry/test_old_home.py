"""A home of an earlier release goes on: its documents, questions, production and traffic are those of now.

`tests/data/home-0.1.0.tar.xz` is a home that commit 79243ac made below `/srv/llmops`: two folders of documents, an
imported evaluation set, a version that the gate promoted, and one question to production. Left out are Prefect's
database, the traces of the gate, and the version's code, which is in `version-0.1.0.tar.xz`, of the same commit.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from flows.sources import list_sources, rename_source
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import load
from tasks_lib.dataset.tasks import import_questions, save_dataset
from tasks_lib.home import Home
from tasks_lib.monitoring.traces import first_trace_at, read_traffic
from tasks_lib.registry.live import process_of, require_live
from tasks_lib.registry.tracking import connect
from tests.stubs.old_release import HOME, VERSION, unpack

MADE_AT = "/srv/llmops"
MODEL, ALIAS = "rag-assistant", "production"
ASKED = "What is the quay fee?"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home in `home`, and its documents beside it."""
    folder = tmp_path_factory.mktemp("old-home")
    unpack(HOME, folder)
    (version,) = (folder / "home" / "mlflow" / "artifacts" / "models").glob("*/artifacts")
    unpack(VERSION, folder / "version")
    shutil.move(folder / "version" / "code", version)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMOPS_HOME", str(folder / "home"))
        yield folder


@pytest.fixture(scope="module")
def platform(folder: Path) -> LocalPlatform:
    return LocalPlatform(Home(folder / "home"))


def test_production_is_the_same_and_answers(platform: LocalPlatform) -> None:
    live = require_live(connect(platform, MODEL), MODEL, ALIAS)
    assert (live.version, live.tags["decision"], live.tags["dataset"]) == (1, "promote", "questions:1")
    with process_of(platform, live, workers=1) as running:
        reply = running.ask([{"role": "user", "content": ASKED}], 120)
    assert reply.error is None
    assert "eleven euros" in reply.answer["response"]
    assert reply.answer["source_documents"][0]["document"] == "quay.md"


def test_no_document_is_embedded_anew(platform: LocalPlatform, folder: Path) -> None:
    before = {row.source: (row.documents, row.chunks) for row in list_sources(Settings(), "local").sources}
    assert before == {f"file://{MADE_AT}/harbour": (2, 2), f"file://{MADE_AT}/extra": (1, 1)}
    for name in ("harbour", "extra"):
        source = str(folder / name)
        renamed = rename_source(f"{MADE_AT}/{name}", source, Settings(), "local")
        result = synchronise(platform, Settings(ingest=IngestConfig(source=source)))
        assert (renamed.embedded_chunks, result.embedded_chunks) == (0, 0)
        assert (result.added, result.deleted, result.failed) == (0, 0, [])
        again = synchronise(platform, Settings(ingest=IngestConfig(source=source)))
        assert (again.updated, again.unchanged) == (0, before[f"file://{MADE_AT}/{name}"][0])
    assert sum(row.chunks for row in list_sources(Settings(), "local").sources) == 3


def test_no_question_is_made_anew(platform: LocalPlatform, folder: Path) -> None:
    stored = load(connect(platform, MODEL))
    assert (stored.reference, stored.by_kind()) == ("questions:1", {"answerable": 23})
    settings = Settings()
    imported = import_questions.fn(platform, settings, str(folder / "questions.jsonl"))
    saved = save_dataset.fn(platform, settings, imported)
    assert (saved.version, saved.unchanged) == (1, True)


def test_monitoring_sees_the_traffic_of_then(platform: LocalPlatform) -> None:
    client = connect(platform, MODEL)
    first = first_trace_at(client)
    assert first is not None
    assert first < datetime(2026, 11, 27, tzinfo=UTC)
    traffic = read_traffic(client, first, first + timedelta(seconds=1))
    assert [(record.question, record.version) for record in traffic.records] == [(ASKED, "1")]
