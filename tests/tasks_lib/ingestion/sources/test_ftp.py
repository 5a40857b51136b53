"""FTP, on a server of this machine: synced twice with changes between, and a failure half way."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.settings import IngestConfig, Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.result import IngestResult
from tests.stubs.ftp_server import FtpServer
from tests.stubs.ingesting import held, sync

LONG_AGO = 1_700_000_000


def write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (LONG_AGO + len(text), LONG_AGO + len(text)))


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    write(folder, {"docs/a.md": "Alpha.", "docs/b.md": "Beta.", "docs/sub/c d.md": "Gamma."})
    (folder / "docs" / "empty").mkdir()
    return folder


@pytest.fixture
def server(served: Path) -> Iterator[FtpServer]:
    with FtpServer(served) as running:
        yield running


@pytest.fixture
def run(server: FtpServer, index: Any, embedder: Any) -> Callable[[], IngestResult]:
    """One sync of the folder `docs`."""

    def make() -> IngestResult:
        embedder.texts.clear()
        server.reads.clear()
        location = DocumentLocation(f"{server.url}/docs", options=lambda: FtpServer.OPTIONS)
        return sync(location, index, embedder, Settings(ingest=IngestConfig(allow_mass_delete=True)))

    return make


def test_a_folder_is_kept_in_sync(run: Callable[[], IngestResult], served: Path, index: Any, embedder: Any) -> None:
    assert run().failed == []
    assert held(index) == {"a.md": "Alpha.", "b.md": "Beta.", "sub/c d.md": "Gamma."}
    again = run()
    assert (again.unchanged, again.changed, embedder.texts) == (3, False, [])
    write(served, {"docs/a.md": "Alpha changed.", "docs/d.md": "Delta."})
    (served / "docs" / "sub").rename(served / "docs" / "moved")
    (served / "docs" / "b.md").unlink()
    changed = run()
    assert (changed.added, changed.updated, changed.deleted, changed.failed) == (2, 1, 2, [])
    assert "Gamma." not in embedder.texts
    assert held(index) == {"a.md": "Alpha changed.", "d.md": "Delta.", "moved/c d.md": "Gamma."}


@pytest.mark.parametrize("reply", ["451 local error", "425 no data connection", "550 not now", None])
@pytest.mark.parametrize("folder", ["/docs", "/docs/sub"])
def test_a_folder_that_cannot_be_listed_loses_nothing(
    run: Callable[[], IngestResult], server: FtpServer, index: Any, reply: str | None, folder: str
) -> None:
    run()
    before = held(index)
    server.failing, server.reply = {folder}, reply
    with pytest.raises(InputError, match="cannot be listed|does not exist") as caught:
        run()
    assert "\n" not in caught.value.message
    assert held(index) == before
    server.failing = set()
    assert run().unchanged == 3


def test_a_file_that_cannot_be_read_stays_as_it_was(
    run: Callable[[], IngestResult], server: FtpServer, served: Path, index: Any
) -> None:
    run()
    write(served, {"docs/b.md": "Beta changed."})
    server.failing = {"/docs/b.md"}
    failed = run().failed
    assert [failure.path for failure in failed] == ["b.md"]
    assert held(index)["b.md"] == "Beta."
