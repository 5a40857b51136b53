"""A source that is renamed, switched, repeated or gone: the index says what its documents say now, once."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.plan import make_plan
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.folder import FolderSource
from tasks_lib.ingestion.sync import planned_result
from tests.stubs.ingesting import sync

Run = Callable[..., IngestResult]


@pytest.fixture
def run(index: Any, embedder: Any, settings: Callable[..., Settings]) -> Run:
    """One sync of a folder."""
    return lambda folder, **ingest: sync(folder, index, embedder, settings(**ingest))


def release(root: Path, name: str, **texts: str) -> Path:
    """A folder of documents, to which the link `current` points now."""
    folder = root / name
    folder.mkdir()
    for document, text in texts.items():
        (folder / f"{document}.md").write_text(text)
    current = root / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(name)
    return current


def contents(index: Any) -> dict[tuple[str, str], str]:
    return {(chunk.meta["source"], chunk.meta["document"]): chunk.content for chunk in index.sample(100, 0)}


def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are named as until version 0.1: by where their links lead."""
    made = FolderSource.__init__

    def resolved(self: FolderSource, root: Path, *arguments: Any) -> None:
        made(self, root, *arguments)
        self.uri, self.former = root.resolve().as_uri(), ()

    monkeypatch.setattr(FolderSource, "__init__", resolved)


def test_a_switched_link_is_the_same_source(run: Run, index: Any, embedder: Any, tmp_path: Path) -> None:
    current = release(tmp_path, "v1", fares="The ferry costs nine euros.", hours="Open at eight.")
    run(current)
    embedder.texts.clear()
    release(tmp_path, "v2", fares="The ferry costs fourteen euros.", hours="Open at eight.")
    result = run(current)
    assert (result.updated, result.unchanged, result.renamed_from, result.warnings) == (1, 1, None, [])
    assert contents(index) == {
        (current.as_uri(), "fares.md"): "The ferry costs fourteen euros.",
        (current.as_uri(), "hours.md"): "Open at eight.",
    }
    assert len(embedder.texts) == 1


def test_documents_stored_under_the_target_of_a_link_move_to_its_name(
    run: Run, index: Any, embedder: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = release(tmp_path, "v1", fares="The ferry costs nine euros.", hours="Open at eight.")
    with monkeypatch.context() as patch:
        as_before(patch)
        old = run(current)
    assert old.source == (tmp_path / "v1").as_uri()
    embedder.texts.clear()
    (tmp_path / "v1" / "hours.md").write_text("Open at nine.")
    planned = planned_result(make_plan(FolderSource(current), index, settings()), index, settings(), 0)
    assert (planned.renamed_from, planned.updated, index.info().sources) == (old.source, 1, [old.source])
    result = run(current)
    assert (result.renamed_from, result.added, result.updated, result.unchanged) == (old.source, 0, 1, 1)
    assert result.changed
    assert embedder.texts == ["Open at nine."]
    assert index.info().sources == [current.as_uri()]
    again = run(current)
    assert (again.unchanged, again.renamed_from, again.changed) == (2, None, False)


def test_a_new_source_that_repeats_another_is_warned_of_once(run: Run, tmp_path: Path) -> None:
    texts = {"fares": "The ferry costs nine euros.", "hours": "Open at eight.", "dogs": "Dogs are welcome."}
    release(tmp_path, "v1", **texts)
    release(tmp_path, "v2", **texts | {"hours": "Open at nine."})
    run(tmp_path / "v1")
    (warning,) = run(tmp_path / "v2").warnings
    assert f"3 of 3 paths of {(tmp_path / 'v2').as_uri()!r}" in warning
    assert "2 of them with the same content" in warning
    assert f"remove-source {(tmp_path / 'v1').as_uri()}" in warning
    assert run(tmp_path / "v2").warnings == []


def test_sources_that_share_only_a_common_name_are_not_warned_of(run: Run, tmp_path: Path) -> None:
    release(tmp_path, "hr", README="About leave.", leave="27 days.", pay="On the 25th.")
    release(tmp_path, "it", README="About laptops.", laptops="Every four years.", mail="Use it.")
    run(tmp_path / "hr")
    assert run(tmp_path / "it").warnings == []


def test_names_of_files_in_either_unicode_form_are_one_document(
    run: Run, index: Any, embedder: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    apart, together = (unicodedata.normalize(form, "Übersicht.md") for form in ("NFD", "NFC"))
    (folder / apart).write_text("Alles auf einen Blick.")
    run(folder)
    assert [document for _, document in contents(index)] == [together]
    (folder / apart).rename(folder / together)
    assert run(folder).unchanged == 1
    (folder / apart).write_text("Etwas anderes.")
    result = run(folder)
    (failure,) = result.failed
    assert "another Unicode form" in failure.reason
    assert result.unchanged + result.updated == 1
