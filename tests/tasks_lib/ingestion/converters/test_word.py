"""What a person reads in a Word document is its text, however Word keeps it."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.extras import Extras
from tests.stubs.office import (
    NAMES,
    abstract,
    comments,
    control,
    deleted,
    docx_of,
    footnote_mark,
    footnotes,
    inserted,
    item,
    number,
    numbering,
    paragraph,
    run,
    saved,
    strict,
    table,
    text_box,
)

HEADING = '<w:pStyle w:val="Heading1"/>'


def text_of(body: str, **parts: str) -> str:
    return convert("a.docx", docx_of(body, **parts)).text


def cell(text: str) -> str:
    return paragraph(run(text))


def test_tracked_changes_are_read_as_accepted() -> None:
    line = run("The deadline is ") + inserted(run("30 June")) + deleted("15 May") + run(" at noon.")
    assert text_of(paragraph(line)) == "The deadline is 30 June at noon."


def test_a_deleted_end_of_a_paragraph_joins_it_with_the_next() -> None:
    first = paragraph(run("The fee is "), '<w:rPr><w:del w:id="3" w:author="a"/></w:rPr>')
    assert text_of(first + paragraph(run("nine euros."))) == "The fee is nine euros."


def test_a_deleted_row_is_gone_and_a_moved_paragraph_is_where_it_went() -> None:
    rows = table([[cell("City"), cell("Limit")], [cell("Oslo"), cell("210")], [cell("Rome"), cell("90")]])
    rows = rows.replace("<w:tr><w:tc>" + cell("Rome"), '<w:tr><w:trPr><w:del w:id="4"/></w:trPr><w:tc>' + cell("Rome"))
    moved = f"<w:moveFrom>{run('old place')}</w:moveFrom><w:moveTo>{run('new place')}</w:moveTo>"
    text = text_of(rows + paragraph(moved))
    assert "Oslo" in text
    assert "Rome" not in text
    assert text.endswith("new place")


def test_content_controls_and_other_wrappers_are_read() -> None:
    inline = run("approver is ") + control(run("the CFO")) + f"<w:smartTag>{run(' of Hamburg')}</w:smartTag>"
    field = f'<w:fldSimple w:instr="REF x">{run(" by rule 14b")}</w:fldSimple>'
    assert text_of(control(paragraph(inline + field))) == "approver is the CFO of Hamburg by rule 14b"


def test_hidden_text_and_instructions_of_fields_are_not_read() -> None:
    marks = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")]
    instruction = "<w:r><w:instrText> DOCPROPERTY Valid </w:instrText></w:r>"
    field = marks[0] + instruction + run("not shown") + marks[1] + run("1 May") + marks[2]
    assert text_of(paragraph(run("From ") + field + run("SECRET", "<w:vanish/>"))) == "From 1 May"


def test_a_table_within_a_cell_is_part_of_the_cell() -> None:
    inner = table([[cell("Nested note: book early")]])
    rows = [
        [cell("City"), cell("Limit"), cell("Meals")],
        [cell("Lisbon") + inner + "<w:p/>", cell("140 EUR"), cell("45 EUR")],
    ]
    assert "| City: Lisbon Nested note: book early | Limit: 140 EUR | Meals: 45 EUR |" in text_of(table(rows))


def test_merged_cells_are_filled_and_empty_ones_stay_empty() -> None:
    merge = "<w:tcPr><w:vMerge{}/></w:tcPr>"
    rows = [
        [cell("Region"), cell("Year"), cell("Rate")],
        [merge.format(' w:val="restart"') + cell("West"), cell("2025"), cell("1")],
        [merge.format("") + "<w:p/>", cell("2026"), "<w:p/>"],
    ]
    lines = text_of(table(rows)).splitlines()
    assert lines[1:] == ["| Region: West | Year: 2025 | Rate: 1 |", "| Region: West | Year: 2026 | Rate: |"]


def test_a_table_of_one_column_only_places_its_content() -> None:
    document = convert("a.docx", docx_of(table([[paragraph(run("Scope"), HEADING) + cell("All of us.")]])))
    assert document.text == "Scope\n\nAll of us."
    assert [heading.text for heading in document.headings] == ["Scope"]


def test_text_boxes_are_read_once_behind_their_paragraph() -> None:
    assert text_of(paragraph(run("Before.") + text_box(cell("In the box.")))) == "Before.\n\nIn the box."


def test_a_footnote_stands_below_its_paragraph_and_its_mark_in_it() -> None:
    body = paragraph(run("Refunds take ten days") + footnote_mark(2) + run(".")) + paragraph(run("Next."))
    text = text_of(body, footnotes=footnotes(["Except gift cards."]))
    assert text == "Refunds take ten days[1].\n[1] Except gift cards.\n\nNext."


def test_comments_are_left_out_unless_asked_for() -> None:
    body = paragraph(run("The fee is nine.") + '<w:r><w:commentReference w:id="0"/></w:r>')
    data = docx_of(body, comments=comments(["Ask Bob"]))
    assert convert("a.docx", data).text == "The fee is nine."
    assert convert("a.docx", data, Extras(comments=True)).text == "The fee is nine.\n[Comment by Ada:] Ask Bob"


def test_lists_have_their_numbers_also_when_they_go_on_later() -> None:
    lists = numbering(
        abstract(1, ("decimal", "%1."), ("lowerLetter", "%1.%2)")),
        abstract(2, ("bullet", "·")),
        number(1, 1),
        number(2, 2),
        number(3, 1, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'),
    )
    body = item(run("One"), 1) + item(run("sub"), 1, 1) + item(run("point"), 2) + paragraph(run("Between."))
    body += item(run("Two"), 1) + item(run("sub"), 1, 1) + item(run("Anew"), 3)
    assert text_of(body, numbering=lists).splitlines() == [
        *("1. One", "  1.a) sub", "- point", "", "Between.", "", "2. Two", "  2.a) sub", "1. Anew")
    ]


def test_numbered_headings_keep_their_numbers() -> None:
    numbered = paragraph(run("Scope"), HEADING + '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')
    lists = numbering(abstract(1, ("upperRoman", "%1.")), number(1, 1))
    document = convert("a.docx", docx_of(numbered + cell("All."), numbering=lists))
    assert [heading.text for heading in document.headings] == ["I. Scope"]


SIMPLE_PAGE = '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
PAGE = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
)


@pytest.mark.parametrize("page", [SIMPLE_PAGE, PAGE])
def test_headers_and_footers_are_read_once_and_page_numbers_are_not(page: str) -> None:
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    document.add_paragraph("Body.")
    document.sections[0].header.paragraphs[0].text = "Valid from May"
    footer = document.sections[0].footer
    footer.paragraphs[0].text = "Document 88-B"
    footer._element.append(parse_xml(f"<w:p {NAMES}>{run('Page ')}{page}</w:p>"))
    document.add_section()
    assert convert("a.docx", saved(document)).text == "Valid from May\n\nBody.\n\nDocument 88-B"


@pytest.mark.parametrize(
    ("math", "linear"),
    [
        ("<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>", "(a+b)/2"),
        ("<m:rad><m:deg/><m:e><m:r><m:t>x+1</m:t></m:r></m:e></m:rad>", "√(x+1)"),
        ("<m:sSup><m:e><m:r><m:t>c</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>", "c^2"),
        (
            "<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e><m:r><m:t>1</m:t></m:r></m:e></m:d>",
            "[1]",
        ),
    ],
)
def test_equations_are_linear_text(math: str, linear: str) -> None:
    assert text_of(paragraph(run("y=") + f"<m:oMath>{math}</m:oMath>")) == f"y={linear}"


def test_strict_files_templates_and_files_with_macros_are_read(docx_file: bytes) -> None:
    usual = convert("a.docx", docx_file)
    assert convert("a.docx", strict(docx_file)) == usual
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx_file)) as archive, zipfile.ZipFile(stream, "w") as copy:
        for member in archive.infolist():
            kind = b"application/vnd.ms-word.document.macroEnabled.main+xml"
            plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
            copy.writestr(member, archive.read(member).replace(plain, kind))
    assert convert("a.docm", stream.getvalue()).text == usual.text


def test_entities_are_refused_in_one_line() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    data = docx_of(cell("x"), footnotes=bomb + footnotes(["&b;"]).replace("&b;", "b"))
    with pytest.raises(UnreadableDocumentError, match="declares a document type") as caught:
        convert("a.docx", data)
    assert "\n" not in caught.value.message


def custom(content: str) -> str:
    return f'<w:customXml w:uri="x" w:element="y">{content}</w:customXml>'


def instruction(word: str) -> str:
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    return f"{begin}<w:r><w:instrText>{word}</w:instrText></w:r>{end}"


SHOWN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "inserted": inserted,
    "control": control,
    "custom": custom,
    "link": lambda content: f"<w:hyperlink>{content}</w:hyperlink>",
    "tag": lambda content: f"<w:smartTag>{content}</w:smartTag>",
    "field": lambda content: f'<w:fldSimple w:instr="REF x">{content}</w:fldSimple>',
    "moved here": lambda content: f"<w:moveTo>{content}</w:moveTo>",
    "control in a change": lambda content: inserted(control(content)),
    "change in a control": lambda content: control(inserted(content)),
}
"""What stands around a run that is read."""
UNSEEN: dict[str, Callable[[str], str]] = {
    "deleted": deleted,
    "hidden": lambda word: run(word, "<w:vanish/>"),
    "moved away": lambda word: f"<w:moveFrom>{run(word)}</w:moveFrom>",
    "deleted in a control": lambda word: control(deleted(word)),
    "instruction": instruction,
}


class Known:
    """Draws parts of documents, and notes every word that is to be read, in order, and every word that is not."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.count = 0
        self.hidden: list[str] = []
        self.notes: list[str] = []
        self.remarks: list[str] = []

    def word(self) -> str:
        self.count += 1
        return f"w{self.count}x"

    def runs(self, *, notes: bool = True) -> str:
        kinds = [*SHOWN, *UNSEEN, *(["note", "comment"] if notes else [])]
        return "".join(self._run(kind) for kind in self.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4)))

    def _run(self, kind: str) -> str:
        if kind == "note":
            self.notes.append(f"n{len(self.notes)}x")
            return footnote_mark(len(self.notes) + 1)
        if kind == "comment":
            self.remarks.append(f"c{len(self.remarks)}x")
            return f'<w:r><w:commentReference w:id="{len(self.remarks) - 1}"/></w:r>'
        word = self.word()
        if kind in UNSEEN:
            self.hidden.append(word)
        return SHOWN[kind](run(f"{word} ")) if kind in SHOWN else UNSEEN[kind](f"{word} ")

    def block(self, depth: int = 0) -> str:
        kinds = ["paragraph", "item", "heading", "control", "xml", "joined", "gone", "box"]
        kinds += ["table"] * 2 if depth < 2 else []
        kind = self.draw(st.sampled_from(kinds))
        if kind == "table":
            columns = self.draw(st.integers(1, 3))
            rows = [[self.cell(depth) for _ in range(columns)] for _ in range(self.draw(st.integers(1, 3)))]
            return control(table(rows)) if self.draw(st.booleans()) else table(rows)
        if kind == "box":
            return paragraph(self.runs(notes=False) + text_box(paragraph(self.runs(notes=False))))
        return self.text_block(kind)

    def text_block(self, kind: str) -> str:
        if kind == "item":
            return item(self.runs(), 1, self.draw(st.integers(0, 1)))
        if kind in {"control", "xml"}:
            return (control if kind == "control" else custom)(paragraph(self.runs()))
        if kind == "joined":
            return paragraph(self.runs(), "<w:rPr><w:del/></w:rPr>") + paragraph(self.runs())
        if kind == "gone":
            return self.gone()
        return paragraph(self.runs(notes=kind != "heading"), HEADING if kind == "heading" else "")

    def gone(self) -> str:
        """A table whose only row was deleted."""
        before = self.count
        row = table([[paragraph(self.runs(notes=False))]]).replace("<w:tr>", "<w:tr><w:trPr><w:del/></w:trPr>")
        self.hidden += [f"w{n}x" for n in range(before + 1, self.count + 1)]
        return row

    def cell(self, depth: int) -> str:
        return paragraph(self.runs()) + (self.block(depth + 1) if self.draw(st.booleans()) else "") + "<w:p/>"


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_word_that_is_shown_is_read_in_its_order_and_no_other(data: st.DataObject) -> None:
    known = Known(data.draw)
    body = "".join(known.block() for _ in range(data.draw(st.integers(1, 5)))) + cell(known.word())
    lists = numbering(abstract(1, ("decimal", "%1."), ("lowerLetter", "%2)")), number(1, 1))
    file = docx_of(body, footnotes=footnotes(known.notes), comments=comments(known.remarks), numbering=lists)
    asked = data.draw(st.booleans())
    converted = convert("a.docx", strict(file) if data.draw(st.booleans()) else file, Extras(comments=asked))
    read = list(dict.fromkeys(re.findall(r"\bw\d+x\b", converted.text)))
    shown = [f"w{n}x" for n in range(1, known.count + 1) if f"w{n}x" not in known.hidden]
    assert read == shown
    assert sorted(set(re.findall(r"\bn\d+x\b", converted.text))) == sorted(known.notes)
    assert sorted(set(re.findall(r"\bc\d+x\b", converted.text))) == (sorted(known.remarks) if asked else [])
    assert "SEPARATOR" not in converted.text
    for heading in converted.headings:
        assert converted.text[heading.position :].startswith(heading.text)
