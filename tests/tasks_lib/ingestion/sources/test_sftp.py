"""SFTP, on a server of this machine: synced twice with changes between, a failure half way, and whom it trusts."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("paramiko", reason="the package paramiko is not installed")

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.open import open_source
from tests.stubs.ingesting import held, sync
from tests.stubs.sftp_server import SftpServer

LONG_AGO = 1_700_000_000
KIND = "ecdsa-sha2-nistp256"


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder that is served, with three documents that were written long ago."""
    folder = tmp_path / "served"
    write(folder, {"docs/a.md": "Alpha.", "docs/b.md": "Beta.", "docs/sub/c d.md": "Gamma."})
    return folder


@pytest.fixture
def server(served: Path) -> Iterator[SftpServer]:
    with SftpServer(served) as running:
        yield running


@pytest.fixture
def run(server: SftpServer, index: Any, embedder: Any) -> Callable[..., IngestResult]:
    """One sync of the folder `docs`."""

    def synced() -> IngestResult:
        embedder.texts.clear()
        server.reads.clear()
        location = DocumentLocation(f"{server.url}/docs", options=lambda: server.options)
        return sync(location, index, embedder, Settings(ingest=IngestConfig()))

    return synced


def write(folder: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (LONG_AGO + len(text), LONG_AGO + len(text)))


def problem_of(server: SftpServer, path: str = "/docs", **options: Any) -> str:
    """Why the folder cannot be listed."""
    location = DocumentLocation(f"{server.url}{path}", options=lambda: {**server.options, **options})
    with pytest.raises(InputError) as caught:
        list(open_source(location).files())
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_folder_is_kept_in_sync(
    run: Callable[[], IngestResult], server: SftpServer, served: Path, index: Any, embedder: Any
) -> None:
    first = run()
    assert (first.failed, first.source) == ([], f"{server.url}/docs")
    assert held(index) == {"a.md": "Alpha.", "b.md": "Beta.", "sub/c d.md": "Gamma."}
    again = run()
    assert (again.unchanged, again.changed, embedder.texts) == (3, False, [])
    assert [path for path in server.reads if path.endswith(".md")] == []
    write(served, {"docs/a.md": "Alpha changed.", "docs/d.md": "Delta."})
    (served / "docs" / "sub").rename(served / "docs" / "moved")
    (served / "docs" / "b.md").unlink()
    changed = run()
    assert (changed.added, changed.updated, changed.deleted, changed.failed) == (2, 1, 2, [])
    assert "Gamma." not in embedder.texts
    assert held(index) == {"a.md": "Alpha changed.", "d.md": "Delta.", "moved/c d.md": "Gamma."}


def test_a_server_that_hangs_up_half_way_loses_nothing(
    run: Callable[[], IngestResult], server: SftpServer, served: Path, index: Any
) -> None:
    run()
    before = held(index)
    (served / "docs" / "b.md").unlink()
    server.operations_left = 2  # the ignore file and the folder; not the one below it
    with pytest.raises(InputError, match="nothing was changed|cannot be listed"):
        run()
    server.operations_left = None
    assert held(index) == before
    assert (run().deleted, len(held(index))) == (1, 2)


def test_links_are_followed_to_files_alone(server: SftpServer, served: Path) -> None:
    (served / "docs" / "link.md").symlink_to(served / "docs" / "a.md")
    (served / "docs" / "loop.md").symlink_to(served / "docs")
    (served / "docs" / "lost.md").symlink_to(served / "nowhere")
    opened = open_source(DocumentLocation(f"{server.url}/docs", options=lambda: server.options))
    listing = list(opened.files())
    assert [file.path for file in listing if not file.problem] == ["a.md", "b.md", "link.md", "sub/c d.md"]
    assert {file.path for file in listing if file.problem} == {"loop.md", "lost.md"}


def test_what_is_wrong_is_one_line_without_secrets(server: SftpServer) -> None:
    assert "does not exist" in problem_of(server, "/nowhere")
    wrong = problem_of(server, password="wrong-password")
    assert "Authentication failed" in wrong
    assert "wrong-password" not in wrong


def test_a_server_whose_key_is_not_known_is_refused(
    server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    other = SftpServer(tmp_path).known_hosts.split()[2]
    for lines in (None, f"[127.0.0.1]:{server.port} {KIND} {other}", f"elsewhere {KIND} {server.key.get_base64()}"):
        assert "is not known for" in problem_of(server, known_hosts=lines)
    assert "no host's key: elsewhere" in problem_of(server, known_hosts=f"elsewhere {other} x")
    assert "cannot be read" in problem_of(server, known_hosts=str(tmp_path / "missing"))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"# mine\n\n{server.known_hosts}\n")
    options = {**server.options, "known_hosts": None}
    assert list(open_source(DocumentLocation(f"{server.url}/docs", options=lambda: options)).files())
