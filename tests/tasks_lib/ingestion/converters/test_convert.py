"""Every format becomes text with its structure; every broken file becomes a reason."""

import json

import pytest

from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError


def outline(document: ConvertedDocument) -> list[tuple[int, str]]:
    """Levels and texts of the headings."""
    return [(heading.level, heading.text) for heading in document.headings]


def reason(path: str, data: bytes) -> str:
    """Why the file cannot be converted."""
    with pytest.raises(UnreadableDocumentError) as caught:
        convert(path, data)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_markdown_stays_as_it_is_so_that_spans_are_spans_of_the_file() -> None:
    source = "# Leave\r\n\r\n27 **days**.\r\n\r\n```\r\n# no heading\r\n```\r\n\r\nUnder `lined`\n---\n"
    document = convert("a.md", source.encode())
    assert document.text == source
    assert document.title == "Leave"
    assert outline(document) == [(1, "Leave"), (2, "Under lined")]
    assert all(source[heading.position :].startswith(("# Leave", "Under")) for heading in document.headings)


def test_front_matter_gives_title_and_date_and_is_no_content() -> None:
    document = convert("a.md", b"---\ntitle: Travel\nupdated: 2026-03-01\n---\n# One\n\n# Two\n")
    assert (document.title, document.modified) == ("Travel", "2026-03-01")
    assert document.text[document.body :] == "# One\n\n# Two\n"
    assert document.text[document.headings[1].position] == "#"


@pytest.mark.parametrize("front", ["---\n[1, 2\n---\n", "---\n- a\n---\n", "---\njust a line\n---\n"])
def test_a_block_that_is_no_mapping_is_content(front: str) -> None:
    assert convert("a.md", (front + "text").encode()).body == 0


def test_several_top_headings_are_sections_and_no_title() -> None:
    assert convert("a.md", b"# One\n\na\n\n# Two\n\nb\n").title is None


def test_html_keeps_headings_and_tables() -> None:
    paragraph = "<p>Employees receive twenty-seven days of leave in a calendar year, and more later on.</p>" * 3
    page = (
        "<html><head><title>Leave</title><meta name='date' content='2026-01-02'></head><body><article>"
        f"<h1>Annual leave</h1>{paragraph}<h2>Carry over</h2>{paragraph}"
        "<table><tr><th>occasion</th><th>days</th></tr><tr><td>wedding</td><td>3</td></tr></table></article></body></html>"
    )
    document = convert("a.html", page.encode())
    assert outline(document) == [(1, "Annual leave"), (2, "Carry over")]
    assert document.title == "Annual leave"
    assert document.modified == "2026-01-02"
    assert "| occasion: wedding | days: 3 |" in document.text


def test_html_of_a_few_words_is_kept() -> None:
    assert "Closed on Monday" in convert("a.htm", b"<p>Closed on Monday.</p>").text


def test_html_is_decoded_by_the_charset_that_it_declares() -> None:
    page = '<html><head><meta charset="iso-8859-2"></head><body><p>Łódź jest piękna, jak mówią.</p></body></html>'
    assert "Łódź" in convert("a.html", page.encode("iso-8859-2")).text


def test_pdf_knows_its_pages(pdf_file: bytes) -> None:
    document = convert("a.pdf", pdf_file)
    assert document.title == "Dogs at work"
    assert document.page_at(document.text.index("Dogs")) == 1
    assert document.page_at(document.text.index("Cats")) == 2
    assert document.modified is not None


def test_docx_has_headings_tables_and_properties(docx_file: bytes) -> None:
    document = convert("a.docx", docx_file)
    assert document.title == "Pay"
    assert outline(document) == [(1, "Payday"), (2, "Bonus")]
    assert document.text[document.headings[1].position :].startswith(
        "Bonus\n\n| grade | euros |\n| grade: N1 | euros: 100 |"
    )
    assert document.modified is not None


def test_pptx_has_slides_and_their_titles(pptx_file: bytes) -> None:
    document = convert("a.pptx", pptx_file)
    assert outline(document) == [(1, "Welcome"), (1, "Lunch")]
    assert document.page_at(document.text.index("noon")) == 2


def test_xlsx_has_a_section_for_each_sheet(xlsx_file: bytes) -> None:
    document = convert("a.xlsx", xlsx_file)
    assert outline(document) == [(1, "Rates"), (1, "Cities")]
    assert "| country: Norway | rate: 12 |" in document.text
    assert document.text[document.headings[1].position :].startswith("Cities\n\n| Oslo | 4 |")


def test_json_is_written_a_value_a_line() -> None:
    text = convert("a.json", json.dumps({"a": ["ä", 1]}).encode()).text
    assert '\n  "ä",\n' in text


def test_text_is_kept() -> None:
    document = convert("a.txt", b"GUIDE\n\nFirst words.\n\nDESKS\n\nMore words.\n")
    assert outline(document) == [(1, "GUIDE"), (2, "DESKS")]
    assert document.title == "GUIDE"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "utf-32", "latin-1", "cp1252"]
)
def test_every_usual_encoding_is_read(encoding: str) -> None:
    text = "Übermäßig – viel" if encoding != "latin-1" else "Übermäßig viel"
    if encoding.endswith("-bom"):
        data = ("\ufeff" + text).encode(encoding.removesuffix("-bom"))
    else:
        data = text.encode(encoding)
    assert convert("a.txt", data).text == text


def test_lone_surrogates_cannot_be_stored_and_are_replaced() -> None:
    convert("a.json", b'{"a": "\\ud800"}').text.encode()


def test_broken_files_have_a_reason(encrypted_pdf: bytes, docx_file: bytes, pdf_file: bytes) -> None:
    assert reason("a.txt", b"") == "empty: 0 bytes"
    assert reason("a.md", b" \n\t\n") == "empty: no text could be extracted"
    assert reason("a.md", b"---\ntitle: x\n---\n").startswith("empty")
    assert "NUL" in reason("a.txt", b"a\0b")
    assert "NUL" in reason("a.txt", "a\0b".encode("utf-16"))
    assert "UTF-16" in reason("a.txt", b"\xff\xfea\x00b")
    assert "encrypted" in reason("a.pdf", encrypted_pdf)
    assert "cannot be read as PDF" in reason("a.pdf", b"no pdf")
    assert "PDF" in reason("a.pdf", pdf_file[: len(pdf_file) // 3])
    assert "corrupt" in reason("a.docx", docx_file[:3000])
    assert "corrupt" in reason("a.pptx", b"PK\x03\x04 and nothing")
    assert reason("a.pptx", docx_file) == "is Word, whatever its name says: name it .docx"
    assert "old Office" in reason("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "JSON" in reason("a.json", b"{")
    assert "JSON" in reason("a.json", b"[" * 100_000)
    assert "'.exe'" in reason("a.exe", b"MZ")
    assert "without extension" in reason("README", b"text")


def test_zip_bomb_is_refused_before_it_is_unpacked(zip_bomb: bytes) -> None:
    assert len(zip_bomb) < 2**20
    assert reason("a.docx", zip_bomb).startswith("zip bomb: 200 MiB")


def test_zip_that_lies_about_its_size_is_refused(docx_file: bytes) -> None:
    declared = bytearray(docx_file)
    entry = declared.index(b"PK\x01\x02")
    declared[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    with pytest.raises(UnreadableDocumentError, match="corrupt"):
        check_archive(bytes(declared))


def test_zip_of_too_many_members_is_refused(monkeypatch: pytest.MonkeyPatch, docx_file: bytes) -> None:
    monkeypatch.setattr("tasks_lib.ingestion.converters.archive.MAX_MEMBERS", 3)
    with pytest.raises(UnreadableDocumentError, match="members"):
        check_archive(docx_file)
