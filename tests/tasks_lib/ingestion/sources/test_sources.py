"""Folders and S3 prefixes: what is listed, in which order, and what is told of the rest."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.assistant.contract.documents import DocumentLocation
from tasks_lib.errors import InputError
from tasks_lib.ingestion.sources.document_source import DocumentSource
from tasks_lib.ingestion.sources.folder import FolderSource
from tasks_lib.ingestion.sources.open import open_source
from tasks_lib.ingestion.sources.s3 import S3Source


def paths(source: DocumentSource) -> list[str]:
    """Paths that can be read."""
    return [file.path for file in source.files() if not file.problem]


def problems(source: DocumentSource) -> dict[str, str]:
    """Paths that cannot."""
    return {file.path: file.problem for file in source.files() if file.problem}


def fill(folder: Path, *names: str) -> None:
    """Files that hold their own name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def test_folder_lists_known_formats_in_the_order_of_paths(documents: Path) -> None:
    fill(documents, "b.md", "a/z.TXT", "a/b/c.pdf", "a-b.md", "a.md", "x.exe", ".git/c.md", "a/.hidden.md", "📁 ä/é.md")
    source = FolderSource(documents)
    assert paths(source) == ["a-b.md", "a.md", "a/b/c.pdf", "a/z.TXT", "b.md", "📁 ä/é.md"]
    assert paths(source) == sorted(paths(source))
    assert source.uri == documents.resolve().as_uri()


def test_globs_and_ignore_file_choose(documents: Path) -> None:
    fill(documents, "a.md", "sub/b.md", "sub/deep/c.md", "drafts/d.md", "e.rst", "f.txt")
    (documents / ".llmopsignore").write_text("# no drafts\ndrafts/\n/a.md\n")
    assert paths(FolderSource(documents, ("*.md", "*.rst"))) == ["e.rst", "sub/b.md", "sub/deep/c.md"]
    assert paths(FolderSource(documents, ("sub/**/*.md",))) == ["sub/b.md", "sub/deep/c.md"]
    assert paths(FolderSource(documents)) == ["e.rst", "f.txt", "sub/b.md", "sub/deep/c.md"]


def test_symbolic_links_are_followed_once(documents: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    fill(outside, "o.md")
    fill(documents, "a.md", "sub/b.md")
    (documents / "sub" / "up").symlink_to(documents)
    (documents / "also").symlink_to(outside)
    (documents / "again").symlink_to(outside)
    (outside / "back").symlink_to(outside)
    (documents / "link.md").symlink_to(documents / "a.md")
    (documents / "broken.md").symlink_to(documents / "nowhere.md")
    (documents / "self.md").symlink_to(documents / "self.md")
    source = FolderSource(documents)
    assert paths(source) == ["a.md", "again/o.md", "link.md", "sub/b.md"]
    assert set(problems(source)) == {"broken.md", "self.md", "sub/up"}


def test_special_files_and_bad_names_are_told(documents: Path) -> None:
    os.mkfifo(documents / "pipe.txt")
    (documents / os.fsdecode(b"bad\xff.md")).write_text("x")
    found = problems(FolderSource(documents))
    assert found == {"pipe.txt": "not a regular file", "bad\\xff.md": "the name is not valid UTF-8"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_folder_is_told_with_everything_below_it(documents: Path) -> None:
    fill(documents, "shut/a.md")
    (documents / "shut").chmod(0)
    assert list(problems(FolderSource(documents))) == ["shut/"]
    (documents / "shut").chmod(0o700)


def test_a_file_that_changes_between_listing_and_reading_is_an_error(documents: Path) -> None:
    fill(documents, "a.md")
    source = FolderSource(documents)
    (file,) = source.files()
    assert source.read(file.path, file.etag) == b"a.md"
    (documents / "a.md").write_text("longer than before")
    with pytest.raises(OSError, match="changed"):
        source.read(file.path, file.etag)


def test_sources_that_are_none_are_named(documents: Path) -> None:
    fill(documents, "a.md")
    for address, words in (
        (str(documents / "missing"), "does not exist"),
        (str(documents / "a.md"), "is a file"),
        ("gx://bucket/x", "nothing reads gx://"),
        ("s3://", "no bucket"),
    ):
        with pytest.raises(InputError, match=words):
            open_source(DocumentLocation(address))
    assert paths(open_source(DocumentLocation(documents.as_uri()))) == ["a.md"]


def test_ignore_file_that_is_not_text_is_named(documents: Path) -> None:
    (documents / ".llmopsignore").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match=r"\.llmopsignore"):
        paths(FolderSource(documents))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of moto's S3 with one empty bucket."""
    import boto3
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="docs")
        yield client


def test_s3_lists_below_the_prefix_page_by_page(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks_lib.ingestion.sources.s3.KEYS_PER_PAGE", 5)
    for key in ("h/a.md", "h/sub/ä.txt", "h/sub/", "h/x.exe", "h/.hidden.md", "hh/b.md", "h/drafts/c.md"):
        bucket.put_object(Bucket="docs", Key=key, Body=key.encode())
    for number in range(11):
        bucket.put_object(Bucket="docs", Key=f"h/many/{number:04}.md", Body=b"x")
    bucket.put_object(Bucket="docs", Key="h/.llmopsignore", Body=b"drafts/\n")
    source = S3Source("s3://docs/h/", client=lambda: bucket)
    assert source.uri == "s3://docs/h"
    found = paths(source)
    assert len(found) == 13
    assert found == sorted(found)
    assert {"a.md", "sub/ä.txt", "many/0000.md", "many/0010.md"} <= set(found)


def test_s3_reads_what_was_listed(bucket: Any) -> None:
    bucket.put_object(Bucket="docs", Key="a.md", Body=b"old")
    source = S3Source("s3://docs", client=lambda: bucket)
    (file,) = source.files()
    assert source.content_hash(file) == file.etag
    assert source.read(file.path, file.etag) == b"old"
    bucket.put_object(Bucket="docs", Key="a.md", Body=b"new")
    with pytest.raises(OSError, match="s3 read failed"):
        source.read(file.path, file.etag)


def test_bucket_that_is_missing_is_named(bucket: Any) -> None:
    with pytest.raises(InputError, match="s3://nothing/x"):
        paths(S3Source("s3://nothing/x", client=lambda: bucket))


def test_what_nobody_understands_is_counted_by_suffix_with_an_example(documents: Path) -> None:
    fill(documents, "a.md", "x.exe", "sub/y.EXE", "README", "drafts/z.exe", ".hidden.exe", "b.zip")
    (documents / ".llmopsignore").write_text("drafts/\n")
    source = FolderSource(documents)
    for _ in range(2):  # a second listing counts anew
        assert paths(source) == ["a.md"]
    told = [(files.suffix, files.count, files.example) for files in source.skipped()]
    assert told == [(".exe", 2, "sub/y.EXE"), ("", 1, "README"), (".zip", 1, "b.zip")]


def test_what_globs_leave_out_is_not_counted(documents: Path) -> None:
    fill(documents, "a.md", "x.exe")
    source = FolderSource(documents, ("*.md",))
    assert (paths(source), source.skipped()) == (["a.md"], [])


def test_thousands_of_suffixes_are_counted_together(documents: Path) -> None:
    fill(documents, *(f"a.x{number}" for number in range(150)))
    source = FolderSource(documents)
    assert not paths(source)
    assert sum(files.count for files in source.skipped()) == 150
    assert len(source.skipped()) == 101
