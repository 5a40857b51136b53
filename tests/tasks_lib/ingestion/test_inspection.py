"""One file can be looked at before it is ingested: its text, its chunks, and what is suspicious."""

from pathlib import Path

import pytest

from blocks.local import LocalPlatform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.ingestion.inspection import inspect_file


def test_text_chunks_and_doubts_are_shown(platform: LocalPlatform, documents: Path) -> None:
    file = documents / "leave.txt"
    file.write_bytes(b"LEAVE\n\nEverybody has 27 days, " + "geprüft für alle Büros.\n".encode("cp1252"))
    inspection = inspect_file(file, platform, Settings())
    assert inspection.document == "leave.txt"
    assert "27 days, geprüft" in inspection.text
    assert [inspection.text[chunk.start : chunk.end] for chunk in inspection.chunks] == [
        chunk.content for chunk in inspection.chunks
    ]
    assert inspection.chunks[0].tokens > 5
    assert inspection.warnings[0].startswith("read as cp1252, a guess")


def test_pages_without_text_are_named(platform: LocalPlatform, documents: Path) -> None:
    file = documents / "pages.txt"
    file.write_text("One page of text.\f \fThe third page.\n")
    assert inspect_file(file, platform, Settings()).warnings == ["1 of 3 pages hold no text: 2"]


def test_characters_that_stand_for_nothing_are_told_by_their_share(platform: LocalPlatform, documents: Path) -> None:
    file = documents / "symbols.md"
    file.write_text("Leave " + "\ue001" * 6 + " days")
    assert inspect_file(file, platform, Settings()).warnings == ["35.3% of its characters are unreadable"]


def test_masking_and_chunking_are_those_of_the_configuration(platform: LocalPlatform, documents: Path) -> None:
    file = documents / "a.md"
    file.write_text("Ask jane.roe@example.org. " * 20)
    settings = Settings.model_validate({"ingest": {"mask_pii": True}, "chunking": {"tokens": 40}})
    inspection = inspect_file(file, platform, settings)
    assert "jane.roe" not in inspection.text
    assert all(chunk.tokens <= 40 for chunk in inspection.chunks)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("a.exe", b"MZ", "is not understood"), ("a.docx", b"PK\x03\x04", "corrupt archive"), ("a.md", b"", "empty")],
)
def test_a_file_that_would_fail_is_refused_with_its_reason(
    platform: LocalPlatform, documents: Path, name: str, content: bytes, reason: str
) -> None:
    file = documents / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        inspect_file(file, platform, Settings())
    with pytest.raises(InputError, match="cannot be read"):
        inspect_file(documents / "missing.md", platform, Settings())
