"""Attachments are documents of their own, which come, change and go with their message."""

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.attachments import DEEPEST, MOST, attachments, by_message
from tasks_lib.ingestion.converters.convert import FORMATS
from tasks_lib.ingestion.inspection import inspect_file
from tasks_lib.ingestion.result import IngestResult
from tests.stubs.ingesting import sync

MakeSettings = Callable[..., Settings]
MEGABYTE = 2**20


def mail(subject: str = "Parking", **files: bytes | str) -> EmailMessage:
    """A message with files by name; `__` stands for the dot of a suffix."""
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "a@example.org"
    message.set_content(f"{subject} costs 12 euro.\n")
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name.replace("__", "."))
    return message


def held(index: Any) -> dict[str, str]:
    """Document → text, as the index has them."""
    texts: dict[str, str] = {}
    for chunk in sorted(index.sample(1000, 0), key=lambda chunk: chunk.meta["start"]):
        texts[chunk.meta["document"]] = texts.get(chunk.meta["document"], "") + (chunk.content or "")
    return texts


@pytest.fixture
def run(documents: Path, index: Any, embedder: Any, settings: MakeSettings) -> Callable[..., IngestResult]:
    return lambda **ingest: sync(documents, index, embedder, settings(**ingest))


def test_attachments_are_documents_below_their_message(
    run: Callable[..., IngestResult], index: Any, documents: Path, docx_file: bytes
) -> None:
    inner = mail("Lockers", fee__txt="A locker costs 3 euro.")
    message = mail(pay__docx=docx_file, tool__exe=b"MZ", empty__txt=b" ")
    message.add_attachment(inner)
    (documents / "box").mkdir()
    (documents / "box" / "mail.eml").write_bytes(message.as_bytes())
    result = run()
    texts = held(index)
    assert texts.keys() == {
        *("box/mail.eml", "box/mail.eml/pay.docx", "box/mail.eml/Lockers.eml", "box/mail.eml/Lockers.eml/fee.txt")
    }
    assert "| grade: N1 | euros: 100 |" in texts["box/mail.eml/pay.docx"]
    assert "N1" not in texts["box/mail.eml"]
    assert "Attachments: pay.docx, tool.exe, empty.txt, Lockers.eml" in texts["box/mail.eml"]
    assert (result.added, result.failed) == (1, [])
    reason = "attachments are left out: 'tool.exe': format '.exe' is not understood; 'empty.txt': "
    assert [doubt.path for doubt in result.doubtful] == ["box/mail.eml"]
    assert result.doubtful[0].reason.startswith(reason)


def test_attachments_change_and_go_with_their_message(
    run: Callable[..., IngestResult], index: Any, embedder: Any, documents: Path
) -> None:
    (documents / "a.md").write_text("Alpha.")
    file = documents / "mail.eml"
    file.write_bytes(mail(one__txt="One.", two__txt="Two.").as_bytes())
    assert run().added == 2
    embedder.texts.clear()
    again = run()
    assert (again.unchanged, again.deleted, again.changed, embedder.texts) == (2, 0, False, [])
    file.write_bytes(mail(two__txt="Two is new.", three__txt="Three.").as_bytes())
    changed = run()
    assert (changed.updated, changed.deleted, changed.unchanged) == (1, 0, 1)
    assert {path: text for path, text in held(index).items() if path.startswith("mail.eml/")} == {
        "mail.eml/two.txt": "Two is new.",
        "mail.eml/three.txt": "Three.",
    }
    file.rename(documents / "moved.eml")
    embedder.texts.clear()
    moved = run()
    assert (moved.added, moved.deleted, embedder.texts) == (1, 1, [])
    assert held(index).keys() == {"a.md", "moved.eml", "moved.eml/two.txt", "moved.eml/three.txt"}
    (documents / "moved.eml").unlink()
    assert run().deleted == 1
    assert held(index).keys() == {"a.md"}


def test_a_message_that_cannot_be_read_any_more_keeps_its_attachments(
    run: Callable[..., IngestResult], index: Any, documents: Path
) -> None:
    (documents / "mail.eml").write_bytes(mail(one__txt="One.").as_bytes())
    run()
    before = held(index)
    (documents / "mail.eml").write_bytes(b"\n\nno headers")
    result = run()
    assert ([failure.path for failure in result.failed], result.deleted) == (["mail.eml"], 0)
    assert held(index) == before


def test_a_converter_of_another_package_takes_the_whole_message(
    run: Callable[..., IngestResult], index: Any, documents: Path
) -> None:
    (documents / "mail.eml").write_bytes(mail(one__txt="One.").as_bytes())
    run()
    run(converters={".eml": {"type": "haystack.components.converters.TextFileToDocument"}})
    assert held(index).keys() == {"mail.eml"}


def test_attachments_are_bounded_in_number_depth_and_size() -> None:
    many = mail(**{f"f{number}__txt": "x" for number in range(MOST + 3)})
    found = attachments("m.eml", many.as_bytes(), FORMATS, MEGABYTE)
    assert (len(found.files), len(found.left_out)) == (MOST, 3)
    assert "more than 200" in found.left_out[0]
    big = attachments("m.eml", mail(a__txt="x" * 700, b__txt="y" * 700).as_bytes(), FORMATS, 1000)
    assert [path for path, _ in big.files] == ["m.eml/a.txt"]
    assert "too large" in big.left_out[0]
    deep = mail("m0", leaf__txt="x")
    for level in range(1, DEEPEST + 2):
        outer = mail(f"m{level}")
        outer.add_attachment(deep)
        deep = outer
    found = attachments("m.eml", deep.as_bytes(), FORMATS, MEGABYTE)
    assert len(found.files) == DEEPEST
    assert found.left_out == ["what is attached to 'm1.eml': it lies 5 messages deep"]


def test_inspecting_a_message_names_its_attachments(tmp_path: Path, platform: Any) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(mail(one__txt="One.").as_bytes())
    assert inspect_file(file, platform, Settings()).warnings == ["its attachments are documents of their own: one.txt"]


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200), max_size=5)
)
@profile(deadline=None, max_examples=50)
def test_names_of_attachments_are_names_of_files_and_no_two_alike(names: list[str]) -> None:
    message = mail()
    for name in names:
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    found = attachments("m.eml", message.as_bytes(), {"", *FORMATS}, MEGABYTE)
    paths = [path for path, _ in found.files]
    parts = [path.split("/") for path in paths]
    assert len(set(paths)) == len(paths)
    assert len(paths) + len(found.left_out) == len(names)
    assert all(len(part) == 2 and part[1].strip(". ") and len(part[1]) <= 130 for part in parts)
    assert by_message(["m.eml", *paths]) == ({"m.eml": sorted(paths)} if paths else {})
