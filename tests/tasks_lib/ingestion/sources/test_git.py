"""A git repository on a server of this machine is kept in sync at a branch, and fetched as little as can be."""

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.home import Home
from tasks_lib.ingestion.result import IngestResult
from tasks_lib.ingestion.sources.git.address import GitAddress
from tasks_lib.ingestion.sources.git.source import GitSource
from tasks_lib.ingestion.sources.open import open_source
from tests.stubs.git_server import GitServer, WorkTree, git
from tests.stubs.ingesting import held, sync

TOKEN = "token-of-ann"
CREDENTIALS = {"username": "ann", "password": TOKEN}


@pytest.fixture
def wiki(tmp_path: Path) -> WorkTree:
    """A repository of three documents."""
    tree = WorkTree(tmp_path / "served" / "wiki")
    tree.write(a="Alpha.", b="Beta.", docs__c="Gamma.")
    tree.commit()
    return tree


@pytest.fixture
def server(wiki: WorkTree, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    """A server that asks for a token, and git without the settings of this machine."""
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with GitServer(wiki.folder.parent, TOKEN) as running:
        yield running


@pytest.fixture
def run(server: GitServer, index: Any, embedder: Any, home: Home) -> Callable[..., IngestResult]:
    """One sync of the repository."""

    def synced(rest: str = "", **ingest: Any) -> IngestResult:
        server.requests.clear()
        server.sent = 0
        embedder.texts.clear()
        location = DocumentLocation(f"git+{server.url}/wiki{rest}", options=lambda: CREDENTIALS)
        return sync(location, index, embedder, Settings(ingest=IngestConfig(**ingest)))

    return synced


def fetched(server: GitServer) -> bool:
    """Whether objects were asked for, after the first question, which is for the commit."""
    return len([request for request in server.requests if request.endswith("/git-upload-pack")]) > 1


def source(wiki: WorkTree, folder: Path, rest: str = "", **given: Any) -> GitSource:
    return GitSource(f"git+{wiki.folder.as_uri()}{rest}", folder / "copy", **given)


def test_files_that_come_change_and_go_do_so_in_the_index(
    run: Callable[..., IngestResult], server: GitServer, wiki: WorkTree, index: Any
) -> None:
    first = run()
    assert (first.added, first.failed, held(index)) == (
        3,
        [],
        {"a.md": "Alpha.", "b.md": "Beta.", "docs/c.md": "Gamma."},
    )
    assert first.source == f"git+{server.url}/wiki"
    wiki.write(a="Alpha changed.", d="Delta.")
    (wiki.folder / "b.md").unlink()
    wiki.commit()
    second = run()
    assert (second.added, second.updated, second.deleted, second.failed) == (1, 1, 1, [])
    assert held(index) == {"a.md": "Alpha changed.", "d.md": "Delta.", "docs/c.md": "Gamma."}


def test_what_is_unchanged_is_not_even_fetched(
    run: Callable[..., IngestResult], server: GitServer, embedder: Any
) -> None:
    first = run()
    assert fetched(server)
    again = run()
    assert (again.unchanged, again.changed, again.index_version) == (3, False, first.index_version)
    assert not fetched(server)
    assert embedder.texts == []


def test_only_what_has_changed_is_fetched(run: Callable[..., IngestResult], server: GitServer, wiki: WorkTree) -> None:
    noise = os.urandom(200_000).hex()
    wiki.write(large=noise)
    wiki.commit()
    run()
    assert server.sent > 200_000
    wiki.write(a="Alpha changed.")
    wiki.commit()
    assert run().updated == 1
    assert server.sent < 20_000


def test_renames_and_moved_folders_embed_nothing_and_lose_nothing(
    run: Callable[..., IngestResult], wiki: WorkTree, index: Any, embedder: Any
) -> None:
    run()
    git(wiki.folder, "mv", "a.md", "alpha.md")
    git(wiki.folder, "mv", "docs", "papers")
    git(wiki.folder, "mv", "b.md", "beta.md")
    wiki.commit()
    moved = run()  # all three documents have other paths, which a deletion of all would not be allowed to
    assert (moved.added, moved.deleted, moved.embedded_chunks, embedder.texts) == (3, 3, 0, [])
    assert held(index) == {"alpha.md": "Alpha.", "beta.md": "Beta.", "papers/c.md": "Gamma."}


def test_a_server_that_fails_half_way_loses_nothing(
    run: Callable[..., IngestResult], server: GitServer, wiki: WorkTree, index: Any
) -> None:
    run()
    before = held(index)
    wiki.write(a="Alpha changed.")
    (wiki.folder / "b.md").unlink()
    wiki.commit()
    server.posts_left = 1
    with pytest.raises(InputError, match="cannot be fetched.*500"):
        run()
    server.posts_left = None
    assert held(index) == before
    assert (run().updated, held(index)) == (1, {"a.md": "Alpha changed.", "docs/c.md": "Gamma."})


def test_a_copy_that_is_damaged_or_gone_is_fetched_anew(
    run: Callable[..., IngestResult], home: Home, server: GitServer
) -> None:
    run()
    (copy,) = [folder for folder in (home.root / "cache" / "git").iterdir() if folder.is_dir()]
    shutil.rmtree(copy / "objects")
    assert (run().unchanged, fetched(server)) == (3, True)
    shutil.rmtree(copy)
    assert (run().unchanged, fetched(server)) == (3, True)


def test_branches_tags_and_folders_are_chosen(run: Callable[..., IngestResult], wiki: WorkTree, index: Any) -> None:
    git(wiki.folder, "tag", "--annotate", "--message=First", "v1")
    git(wiki.folder, "checkout", "--quiet", "-b", "feature/new")
    wiki.write(docs__c="Gamma of the branch.")
    wiki.commit()
    branch = run("@feature/new#subdirectory=docs")
    assert (branch.added, branch.source.partition("/wiki")[2]) == (1, "@feature/new#subdirectory=docs")
    assert held(index) == {"c.md": "Gamma of the branch."}
    assert run("@v1").added == 3
    assert run("@main").added == 3


def test_secrets_are_in_no_log_argument_or_file(
    run: Callable[..., IngestResult],
    home: Home,
    server: GitServer,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments: list[str] = []
    real = subprocess.run

    def noted(command: list[str], **options: Any) -> Any:
        arguments.extend(map(str, command))
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", noted)
    with caplog.at_level(logging.DEBUG):
        run()
    assert server.url in " ".join(arguments)
    assert TOKEN not in " ".join(arguments) + caplog.text
    files = [file for file in home.root.rglob("*") if file.is_file()]
    assert not [file for file in files if TOKEN.encode() in file.read_bytes()]


def test_a_wrong_token_is_told_without_it(server: GitServer, home: Home) -> None:
    location = DocumentLocation(f"git+{server.url}/wiki", options=lambda: {"password": "wrong-token"})
    with pytest.raises(InputError, match="Authentication failed") as caught:
        list(open_source(location).files())
    assert "wrong-token" not in caught.value.message
    assert "\n" not in caught.value.message


def test_what_is_wrong_with_an_address_is_one_line(server: GitServer, wiki: WorkTree, tmp_path: Path) -> None:
    git(wiki.folder, "branch", "release")
    for rest, words in {
        "@relaese": "neither a branch nor a tag 'relaese'; did you mean 'release'",
        "#subdirectory=papers": "has no folder 'papers'",
        "#subdirectory=a.md": "has no folder 'a.md'",
        "#branch=x": "is no address of a git repository",
        "#subdirectory=../x": "git cannot have",
        "@-x": "git cannot have",
    }.items():
        with pytest.raises(InputError, match=words) as caught:
            list(source(wiki, tmp_path, rest).files())
        assert "\n" not in caught.value.message
    for uri in ("git+http://127.0.0.1:9/x", "git+file:///nowhere", f"git+{server.url}/nothing"):
        with pytest.raises(InputError, match="cannot be fetched") as caught:
            list(GitSource(uri, tmp_path / "other", options=CREDENTIALS).files())
        assert "\n" not in caught.value.message


def test_an_empty_repository_is_named(tmp_path: Path) -> None:
    empty = WorkTree(tmp_path / "empty")
    with pytest.raises(InputError, match="has no commits"):
        list(source(empty, tmp_path).files())


def test_git_that_is_missing_is_named(wiki: WorkTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="needs git, which is not installed"):
        list(source(wiki, tmp_path).files())


def test_hidden_ignored_and_linked_files_and_submodules(wiki: WorkTree, tmp_path: Path) -> None:
    wiki.write(**{".hidden": "x", ".github__x": "x", "drafts__d": "x"})
    (wiki.folder / ".llmopsignore").write_text("drafts/\n")
    (wiki.folder / "link.md").symlink_to("a.md")
    (wiki.folder / "tool.exe").write_bytes(b"x")
    (wiki.folder / os.fsdecode(b"bad\xff.md")).write_text("x")
    git(wiki.folder, "add", "--all")
    git(wiki.folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module.md")
    git(wiki.folder, "commit", "--quiet", "--message=Change")
    opened = source(wiki, tmp_path)
    listing = list(opened.files())
    assert [file.path for file in listing if not file.problem] == ["a.md", "b.md", "docs/c.md"]
    assert {file.path for file in listing if file.problem} == {"link.md", "bad\\xff.md"}
    assert [(files.suffix, files.count) for files in opened.skipped()] == [(".exe", 1)]


def test_a_pointer_of_large_file_storage_is_no_document(wiki: WorkTree, tmp_path: Path) -> None:
    wiki.write(big="version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n")
    wiki.commit()
    opened = source(wiki, tmp_path)
    file = next(file for file in opened.files() if file.path == "big.md")
    with pytest.raises(OSError, match="Git LFS"):
        opened.read(file.path, file.etag)


def test_a_run_on_another_machine_fetches_what_it_reads(wiki: WorkTree, tmp_path: Path) -> None:
    listed = {file.path: file for file in source(wiki, tmp_path).files()}
    assert source(wiki, tmp_path / "other").read("a.md", listed["a.md"].etag) == b"Alpha."
    assert source(wiki, tmp_path / "third").read("docs/c.md") == b"Gamma."
    wiki.write(b="Beta changed.")
    wiki.commit()
    with pytest.raises(OSError, match="changed while it was read"):
        source(wiki, tmp_path / "fourth").read("b.md", listed["b.md"].etag)


NAMES = st.text("abcdefABC0123-_.", min_size=1, max_size=8).filter(lambda name: name.strip(".") and name[0] not in "-.")


@given(
    host=NAMES,
    path=st.lists(NAMES, min_size=1, max_size=3),
    revision=st.lists(NAMES, max_size=2).map("/".join),
    folder=st.lists(NAMES, max_size=2).map("/".join),
    scheme=st.sampled_from(["https", "http", "ssh", "git"]),
)
def test_an_address_is_what_its_parts_are(host: str, path: list[str], revision: str, folder: str, scheme: str) -> None:
    user = "git@" if scheme == "ssh" else ""
    address = GitAddress(f"{scheme}://{user}{host}/{'/'.join(path)}", revision, folder)
    assert GitAddress.parse(address.uri) == address


def test_a_key_for_ssh_is_in_a_file_of_its_owner_while_git_runs(
    wiki: WorkTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command in the place of ssh tells what it was given, and runs what the other side would."""
    told = tmp_path / "told"
    script = tmp_path / "ssh"
    lines = ["#!/bin/sh", f"exec 3>>{told}", 'echo "$@" >&3', 'ls -l "$4" >&3', 'cat "$4" >&3']
    script.write_text("\n".join([*lines, "for last; do :; done", 'exec sh -c "$last"', ""]))
    script.chmod(0o700)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    options = {"private_key": "THE KEY", "known_hosts": "git.acme.com ssh-ed25519 AAAA"}
    opened = GitSource(f"git+ssh://git@git.acme.com{wiki.folder}", tmp_path / "copy", options=options)
    assert len(list(opened.files())) == 3
    said = told.read_text()
    assert "THE KEY" in said
    assert "-rw-------" in said
    key = said.split("-i ", 1)[1].split()[0]
    assert not Path(key).exists()
    assert "StrictHostKeyChecking=yes" in said
