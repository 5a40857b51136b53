"""Sources by their names, whether or not their folders exist any more."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from flows.sources import list_sources, remove_source, rename_source
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Reference, example_of
from tasks_lib.errors import InputError
from tasks_lib.gate.prediction import Prediction, with_known_sources
from tasks_lib.home import Home
from tasks_lib.ingestion.publish import SOURCE_TAG
from tasks_lib.registry.tracking import connect, last_runs


@pytest.fixture
def platform(tracked_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPlatform:
    """The local platform, with two sources whose folders are gone."""
    home = tracked_home(tmp_path / "home")
    monkeypatch.setenv("LLMOPS_HOME", str(home.root))
    monkeypatch.setattr("flows.sources.prefect_server_is_configured", lambda: False)
    platform = LocalPlatform(home)
    for name, text in {"hr": "27 days of leave.", "it": "Laptops for four years."}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.md").write_text(text)
        synchronise(platform, Settings(ingest=IngestConfig(source=str(tmp_path / name))))
        shutil.rmtree(tmp_path / name)
    return platform


def test_a_source_that_is_gone_is_listed_renamed_and_removed(platform: LocalPlatform, tmp_path: Path) -> None:
    hr, it, new = ((tmp_path / name).as_uri() for name in ("hr", "it", "new"))
    index = Settings().index_name
    held = list_sources(Settings(), "local").sources
    assert [(row.index, row.source, row.documents, row.chunks) for row in held] == [
        (index, hr, 1, 1),
        (index, it, 1, 1),
    ]
    renamed = rename_source(str(tmp_path / "hr"), f"{tmp_path}/./new/", Settings(), "local")
    assert (renamed.source, renamed.renamed_from, renamed.chunks, renamed.changed) == (new, hr, 2, True)
    removed = remove_source(it, Settings(), "local")
    assert (removed.source, removed.deleted, removed.chunks) == (it, 1, 1)
    assert "is read until this one is released: run `llmops release`" in removed.warnings[0]
    assert [row.source for row in list_sources(Settings(), "local").sources] == [new]
    assert removed.index_version == platform.index(Settings().rag).version()
    runs = last_runs(connect(platform, "rag-assistant"), "ingest", limit=5)
    assert [run.data.tags[SOURCE_TAG] for run in runs] == [it, new]


def test_names_that_are_unknown_or_taken_are_refused_with_the_names_that_are(
    platform: LocalPlatform, tmp_path: Path
) -> None:
    before = platform.index(Settings().rag).version()
    with pytest.raises(InputError, match=r"has no source 'leave'; sources: .*/hr, .*/it"):
        remove_source("leave", Settings(), "local")
    with pytest.raises(InputError, match="no source") as elsewhere:
        remove_source(str(tmp_path / "hr"), Settings(collection="others"), "local")
    assert f"It is in {Settings().index_name}" in elsewhere.value.hint
    with pytest.raises(InputError, match="a source with 1 documents of its own"):
        rename_source(str(tmp_path / "hr"), str(tmp_path / "it"), Settings(), "local")
    with pytest.raises(InputError, match="is its name already"):
        rename_source(str(tmp_path / "hr"), str(tmp_path / "hr"), Settings(), "local")
    assert platform.index(Settings().rag).version() == before


def test_questions_find_their_documents_after_a_rename(platform: LocalPlatform, tmp_path: Path) -> None:
    hr, it = ((tmp_path / name).as_uri() for name in ("hr", "it"))
    references = [
        Reference(document=document, start=0, end=9, content="27 days o", source=source)
        for document, source in (("hr.md", hr), ("it.md", it), ("a.md", ""))
    ]
    prediction = Prediction(example_of("answerable", "How long?", "27 days", references), None, "none", None, 0.0)
    rename_source(hr, str(tmp_path / "new"), Settings(), "local")
    (known,) = with_known_sources([prediction], platform.index(Settings().rag))
    assert [reference.source for reference in known.example.references] == ["", it, ""]
    assert known.example.id == prediction.example.id


def test_sources_of_an_assistant_that_there_is_not_are_refused(platform: LocalPlatform, tmp_path: Path) -> None:
    nobody, source = Settings(assistant="nobody"), str(tmp_path / "hr")
    for verb in (
        lambda: list_sources(nobody, "local"),
        lambda: rename_source(source, str(tmp_path / "new"), nobody, "local"),
        lambda: remove_source(source, nobody, "local"),
    ):
        with pytest.raises(InputError, match="there is no assistant 'nobody'; assistants: "):
            verb()
