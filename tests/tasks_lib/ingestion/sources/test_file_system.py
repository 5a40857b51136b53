"""Addresses that fsspec reads: memory and a web server's folder, synced with changes between, and their faults."""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fsspec import AbstractFileSystem, register_implementation
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.document_source import SourceFile
from tasks_lib.ingestion.sources.file_system import FileSystemSource
from tasks_lib.ingestion.sources.fingerprint import fingerprint, fingerprint_again
from tasks_lib.ingestion.sources.open import open_source
from tests.stubs.ingesting import held, sync
from tests.stubs.web_folder import WebFolder

ROOTS = (f"memory://root-{number}" for number in itertools.count())
LONG_AGO = 1_700_000_000


class Renamed(MemoryFileSystem):
    """Memory whose files tell what file systems elsewhere tell: `told` gives it by the path."""

    protocol = "told"
    told: dict[str, dict[str, Any]] = {}  # noqa: RUF012  (fsspec makes the instances)
    shut: set[str] = set()  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(path.replace("told://", "memory://"))
        return stripped

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> Any:
        if any(path.endswith(each) for each in self.shut):
            raise PermissionError(f"{path} is shut, key-of-ann")
        return [
            {**entry, "created": None, **self.told.get(entry["name"], {})} for entry in super().ls(path, detail=True)
        ]

    def info(self, path: str, **kwargs: Any) -> Any:
        found = super().info(path)
        return {**found, "created": None, **self.told.get(found["name"], {})}


register_implementation("told", Renamed, clobber=True)


@pytest.fixture
def memory() -> AbstractFileSystem:
    return MemoryFileSystem()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[WebFolder, Path]]:
    """A web server and the folder that it serves."""
    folder = tmp_path / "served"
    write(folder, {"a.md": "Alpha.", "sub/b c.md": "Beta.", "sub/ü#%.md": "Gamma."})
    with WebFolder(folder) as running:
        yield running, folder


def write(folder: Path, texts: dict[str, str]) -> None:
    """Files that were written long ago."""
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (LONG_AGO + len(text), LONG_AGO + len(text)))


@pytest.fixture
def run(index: Any, embedder: Any, settings: Callable[..., Settings]) -> Callable[..., IngestResult]:
    def synced(uri: str, **given: Any) -> IngestResult:
        embedder.texts.clear()
        return sync(DocumentLocation(uri, **given), index, embedder, Settings(ingest=IngestConfig()))

    return synced


def paths(source: FileSystemSource) -> list[str]:
    return [file.path for file in source.files() if not file.problem]


def test_a_web_folder_is_kept_in_sync(
    run: Callable[..., IngestResult], web: tuple[WebFolder, Path], index: Any, embedder: Any
) -> None:
    server, folder = web
    first = run(f"{server.url}/")
    assert (first.failed, first.source) == ([], server.url)
    assert held(index) == {"a.md": "Alpha.", "sub/b c.md": "Beta.", "sub/ü#%.md": "Gamma."}
    server.downloads.clear()
    again = run(server.url)
    assert (again.unchanged, again.changed, server.downloads, embedder.texts) == (3, False, ["/.llmopsignore"], [])
    write(folder, {"a.md": "Alpha changed.", "d.md": "Delta."})
    (folder / "sub" / "b c.md").rename(folder / "sub" / "moved.md")
    changed = run(server.url)
    assert (changed.added, changed.updated, changed.deleted, changed.failed) == (2, 1, 1, [])
    assert "Beta." not in embedder.texts
    assert held(index) == {"a.md": "Alpha changed.", "d.md": "Delta.", "sub/moved.md": "Beta.", "sub/ü#%.md": "Gamma."}


def test_a_server_that_fails_half_way_loses_nothing(
    run: Callable[..., IngestResult], web: tuple[WebFolder, Path], index: Any
) -> None:
    server, folder = web
    run(server.url)
    before = held(index)
    (folder / "a.md").unlink()
    server.failing = {"/sub/"}
    with pytest.raises(InputError, match=r"cannot be listed: 500.*") as caught:
        run(server.url)
    assert "nothing was changed" in caught.value.hint
    assert held(index) == before
    server.failing = {"/sub/b"}
    result = run(server.url)
    assert (result.deleted, [failure.path for failure in result.failed]) == (1, ["sub/b c.md"])
    assert "sub/b c.md" in held(index)


def test_memory_is_listed_as_folders_are(memory: AbstractFileSystem) -> None:
    root = next(ROOTS)
    for path in (
        "b.md",
        "a/z.TXT",
        "a/b/c.pdf",
        "a-b.md",
        "a.md",
        "x.exe",
        ".git/c.md",
        "a/.hidden.md",
        "📁 ä/é.md",
        "drafts/d.md",
    ):
        memory.pipe(f"{root}/{path}", path.encode())
    memory.pipe(f"{root}/.llmopsignore", b"drafts/\n")
    source = FileSystemSource(root)
    assert paths(source) == ["a-b.md", "a.md", "a/b/c.pdf", "a/z.TXT", "b.md", "📁 ä/é.md"]
    assert paths(source) == sorted(paths(source))
    assert [(files.suffix, files.count) for files in source.skipped()] == [(".exe", 1)]
    assert paths(FileSystemSource(root, ("*.pdf", "b.*"))) == ["a/b/c.pdf", "b.md"]
    assert source.read("a/b/c.pdf") == b"a/b/c.pdf"


def test_a_folder_that_may_not_be_read_is_told_and_what_is_known_of_it_stays(
    run: Callable[..., IngestResult], index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = next(ROOTS).replace("memory", "told")
    fs = Renamed()
    for path in ("a.md", "shut/b.md"):
        fs.pipe(f"{root}/{path}", path.encode())
    run(root)
    monkeypatch.setattr(Renamed, "shut", {"shut"})
    fs.rm(f"{root}/a.md")
    fs.pipe(f"{root}/c.md", b"c")
    result = run(root, options=lambda: {"key": "key-of-ann"})
    (failure,) = result.failed
    assert (failure.path, result.deleted, set(held(index))) == ("shut/", 1, {"c.md", "shut/b.md"})
    assert "is shut, ***" in failure.reason


def test_what_is_gone_or_shut_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="does not exist"):
        paths(FileSystemSource("memory://nowhere-at-all"))
    root = next(ROOTS).replace("memory", "told")
    Renamed().pipe(f"{root}/a.md", b"x")
    monkeypatch.setattr(Renamed, "shut", {root.partition("//")[2]})
    with pytest.raises(InputError, match=r"cannot be listed: .* is shut"):
        paths(FileSystemSource(root))
    with pytest.raises(InputError, match="cannot be listed") as caught:
        paths(FileSystemSource("http://127.0.0.1:9/docs"))
    assert "\n" not in caught.value.message


def test_a_file_that_changes_between_listing_and_reading_is_an_error(memory: AbstractFileSystem) -> None:
    root = next(ROOTS)
    memory.pipe(f"{root}/a.md", b"old")
    source = FileSystemSource(root)
    (file,) = source.files()
    assert source.read(file.path, file.etag) == b"old"
    memory.pipe(f"{root}/a.md", b"newer")
    with pytest.raises(OSError, match="changed while it was read"):
        source.read(file.path, file.etag)
    memory.rm(f"{root}/a.md")
    with pytest.raises(OSError, match=r"a\.md"):
        source.read(file.path, file.etag)


def test_digests_make_a_rename_one_and_need_no_download(
    run: Callable[..., IngestResult], index: Any, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = next(ROOTS).replace("memory", "told")
    place = f"/{root.partition('//')[2]}"
    fs = Renamed()
    fs.pipe(f"{root}/a.md", b"Alpha.")
    monkeypatch.setattr(Renamed, "told", {f"{place}/a.md": {"md5Hash": "1"}, f"{place}/moved.md": {"md5Hash": "1"}})
    run(root)
    fs.mv(f"{root}/a.md", f"{root}/moved.md")
    moved = run(root)  # the only document of the source: a deletion of it would be refused
    assert (moved.added, moved.deleted, embedder.texts) == (1, 1, [])
    assert held(index) == {"moved.md": "Alpha."}


def test_a_file_of_this_second_is_known_by_its_content(
    memory: AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes within a tick of the server's clock that leave the size are told apart."""
    root = next(ROOTS).replace("memory", "told")
    place = f"/{root.partition('//')[2]}/a.md"
    fs = Renamed()

    def digest(content: bytes, mtime: Any) -> str:
        fs.pipe(f"{root}/a.md", content)
        monkeypatch.setattr(Renamed, "told", {place: {"mtime": mtime}})
        source = FileSystemSource(root)
        (file,) = source.files()
        return source.content_hash(file)

    now = int(time.time())
    for mtime in (now, datetime.fromtimestamp(now, UTC), datetime.fromtimestamp(now, UTC).isoformat()):
        assert digest(b"one", mtime) != digest(b"two", mtime)
    assert digest(b"one", LONG_AGO) == digest(b"two", LONG_AGO)  # not read: what rsync takes for unchanged
    assert digest(b"one", LONG_AGO) != digest(b"longer", LONG_AGO)
    assert digest(b"one", None) != digest(b"two", None)  # nothing is told of it: its content is read


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"size": 3, "md5Hash": "q", "etag": "e", "mtime": 5}, "=md5Hash:q"),
        ({"size": 3, "content_settings": {"content_md5": bytearray(b"\x01")}, "etag": "e"}, "=content_md5:01"),
        ({"size": 3, "ETag": '"e"'}, "=ETag:e"),
        ({"size": 3, "ETag": 'W/"e"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}, "3-1767225600.000000"),
        ({"size": 3, "sha": "s"}, "=sha:s"),
        ({"size": 3, "mtime": datetime(2026, 1, 1, tzinfo=UTC)}, "3-1767225600.000000"),
        ({"size": 3}, ""),
    ],
)
def test_what_stands_for_a_content(entry: dict[str, Any], expected: str) -> None:
    assert fingerprint(entry) == expected
    assert fingerprint_again({**entry, "url": "x"}, expected) == expected
    assert fingerprint_again({"size": 3}, expected) == expected  # the file by itself does not tell


@given(st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4), st.integers(0, 9), st.integers(0, 9))
def test_other_names_sizes_or_times_are_other_contents(names: list[str], size: int, mtime: int) -> None:
    source = FileSystemSource("memory://x")
    path = "/".join(names)
    known = source.content_hash(SourceFile(path, size, fingerprint({"size": size, "mtime": mtime})))
    for other, etag in (
        (f"{path}c", {"size": size, "mtime": mtime}),
        (path, {"size": size + 1, "mtime": mtime}),
        (path, {"size": size, "mtime": mtime + 1}),
    ):
        assert source.content_hash(SourceFile(other, size, fingerprint(etag))) != known
    moved = source.content_hash(SourceFile(f"folder/{path}", size, fingerprint({"size": size, "mtime": mtime})))
    assert moved == known


def test_credentials_are_those_of_the_location_and_are_never_shown(web: tuple[WebFolder, Path]) -> None:
    server, _ = web
    server.token = "token-of-ann"
    options = {"headers": {"Authorization": "Bearer token-of-ann"}}
    opened = open_source(DocumentLocation(server.url, options=lambda: options))
    assert len([file for file in opened.files() if not file.problem]) == 3
    with pytest.raises(InputError, match="401") as caught:
        list(open_source(DocumentLocation(server.url)).files())
    assert "token" not in caught.value.message
    wrong = {"key": "secret-of-ann", "nothing": "secret-of-ann"}
    with pytest.raises((InputError, OSError)) as refused:
        list(open_source(DocumentLocation("sftp://127.0.0.1:9/x", options=lambda: wrong)).files())
    assert "secret-of-ann" not in str(refused.value)


@pytest.mark.parametrize(
    ("uri", "package", "module"),
    [
        ("gs://b/x", "gcsfs", "gcsfs"),
        ("az://b/x", "adlfs", "adlfs"),
        ("abfs://b/x", "adlfs", "adlfs"),
        ("sftp://h/x", "paramiko", "paramiko"),
        ("webdav://x", "webdav4", "webdav4"),
        ("smb://h/x", "smbprotocol", "smbclient"),
        ("gdrive://x", "gdrive-fsspec", "gdrive_fsspec"),
    ],
)
def test_a_package_that_is_missing_is_named(
    uri: str, package: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for known in ("sftp", "ssh", "fsspec.implementations.sftp"):
        monkeypatch.delitem(sys.modules if "." in known else _registry, known, raising=False)
    with pytest.raises(ConfigurationError, match=f"needs the package {package!r}, which is not installed") as caught:
        open_source(DocumentLocation(uri))
    assert caught.value.hint == f"pip install {package}"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("gx://b/x", r"nothing reads gx://"),
        ("htps://a.com/sitemap.xml", r"nothing reads htps://; did you mean https://"),
        ("git+htps://a.com/x", r"nothing reads git\+htps://; did you mean git\+https://"),
        ("cached://x", "nothing reads cached://"),
        ("sftp://ann:pass-word@h/x", r"sftp://…@h carries a password"),
        ("git+https://ann:pass-word@h/x", r"git\+https://…@h carries a password"),
        ("https://ann:pass-word@h/sitemap.xml", r"https://…@h carries a password"),
    ],
)
def test_addresses_that_nobody_reads_are_refused_in_one_line(uri: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        open_source(DocumentLocation(uri))
    assert "pass-word" not in caught.value.message
    assert "\n" not in caught.value.message
