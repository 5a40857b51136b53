"""Formats beside the usual ones: each is read in its order, and what is wrong with a file is one line."""

import io
import json
import zipfile
from email.message import EmailMessage
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.mail import attachments_of

URN = "urn:oasis:names:tc:opendocument:xmlns"
PREFIXES = {"office": "office", "text": "text", "table": "table", "draw": "drawing"}
ODF = " ".join(f'xmlns:{name}="{URN}:{kind}:1.0"' for name, kind in PREFIXES.items())


def outline(document: ConvertedDocument) -> list[tuple[int, str]]:
    return [(heading.level, heading.text) for heading in document.headings]


def odf(body: str, *, kind: str = "text") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        content = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        archive.writestr("content.xml", f"<office:document-content {ODF}>{content}</office:document-content>")
    return stream.getvalue()


def test_headings_of_restructured_text_are_told_by_their_adornments() -> None:
    text = "=====\nGuide\n=====\n\nLeave\n-----\n\nThe port is 8443::\n\n  a\n  --\n\n"
    text += "Days\n~~~~\n\n27.\n\nMore\n----\n\nx\n"
    document = convert("a.rst", text.encode())
    assert document.text == text
    assert outline(document) == [(1, "Guide"), (2, "Leave"), (3, "Days"), (2, "More")]
    assert all(text[heading.position :].startswith(heading.text) for heading in document.headings)


def test_headings_of_asciidoc_are_not_those_in_its_blocks() -> None:
    text = "= Guide\n:revdate: 2026-03-01\n\nThe limit is 55.\n\n----\n== no heading\n----\n\n== Days ==\n\n27.\n"
    document = convert("a.adoc", text.encode())
    assert (document.title, document.modified) == ("Guide", "2026-03-01")
    assert outline(document) == [(1, "Guide"), (2, "Days")]


def test_records_of_json_lines_name_their_values() -> None:
    lines = '{"q": "Who signs?", "a": {"by": "The director", "days": [1, 2]}}\n\n{"q": "x\u2028y"}\n'
    assert convert("a.jsonl", lines.encode()).text.splitlines() == [
        "| q: Who signs? | a.by: The director | a.days: 1, 2 |",
        "| q: x y |",
    ]
    assert convert("a.json", lines.encode()).text == convert("a.jsonl", lines.encode()).text


@pytest.mark.parametrize(("name", "text"), [("a.jsonl", '{"a": 1}\n{oops\n'), ("a.json", '{"a": 1}\n{oops\n')])
def test_a_line_that_is_no_json_is_named(name: str, text: str) -> None:
    with pytest.raises(UnreadableDocumentError, match="line 2 is not JSON"):
        convert(name, text.encode())


def test_xml_is_read_by_the_names_of_its_elements() -> None:
    dish = '<dish id="3" kind="soup"><name>Leek</name><price/></dish>'
    xml = f'<?xml version="1.0"?><m:menu xmlns:m="x">{dish}<p>A <b>big</b> pot</p></m:menu>'
    assert convert("a.xml", xml.encode()).text.splitlines() == ["dish kind: soup", "name: Leek", "p: A big pot"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xml", b'<!DOCTYPE x [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "XML bomb"),
        ("a.xml", b"<x><y></x>", "cannot be read as XML"),
        ("a.ipynb", b'{"nbformat": 4}', "no notebook"),
        ("a.eml", b"\n\nno message", "no e-mail"),
        ("a.odt", b"PK\x03\x04", "corrupt archive"),
        ("a.epub", b"no zip", "corrupt archive"),
        ("a.json", b" \n\n ", "empty"),
        ("a.json", b"[" * 100_000, "too deep within each other"),
        ("a.jsonl", b"[" * 100_000, "too deep within each other"),
        ("a.xml", b"<a>" * 5000 + b"x" + b"</a>" * 5000, "too deep within each other"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=reason) as caught:
        convert(name, data)
    assert "\n" not in caught.value.message


def test_notebooks_are_read_cell_by_cell() -> None:
    code = {"cell_type": "code", "source": "print(3)", "outputs": [{"output_type": "stream", "text": ["3\n"]}]}
    cells = [{"cell_type": "markdown", "source": ["# Note\n", "alpha is 3"]}, code]
    document = convert("n.ipynb", json.dumps({"cells": cells}).encode())
    assert document.text == "# Note\nalpha is 3\n\n```\nprint(3)\n```\n\n```\n3\n```"
    assert document.title == "Note"


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Zoë <a@example.org>", "b@example.org", "Parking für alle"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    message.set_content("Parking costs 12 euro.\n")
    message.add_alternative("<p>Parking costs <b>12</b> euro.</p>", subtype="html")
    return message


def test_a_message_is_read_and_names_its_attachments() -> None:
    message = mail()
    message.add_attachment(mail())
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe")
    document = convert("a.eml", message.as_bytes())
    assert (document.title, document.modified) == ("Parking für alle", "2026-03-02T10:00:00+00:00")
    assert document.text.splitlines() == [
        *("From: Zoë <a@example.org>", "To: b@example.org", "Date: Mon, 02 Mar 2026 10:00:00 +0000"),
        *("Subject: Parking für alle", "Attachments: Parking für alle.eml, tool.exe", "", "Parking costs 12 euro."),
    ]


@given(st.lists(st.sampled_from(["a.txt", "a (2).txt", "b.pdf", None]), max_size=12))
@settings(deadline=None)
def test_attachments_of_one_name_have_names_of_their_own(names: list[str | None]) -> None:
    message = mail()
    for name in names:
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    found = [attachment.name for attachment in attachments_of(message.as_bytes())]
    assert len(set(found)) == len(names)
    assert all(new.startswith(PurePosixPath(name).stem) for name, new in zip(names, found, strict=True) if name)


def test_a_message_of_html_alone_is_read() -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("<ul><li>One</li></ul>", subtype="html")
    assert convert("a.eml", message.as_bytes()).text == "Subject: x\n\n- One"


def test_books_are_read_in_the_order_of_their_spine() -> None:
    stream = io.BytesIO()
    container = '<container><rootfiles><rootfile full-path="O/c.opf"/></rootfiles></container>'
    items = (
        "".join(f'<item id="{n}" href="{n}%20x.xhtml"/>' for n in "ab")
        + '<item id="t" href="t.xhtml" properties="nav"/>'
    )
    spine = "".join(f'<itemref idref="{n}"/>' for n in "tba")
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    )
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("O/c.opf", package)
        for name in "ab":
            archive.writestr(f"O/{name} x.xhtml", f"<html><body><h1>Part {name}</h1><p>Text {name}.</p></body></html>")
        archive.writestr("O/t.xhtml", "<html><body>Contents</body></html>")
    document = convert("a.epub", stream.getvalue())
    assert document.text == "Part b\n\nText b.\n\nPart a\n\nText a."
    assert outline(document) == [(1, "Part b"), (1, "Part a")]


def test_opendocument_texts_have_headings_lists_notes_and_tables() -> None:
    note = "<text:note-citation>1</text:note-citation><text:note-body><text:p>Not on Sundays.</text:p></text:note-body>"
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>".format
    rows = [cell("", "Region") + cell("", "Year") + cell("", "Rate")]
    rows.append(cell(' table:number-rows-spanned="2"', "West") + cell("", "2025") + cell("", "1"))
    rows.append("<table:covered-table-cell/>" + cell("", "2026") + "<table:table-cell/>")
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        f'<text:h text:outline-level="2">Leave</text:h><text:p>27<text:s text:c="2"/>days'
        f"<text:note>{note}</text:note>.</text:p>"
        "<text:list><text:list-item><text:p>One</text:p><text:list><text:list-item><text:p>sub</text:p></text:list-item>"
        "</text:list></text:list-item></text:list>"
        f"<table:table>{''.join(f'<table:table-row>{row}</table:table-row>' for row in rows)}</table:table>"
    )
    document = convert("a.odt", odf(body))
    assert outline(document) == [(2, "Leave")]
    assert document.text.splitlines()[2:] == [
        *("27  days[1].", "[1] Not on Sundays.", "", "- One", "  - sub", "", "| Region | Year | Rate |"),
        *("| Region: West | Year: 2025 | Rate: 1 |", "| Region: West | Year: 2026 | Rate: |"),
    ]


def test_repeated_cells_of_opendocument_are_no_bomb() -> None:
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{empty}</table:table-row>'
    cells = "<table:table-cell><text:p>x</text:p></table:table-cell>" * 2
    body = f'<table:table table:name="S"><table:table-row>{cells}</table:table-row>{row * 50}</table:table>'
    assert convert("a.ods", odf(body, kind="spreadsheet")).text == "S\n\n| x | x |"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.from_regex("w[0-9]{1,5}x", fullmatch=True),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    )
)
@settings(deadline=None)
def test_every_text_of_a_record_is_in_its_lines(value: object) -> None:
    line = json.dumps({"record": value})
    text = convert("a.jsonl", f'{line}\n{{"b": 1}}\n'.encode()).text
    words = [
        part
        for part in json.dumps(value, ensure_ascii=False).replace('"', " ").replace(",", " ").split()
        if part.startswith("w")
    ]
    assert all(word.strip("[]{}:") in text for word in words)
