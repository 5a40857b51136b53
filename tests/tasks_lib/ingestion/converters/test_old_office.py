"""Old Office and Outlook: what people read in real files, and one line where a file cannot be read."""

from contextlib import suppress

import pytest

from tasks_lib.ingestion.converters.convert import attached_to, convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.extras import Extras
from tests.stubs.old_office import old_office_file


def text_of(name: str) -> str:
    return convert(name, old_office_file(name)).text


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "table.doc",
            ["| Cell 1,1 | Cell 1,2 | Cell 1,3 |", "| Cell 1,1: Cell 2,1 | Cell 1,2: Cell 2,2 | Cell 1,3: Cell 2,3 |"],
        ),
        ("merged.doc", ["| A | A | A | B | B |", "| C | D | E | E | F |"]),
        ("nested.doc", ["| A: D | B: E 1, 2; 3, 4 F | C: G |"]),
        ("notes.doc", ["Test text[1][2]", "[1] TestFootnote", "TestEndnote"]),
    ],
)
def test_old_word_keeps_tables_and_notes(name: str, lines: list[str]) -> None:
    assert set(lines) <= set(text_of(name).splitlines())


def test_comments_of_old_word_are_left_out_unless_they_are_asked_for() -> None:
    assert "TestComment" not in text_of("notes.doc")
    assert "Comment: TestComment" in convert("notes.doc", old_office_file("notes.doc"), Extras(comments=True)).text


def test_old_slides_have_titles_and_no_texts_of_their_master() -> None:
    slides = convert("slides.ppt", old_office_file("slides.ppt"))
    assert slides.text == "Test Slide\n\nWith a comment on it"
    assert [(heading.level, heading.text) for heading in slides.headings] == [(1, "Test Slide")]
    assert slides.pages == (0,)


def test_old_workbooks_show_numbers_as_excel_does_and_name_their_columns() -> None:
    assert "| US date | 10-Aug-07 |" in text_of("dates.xls")
    assert "| UK date | Friday, August 10, 2007 |" in text_of("dates.xls")
    assert "| Year: 2021 | Freshwater Ducks: 150 |" in text_of("ducks.xls")


def test_outlook_messages_are_mails_with_attachments() -> None:
    name = "attachment.msg"
    mail = convert(name, old_office_file(name))
    assert (mail.title, mail.modified) == ("Email with Attachment", "2026-05-20T10:30:00+00:00")
    assert mail.text.startswith("From: Alice Example <alice@example.com>\nTo: Bob Example <bob@example.com>\n")
    assert mail.text.endswith("Attachments: test.txt, report.pdf\n\nThis email contains an attachment.")
    assert [file.name for file in attached_to(name, old_office_file(name))] == ["test.txt", "report.pdf"]


def test_outlook_messages_are_read_in_their_code_page() -> None:
    assert "To: Свиридов Дмитрий Владимирович <sviridov@niips.ru>" in text_of("cyrillic.msg")


@pytest.mark.parametrize("name", ["password.doc", "password.ppt", "password.xls"])
def test_a_password_is_one_line(name: str) -> None:
    with pytest.raises(UnreadableDocumentError, match="^encrypted: save it without a password$"):
        text_of(name)


@pytest.mark.parametrize("name", ["table.doc", "slides.ppt", "dates.xls", "attachment.msg"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.8, 0.97])
def test_a_file_that_is_cut_off_is_one_line_or_what_is_left(name: str, share: float) -> None:
    data = old_office_file(name)
    with suppress(UnreadableDocumentError):
        assert convert(name, data[: int(len(data) * share)]).text


def test_other_formats_under_old_names_are_read_as_what_they_are(docx_file: bytes, xlsx_file: bytes) -> None:
    assert "N1" in convert("a.doc", docx_file).text
    assert "Norway" in convert("a.xls", xlsx_file).text
    assert convert("a.doc", b"{\\rtf1 Leave is 27 days.}").text == "Leave is 27 days."
    assert convert("a.xls", b"<html><table><tr><td>a<td>b<tr><td>1<td>2</table>").text.startswith("| a | b |")
    assert "| fee: 3 |" in convert("a.xls", b"name\tfee\nA\t3\nB\t4\n").text
