"""A damaged index is one clear error with a way out; a half-created one is none."""

import contextlib
from pathlib import Path

import pytest

from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex, list_indexes
from tasks_lib.errors import IndexUnavailableError
from tests.tasks_lib.assistant.stores.lancedb.conftest import SOURCE, MakeChunks, MakeIndex


def damage(folder: Path, pattern: str, content: bytes | None) -> None:
    files = list(folder.glob(pattern))
    assert files
    for file in files:
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)


@pytest.mark.parametrize(
    ("pattern", "content"),
    [
        ("_versions/*", b""),
        ("_versions/*", b"garbage" * 100),
        ("data/*", None),
        ("data/*", b""),
        ("data/*", b"garbage" * 100),
    ],
)
def test_a_damaged_table_is_a_named_error_and_can_be_dropped_and_rebuilt(
    index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex, tmp_path: Path, pattern: str, content: bytes | None
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "one"))
    damage(tmp_path / "database" / "docs.lance", pattern, content)
    broken = open_index()
    for use in (
        lambda: broken.manifest(SOURCE),
        lambda: broken.sample(3, seed=1),
        lambda: broken.vector_retriever(top_k=2).run(query_embedding=[1.0, 0.0, 0.0, 0.0]),
    ):
        with pytest.raises(IndexUnavailableError, match="docs") as caught:
            use()
        assert "drop" in caught.value.hint
        assert ".rs:" not in caught.value.message
    assert list_indexes(str(tmp_path / "database")) == ["docs"]
    broken.drop()
    broken.replace(SOURCE, ["a.md"], chunks("a.md", "two"))
    assert open_index().manifest(SOURCE) == {"a.md": "h1"}


@pytest.mark.parametrize("leftover", ["data", "_versions", "_transactions"])
def test_a_table_whose_creation_was_interrupted_counts_as_not_there(
    index: LanceDBIndex, chunks: MakeChunks, tmp_path: Path, leftover: str
) -> None:
    (tmp_path / "database" / "docs.lance" / leftover).mkdir(parents=True)
    assert not index.exists()
    assert index.count() == 0
    assert list_indexes(str(tmp_path / "database")) == []
    index.replace(SOURCE, ["a.md"], chunks("a.md", "one"))
    assert index.count() == 1


def test_a_table_of_another_layout_is_not_read(open_index: MakeIndex, tmp_path: Path) -> None:
    import lancedb

    lancedb.connect(tmp_path / "database").create_table("docs", [{"vector": [1.0, 2.0], "text": "x"}])
    with pytest.raises(IndexUnavailableError, match="format"):
        open_index().count()


def test_a_file_in_the_place_of_the_database_is_a_named_error(index: LanceDBIndex, tmp_path: Path) -> None:
    (tmp_path / "database").write_text("not a folder")
    with pytest.raises(IndexUnavailableError):
        index.count()
    with pytest.raises(IndexUnavailableError):
        list_indexes(str(tmp_path / "database"))


def test_a_reader_recovers_from_an_index_that_was_dropped_and_rebuilt(
    index: LanceDBIndex, chunks: MakeChunks, open_index: MakeIndex
) -> None:
    index.replace(SOURCE, ["a.md"], chunks("a.md", "old"))
    reader = open_index()
    assert reader.count() == 1
    index.drop()
    open_index().replace(SOURCE, ["b.md"], chunks("b.md", "new", "newer"))
    with contextlib.suppress(IndexUnavailableError):
        reader.count()
    assert [d.content for d in reader.keyword_retriever(top_k=3).run(query="new")["documents"]] == ["new"]


def test_an_address_that_cannot_be_locked_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("a file")
    index = LanceDBIndex(str(tmp_path / "database"), "docs", 4, lock_folder=tmp_path / "locks")
    with pytest.raises(IndexUnavailableError, match="locked"), index.writing(1):
        pass
