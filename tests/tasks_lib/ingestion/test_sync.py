"""After every run the index says what the documents say, and no more work was done than that took."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.config.rag import ChunkingConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import IndexUnavailableError, InputError
from tasks_lib.ingestion import chunking, plan
from tasks_lib.ingestion.plan import MassDeleteError, PlannedDocument, SyncPlan, batches, make_plan
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.folder import FolderSource
from tasks_lib.ingestion.sync import planned_result
from tasks_lib.progress import listening
from tests.stubs.ingesting import sync

MakeSettings = Callable[..., Settings]


@pytest.fixture
def run(documents: Path, index: Any, embedder: Any, settings: MakeSettings) -> Callable[..., IngestResult]:
    """One sync of the folder."""

    def once(**ingest: object) -> IngestResult:
        configured = settings(**ingest)
        return sync(documents, index, embedder, configured)

    return once


def write(folder: Path, **texts: str) -> None:
    """Markdown files by name."""
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)


def held(index: Any, folder: Path) -> dict[str, str]:
    """Document → joined contents, as the index has them."""
    chunks = [chunk for chunk in index.sample(10_000, 0) if chunk.meta["source"] == folder.resolve().as_uri()]
    chunks.sort(key=lambda chunk: chunk.meta["start"])
    texts: dict[str, str] = {}
    for chunk in chunks:
        path = chunk.meta["document"]
        texts[path] = texts.get(path, "") + (chunk.content or "")
    return texts


def test_first_run_adds_everything(run: Any, index: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Beta.")
    result = run()
    assert (result.added, result.chunks, result.embedded_chunks, result.index_version) == (2, 2, 2, index.version())
    assert held(index, documents) == {"a.md": "Alpha.", "b.md": "Beta."}
    assert result.source == documents.resolve().as_uri()


def test_reingesting_unchanged_documents_embeds_and_writes_nothing(
    run: Any, index: Any, embedder: Any, documents: Path
) -> None:
    write(documents, a="Alpha.", b="Beta.")
    first = run()
    embedder.texts.clear()
    result = run()
    assert (result.unchanged, result.added, result.embedded_chunks) == (2, 0, 0)
    assert not embedder.texts
    assert (result.index_version, index.version()) == (first.index_version, first.index_version)
    assert not result.changed


def test_edited_document_embeds_only_its_changed_chunks(run: Any, index: Any, embedder: Any, documents: Path) -> None:
    sections = [f"## Part {n}\n\n" + f"Word {n} stands here. " * 12 for n in range(4)]
    write(documents, a="\n\n".join(sections), b="Beta.")
    run()
    embedder.texts.clear()
    sections[2] = sections[2].replace("stands", "sits")
    write(documents, a="\n\n".join(sections))
    result = run()
    assert (result.updated, result.unchanged, result.embedded_chunks) == (1, 1, 1)
    assert "sits here" in held(index, documents)["a.md"]


def test_rename_embeds_nothing(run: Any, index: Any, embedder: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Beta.")
    run()
    embedder.texts.clear()
    (documents / "a.md").rename(documents / "c.md")
    result = run()
    assert (result.added, result.deleted, result.embedded_chunks) == (1, 1, 0)
    assert held(index, documents) == {"b.md": "Beta.", "c.md": "Alpha."}


def test_moving_every_document_is_no_mass_delete(run: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Beta.")
    run()
    (documents / "sub").mkdir()
    for path in list(documents.glob("*.md")):
        path.rename(documents / "sub" / path.name)
    assert (run().added, run().unchanged) == (2, 2)


def test_deleted_file_takes_exactly_its_chunks(run: Any, index: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Beta.", c="Gamma.")
    first = run()
    (documents / "b.md").unlink()
    result = run()
    assert (result.deleted, result.chunks) == (1, 2)
    assert int(result.index_version) > int(first.index_version)
    assert held(index, documents) == {"a.md": "Alpha.", "c.md": "Gamma."}


def test_same_content_twice_is_embedded_once(run: Any, embedder: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Alpha.")
    result = run()
    assert (result.chunks, result.embedded_chunks, len(embedder.texts)) == (2, 1, 1)


def test_sources_do_not_touch_each_other(run: Any, index: Any, embedder: Any, documents: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(documents, a="Alpha.")
    write(other, a="Other.", b="More.")
    run()
    sync(other, index, embedder, Settings())
    write(documents, a="Changed.")
    assert run().chunks == 3
    assert held(index, other) == {"a.md": "Other.", "b.md": "More."}


def test_broken_update_keeps_the_old_chunks(run: Any, index: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Beta.")
    run()
    (documents / "a.md").write_bytes(b"\0\0")
    result = run()
    assert [(failure.path, "NUL" in failure.reason) for failure in result.failed] == [("a.md", True)]
    assert (result.deleted, result.unchanged, result.changed) == (0, 1, False)
    assert held(index, documents)["a.md"] == "Alpha."


def test_oversized_file_is_not_read(run: Any, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(documents, a="Alpha.", b="x" * 3000)
    result = run(max_file_megabytes=0.001)
    assert [failure.path for failure in result.failed] == ["b.md"]
    assert "too large" in result.failed[0].reason
    assert result.added == 1


def test_a_file_that_grew_after_it_was_listed_is_not_converted(
    run: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(documents, a="Alpha.", b="Beta.")
    read = FolderSource.read
    monkeypatch.setattr(FolderSource, "read", lambda *given: read(*given) * (1000 if given[1] == "b.md" else 1))
    result = run(max_file_megabytes=0.001)
    assert [(failure.path, "too large" in failure.reason) for failure in result.failed] == [("b.md", True)]
    assert result.added == 1


def test_mass_delete_is_refused_and_changes_nothing(run: Any, index: Any, documents: Path) -> None:
    write(documents, **{f"d{n}": f"Text {n}." for n in range(10)})
    run()
    for n in range(4):
        (documents / f"d{n}.md").unlink()
    write(documents, d9="Changed.")
    with pytest.raises(MassDeleteError) as caught:
        run()
    assert "4 of 10" in caught.value.message
    assert "--allow-mass-delete" in caught.value.hint
    assert caught.value.exit_code == 2
    assert held(index, documents)["d9.md"] == "Text 9."
    assert run(allow_mass_delete=True).deleted == 4


def test_emptied_folder_is_a_mass_delete(run: Any, index: Any, documents: Path) -> None:
    write(documents, a="Alpha.")
    run()
    (documents / "a.md").unlink()
    with pytest.raises(MassDeleteError):
        run()
    assert run(allow_mass_delete=True).chunks == 0


def test_empty_folder_is_named_with_the_formats(run: Any, documents: Path) -> None:
    (documents / "x.exe").write_bytes(b"MZ")
    with pytest.raises(InputError) as caught:
        run()
    assert ".docx" in caught.value.hint
    with pytest.raises(InputError, match=r"match \*\.rst"):
        run(include=("*.rst",))


def test_dry_run_tells_the_plan_and_does_nothing(
    run: Any, index: Any, embedder: Any, documents: Path, settings: MakeSettings
) -> None:
    write(documents, a="Alpha.", b="Beta.", c="Gamma.", d="Delta.")
    run()
    write(documents, a="Changed.", e="New.")
    (documents / "b.md").unlink()
    embedder.texts.clear()
    before = held(index, documents)
    configured = settings(dry_run=True)
    planned = make_plan(FolderSource(documents), index, configured)
    result = planned_result(planned, index, configured, 0.0)
    assert result.plan is not None
    assert result.plan.model_dump() == {"add": ["e.md"], "update": ["a.md"], "delete": ["b.md"]}
    assert (result.dry_run, result.changed, result.index_version) == (True, False, index.version())
    assert not embedder.texts
    assert held(index, documents) == before


def test_new_converter_or_chunker_ingests_again(run: Any, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(documents, a="Alpha.")
    run()
    monkeypatch.setattr(plan, "CHUNKER_VERSION", chunking.CHUNKER_VERSION + "x")
    result = run()
    assert (result.updated, result.embedded_chunks) == (1, 0)


def test_error_in_the_middle_keeps_what_was_written_and_a_second_run_goes_on(
    run: Any, index: Any, embedder: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(documents, **{f"d{n}": f"Text {n}." for n in range(6)})
    embed = embedder.embed

    def fail_late(texts: list[str]) -> Any:
        if len(embedder.texts) >= 4:
            msg = "the provider is away"
            raise ConnectionError(msg)
        return embed(texts)

    monkeypatch.setattr(embedder, "embed", fail_late)
    with pytest.raises(ConnectionError):
        run(batch_documents=2)
    assert index.count() == 4
    monkeypatch.setattr(embedder, "embed", embed)
    result = run(batch_documents=2)
    assert (result.unchanged, result.added, result.chunks) == (4, 2, 6)


def test_second_writer_waits_and_then_says_so(run: Any, documents: Path, tmp_path: Path) -> None:
    write(documents, a="Alpha.")
    holder = LanceDBIndex(str(tmp_path / "lancedb"), "test", lock_folder=tmp_path / "locks")
    with holder.writing(0), pytest.raises(IndexUnavailableError):
        run(lock_timeout_seconds=0.05)


def test_unreadable_folder_protects_what_it_holds(
    run: Any, index: Any, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (documents / "shut").mkdir()
    write(documents, a="Alpha.")
    write(documents / "shut", b="Beta.", c="Gamma.")
    run()
    shutil.rmtree(documents / "shut")
    listed = FolderSource.files

    def with_shut_folder(self: FolderSource) -> Any:
        from tasks_lib.ingestion.sources.document_source import SourceFile

        yield from listed(self)
        yield SourceFile("shut/", 0, "", "folder cannot be read: Permission denied")

    monkeypatch.setattr(FolderSource, "files", with_shut_folder)
    result = run()
    assert (result.deleted, [failure.path for failure in result.failed]) == (0, ["shut/"])
    assert set(held(index, documents)) == {"a.md", "shut/b.md", "shut/c.md"}


def test_progress_is_told(run: Any, documents: Path) -> None:
    write(documents, a="Alpha.", b="Beta.", c="Gamma.")
    told: list[tuple[str, int, int | None]] = []
    with listening(lambda step, done, total: told.append((step, done, total))):
        run(batch_documents=2)
    assert told == [("ingest", 2, 3), ("ingest", 3, 3)]


def test_batches_are_bounded_by_documents_and_bytes() -> None:
    sizes = [1, 1, 1, plan.BATCH_BYTES + 1, 1, plan.BATCH_BYTES, 1]
    work = [PlannedDocument(str(n), size, "", "") for n, size in enumerate(sizes)]
    grouped = [[document.path for document in batch] for batch in batches(SyncPlan("s", add=work), 2)]
    assert grouped == [["0", "1"], ["2"], ["3"], ["4"], ["5"], ["6"]]


@pytest.mark.parametrize(("tokens", "warned"), [(254, False), (255, True)])
def test_chunks_longer_than_the_embedder_reads_are_warned_of(
    documents: Path, index: Any, embedder: Any, tokens: int, warned: bool
) -> None:
    write(documents, a="Alpha.")
    result = sync(documents, index, embedder, Settings(chunking=ChunkingConfig(tokens=tokens)))
    assert [f"up to {tokens} tokens" in warning for warning in result.warnings] == [True] * warned


def test_two_runs_at_once_end_as_one(run: Any, index: Any, documents: Path) -> None:
    write(documents, **{f"d{n}": f"Text {n}." for n in range(20)})
    results: list[IngestResult] = []
    threads = [threading.Thread(target=lambda: results.append(run(batch_documents=3))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.added for result in results) == [0, 20]
    assert index.count() == 20


def test_asking_for_comments_ingests_office_files_again_and_no_others(
    documents: Path, index: Any, embedder: Any, docx_file: bytes
) -> None:
    (documents / "a.docx").write_bytes(docx_file)
    (documents / "b.md").write_text("Leave is 27 days.\n")
    sync(documents, index, embedder, Settings())
    again = sync(documents, index, embedder, Settings.model_validate({"ingest": {"comments": True}}))
    assert (again.updated, again.unchanged) == (1, 1)


def test_the_result_tells_what_was_passed_over(run: Callable[..., IngestResult], documents: Path) -> None:
    write(documents, a="Leave is 27 days.")
    (documents / "tool.exe").write_bytes(b"MZ")
    for result in (run(), run()):
        assert [(files.suffix, files.count, files.example) for files in result.skipped] == [(".exe", 1, "tool.exe")]


def test_a_source_without_documents_tells_what_it_holds(run: Callable[..., IngestResult], documents: Path) -> None:
    (documents / "tool.exe").write_bytes(b"MZ")
    with pytest.raises(InputError, match=r"holds no documents .*: it has 1 \.exe"):
        run()
