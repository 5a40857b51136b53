"""Readers of the released state see nothing of an ingest before it is released, and quarantine holds."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks_lib.assistant.contract.index import contents
from tasks_lib.assistant.contract.states import QuarantinedDocument
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.gating import begin_states, is_pending
from tasks_lib.registry.quarantine import enforce, let_in, quarantined
from tests.stubs.ingesting import held, sync
from tests.tasks_lib.conftest import Library

GATED = Settings()
LATEST = Settings.model_validate({"index": {"follow": "latest"}})
LIKE = QuarantinedDocument(
    source="", document="", document_hash=None, since=datetime(2026, 11, 27, tzinfo=UTC), by="ada", reason="wrong"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "leave.md").write_text("Leave is 27 days.")
    (folder / "pay.md").write_text("Pay comes on the 25th.")
    return folder


def take_back(library: Library, document: str) -> None:
    """As a person does who found a document wrong."""
    index = library.index
    with index.writing(10):
        now = contents(index)
        key = next(key for key in {**contents(index.at(index.states().released or "")), **now} if key[1] == document)
        states = index.states().with_quarantined(quarantined(now, [key], LIKE))
        index.save_states(states)
        assert enforce(index, states) == [key]


def test_the_first_ingest_of_an_index_is_released(library: Library, folder: Path) -> None:
    result = sync(folder, library.index, library.embedder, GATED)
    assert library.index.states().released == result.index_version


def test_a_later_ingest_is_not_read_before_it_is_released(library: Library, folder: Path) -> None:
    first = sync(folder, library.index, library.embedder, GATED).index_version
    (folder / "leave.md").write_text("Leave is 3 days.")
    second = sync(folder, library.index, library.embedder, GATED).index_version
    assert first != second
    assert library.index.states().released == first
    assert held(library.index.at(first or ""))["leave.md"] == "Leave is 27 days."
    assert held(library.index)["leave.md"] == "Leave is 3 days."


def test_an_index_that_was_not_gated_is_released_as_it_is_before_it_changes(library: Library, folder: Path) -> None:
    before = sync(folder, library.index, library.embedder, LATEST).index_version
    assert library.index.states().released is None
    (folder / "leave.md").write_text("Leave is 3 days.")
    sync(folder, library.index, library.embedder, GATED)
    assert library.index.states().released == before


def test_what_is_ingested_for_one_that_follows_the_latest_waits_for_those_that_do_not(
    library: Library, folder: Path
) -> None:
    """Two assistants may share an index."""
    first = sync(folder, library.index, library.embedder, GATED).index_version
    (folder / "leave.md").write_text("Leave is 3 days.")
    result = sync(folder, library.index, library.embedder, LATEST)
    assert library.index.states().released == first
    assert is_pending(library.index, LATEST, changed=result.changed)


def test_an_index_that_followed_the_latest_is_read_as_it_is_before_a_gated_version_is_measured(
    library: Library, folder: Path
) -> None:
    begin_states(library.index, GATED)
    assert library.index.states().released is None
    version = sync(folder, library.index, library.embedder, LATEST).index_version
    begin_states(library.index, LATEST)
    assert library.index.states().released is None
    begin_states(library.index, GATED)
    assert library.index.states().released == version


@pytest.mark.parametrize("change", ["changed", "added", "deleted"])
def test_what_is_quarantined_does_not_come_back_until_it_changes(library: Library, folder: Path, change: str) -> None:
    sync(folder, library.index, library.embedder, GATED)
    before = held(library.index)
    file = folder / ("new.md" if change == "added" else "leave.md")
    if change == "deleted":
        file.unlink()
    else:
        file.write_text("Leave is 3 days.")
    sync(folder, library.index, library.embedder, GATED)
    assert held(library.index) != before
    take_back(library, file.name)
    assert held(library.index) == before
    again = sync(folder, library.index, library.embedder, GATED)
    assert (again.quarantined, again.changed) == ([file.name], False)
    assert held(library.index) == before
    file.write_text("Leave is 28 days.")
    better = sync(folder, library.index, library.embedder, GATED)
    assert better.quarantined == []
    assert held(library.index)[file.name] == "Leave is 28 days."


def test_a_killed_take_back_is_finished_by_the_next_ingest(library: Library, folder: Path) -> None:
    sync(folder, library.index, library.embedder, GATED)
    (folder / "leave.md").write_text("Leave is 3 days.")
    sync(folder, library.index, library.embedder, GATED)
    index = library.index
    key = next(key for key in contents(index) if key[1] == "leave.md")
    index.save_states(index.states().with_quarantined(quarantined(contents(index), [key], LIKE)))
    result = sync(folder, index, library.embedder, GATED)
    assert result.quarantined == ["leave.md"]
    assert held(index)["leave.md"] == "Leave is 27 days."


def test_a_person_lets_a_document_in(library: Library, folder: Path) -> None:
    sync(folder, library.index, library.embedder, GATED)
    (folder / "leave.md").write_text("Leave is 3 days.")
    sync(folder, library.index, library.embedder, GATED)
    take_back(library, "leave.md")
    states = library.index.states()
    with pytest.raises(InputError, match=r"'pay.md' is not in quarantine; there are leave.md"):
        let_in(states, ["pay.md"])
    library.index.save_states(let_in(states, ["leave.md"]))
    assert sync(folder, library.index, library.embedder, GATED).updated == 1
    assert held(library.index)["leave.md"] == "Leave is 3 days."
