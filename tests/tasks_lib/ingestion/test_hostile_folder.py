"""A folder of everything that goes wrong: one row of reason each, and the rest is ingested."""

import os
from pathlib import Path
from typing import Any

import pytest

from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.settings import Settings
from tests.stubs.ingesting import sync


@pytest.fixture
def hostile(documents: Path, zip_bomb: bytes, encrypted_pdf: bytes, docx_file: bytes) -> Path:
    """The folder; 100 MB are a sparse file."""
    (documents / "good.docx").write_bytes(docx_file)
    (documents / "bomb.docx").write_bytes(zip_bomb)
    (documents / "cut.docx").write_bytes(docx_file[:-900])
    (documents / "locked.pdf").write_bytes(encrypted_pdf)
    (documents / "empty.md").touch()
    (documents / "binary.txt").write_bytes(b"text\0\0\0text")
    (documents / "utf-16.txt").write_text("Größe und Gewicht", encoding="utf-16")
    (documents / "latin-1.txt").write_bytes("Größe".encode("latin-1"))
    (documents / "same-1.md").write_text("The very same words.")
    (documents / "same-2.md").write_text("The very same words.")
    (documents / "📁 🦊").mkdir()
    (documents / "📁 🦊" / "fox 🦊.md").write_text("The fox lives here.")
    (documents / "loop").symlink_to(documents)
    (documents / "nowhere.md").symlink_to(documents / "gone.md")
    os.mkfifo(documents / "pipe.csv")
    with (documents / "huge.txt").open("wb") as stream:
        stream.truncate(100 * 2**20)
    if os.geteuid() != 0:
        (documents / "shut.md").write_text("secret")
        (documents / "shut.md").chmod(0)
    return documents


def test_hostile_folder_is_ingested_with_a_reason_for_each_bad_file(hostile: Path, index: Any, embedder: Any) -> None:
    settings = Settings(ingest=IngestConfig(max_file_megabytes=50))
    result = sync(hostile, index, embedder, settings)
    reasons = {failure.path: failure.reason for failure in result.failed}
    expected = {
        "binary.txt": "NUL",
        "bomb.docx": "zip bomb",
        "cut.docx": "corrupt",
        "empty.md": "empty",
        "huge.txt": "too large",
        "locked.pdf": "encrypted",
        "loop": "symbolic link",
        "nowhere.md": "No such file",
        "pipe.csv": "not a regular file",
    } | ({"shut.md": "Permission denied"} if os.geteuid() != 0 else {})
    assert reasons.keys() == expected.keys()
    assert all(word in reasons[path] for path, word in expected.items())
    assert all("\n" not in reason for reason in reasons.values())
    assert index.manifest(result.source).keys() == {
        "good.docx",
        "latin-1.txt",
        "same-1.md",
        "same-2.md",
        "utf-16.txt",
        "📁 🦊/fox 🦊.md",
    }
    assert sum("same words" in text for text in embedder.texts) == 1
    again = sync(hostile, index, embedder, settings)
    assert (again.unchanged, again.changed, len(again.failed)) == (6, False, len(expected))
