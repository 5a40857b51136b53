"""Files under the name of another format: told, with the name that they should have, and not read as text."""

import io
import zipfile
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import FORMATS, convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.signature import misnamed, told
from tests.stubs.old_office import old_office_file
from tests.stubs.one_of_each import samples

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(1, 200))
PACKED_OR_PRINTED = {"pdf", "rtf", "docx", "xlsx", "pptx", "odf", "epub", "doc", "xls", "ppt", "msg"}
"""Formats whose files begin in a way of their own; all others are text."""
READ_ALL_THE_SAME = {("docx", "doc"), ("xlsx", "xls"), ("pptx", "ppt"), ("rtf", "doc"), ("rtf", "xls"), ("rtf", "ppt")}


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "text")
    return stream.getvalue()


def files() -> dict[str, bytes]:
    """Suffix of a format → one real file of it."""
    return {PurePosixPath(name).suffix: sample.data for name, sample in samples().items()}


@pytest.mark.parametrize("suffix", sorted(files()))
def test_no_file_of_a_format_is_taken_for_one_of_another(suffix: str) -> None:
    kind, data = FORMATS[suffix], files()[suffix]
    assert misnamed(kind, data) == ""
    assert bool(told(data)) is (kind in PACKED_OR_PRINTED)


@pytest.mark.parametrize("suffix", sorted(suffix for suffix in files() if FORMATS[suffix] in PACKED_OR_PRINTED))
def test_a_renamed_file_is_named_or_read_as_what_it_is(suffix: str) -> None:
    kind, data = FORMATS[suffix], files()[suffix]
    text = convert(f"a{suffix}", data).text
    ole = {"doc", "xls", "ppt", "msg"}
    for other, wrong in FORMATS.items():
        if wrong == kind:
            continue
        if (kind, wrong) in READ_ALL_THE_SAME:
            assert convert(f"a{other}", data).text == text
            continue
        with pytest.raises(UnreadableDocumentError) as caught:
            convert(f"a{other}", data)
        reason = caught.value.message
        assert "\n" not in reason
        assert " at 0x" not in reason
        if kind not in ole or wrong not in ole | {"docx", "xlsx", "pptx"}:  # their readers tell what these are
            assert suffix in reason.partition("name it ")[2]


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize(
    "data", [PICTURE, b"\x1f\x8b\x08" + bytes(range(1, 90)), zipped()], ids=["a picture", "gzip", "zip"]
)
def test_pictures_and_archives_are_no_documents(suffix: str, data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        convert(f"a{suffix}", data)
    assert "\n" not in caught.value.message


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: text.strip()))
def test_text_is_none_of_them(text: str) -> None:
    written = text.replace("%PDF-", "").replace("{\\rtf", "")
    assert misnamed("txt", written.encode()) == ""


@pytest.mark.parametrize(
    ("suffix", "name"), [(".docx", "agreement.doc"), (".xlsx", "ducks.xls"), (".txt", "ducks.xls")]
)
def test_old_office_under_a_new_name_is_told_how_to_be_named(suffix: str, name: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=r"\.xls"):
        convert(f"a{suffix}", old_office_file(name))
