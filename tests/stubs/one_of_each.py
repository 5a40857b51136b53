"""One real file of each format, and a question that only it answers."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from tests.stubs.old_office import old_office_file

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_ODF = " ".join(
    f'xmlns:{name}="{_URN}:{kind}:1.0"'
    for name, kind in {"office": "office", "text": "text", "table": "table", "draw": "drawing"}.items()
)


@dataclass(frozen=True)
class Sample:
    """A file, and what can be known from it alone."""

    data: bytes
    question: str
    answer: str


def samples() -> dict[str, Sample]:
    """Name of a file → the file, one for each format that is understood."""
    made = {
        f"{place}.{suffix}": _sample(thing, 11 + number, write)
        for number, (suffix, thing, place, write) in enumerate(_WRITTEN)
    }
    return made | {
        "agreement.doc": Sample(
            old_office_file("agreement.doc"),
            "In accordance with which procedures shall termination of the agreement be?",
            "Article 25",
        ),
        "ducks.xls": Sample(old_office_file("ducks.xls"), "How many freshwater ducks were there in 2022?", "170"),
        "masters.ppt": Sample(
            old_office_file("masters.ppt"),
            "What do masters determine for every slide in a presentation?",
            "placement and formatting of text objects",
        ),
        "attachment.msg": Sample(
            old_office_file("attachment.msg"), "Who sent Bob Example an email with an attachment?", "Alice Example"
        ),
    }


def _sample(thing: str, days: int, write: Callable[[str, int], bytes | str]) -> Sample:
    data = write(thing, days)
    question = f"After how many days is the {thing} checked?"
    return Sample(data.encode() if isinstance(data, str) else data, question, str(days))


def _said(thing: str, days: int) -> str:
    return f"The {thing} is checked after {days} days."


def _records(thing: str, days: int, apart: str) -> str:
    rows = [("device", "checked after days"), (thing, str(days)), (f"second {thing} cover", "900")]
    return "\n".join(apart.join(row) for row in rows) + "\n"


def _pdf(thing: str, days: int) -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.multi_cell(0, 8, _said(thing, days))
    return bytes(pdf.output())


def _docx(thing: str, days: int) -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Maintenance", 1)
    document.add_paragraph(_said(thing, days))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _pptx(thing: str, days: int) -> bytes:
    from pptx import Presentation

    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Maintenance"
    slide.placeholders[1].text = _said(thing, days)
    stream = io.BytesIO()
    presentation.save(stream)
    return stream.getvalue()


def _xlsx(thing: str, days: int) -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for line in _records(thing, days, "\t").splitlines():
        sheet.append([int(cell) if cell.isdigit() else cell for cell in line.split("\t")])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _zip(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return stream.getvalue()


def _odf(kind: str, body: str) -> bytes:
    inside = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return _zip(content_xml=f"<office:document-content {_ODF}>{inside}</office:document-content>")


def _ods(thing: str, days: int) -> bytes:
    lines = _records(thing, days, "\t").splitlines()
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    rows = "".join(f"<table:table-row>{''.join(map(cell, line.split(chr(9))))}</table:table-row>" for line in lines)
    return _odf("spreadsheet", f'<table:table table:name="Checks">{rows}</table:table>')


def _odp(thing: str, days: int) -> bytes:
    box = f"<draw:frame><draw:text-box><text:p>{_said(thing, days)}</text:p></draw:text-box></draw:frame>"
    return _odf("presentation", f"<draw:page>{box}</draw:page>")


def _epub(thing: str, days: int) -> bytes:
    package = '<manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine>'
    return _zip(
        **{
            "META-INF__container_xml": '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>',
            "c_opf": f'<package xmlns="http://www.idpf.org/2007/opf">{package}</package>',
            "a_xhtml": f"<html><body><h1>Checks</h1><p>{_said(thing, days)}</p></body></html>",
        }
    )


def _eml(thing: str, days: int) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = "Checks", "a@example.org"
    message.set_content(_said(thing, days))
    return message.as_bytes()


def _ipynb(thing: str, days: int) -> str:
    return json.dumps({"cells": [{"cell_type": "markdown", "source": [_said(thing, days)]}], "nbformat": 4})


_WRITTEN: tuple[tuple[str, str, str, Callable[[str, int], bytes | str]], ...] = (
    ("md", "hoist motor", "harbour", lambda thing, days: f"# Checks\n\n{_said(thing, days)}\n"),
    ("mdx", "slewing gear", "crane", lambda thing, days: f"import A from './a'\n\n# Checks\n\n{_said(thing, days)}\n"),
    ("html", "anchor winch", "ship", lambda thing, days: f"<html><body><h1>Checks</h1><p>{_said(thing, days)}</p>"),
    ("pdf", "boom light", "mast", _pdf),
    ("docx", "brake lining", "car", _docx),
    ("pptx", "oil filter", "engine", _pptx),
    ("xlsx", "bread oven", "bakery", _xlsx),
    ("csv", "dough mixer", "kitchen", lambda thing, days: _records(thing, days, ",")),
    ("tsv", "badge printer", "office", lambda thing, days: _records(thing, days, "\t")),
    ("json", "backup drive", "computers", lambda thing, days: json.dumps({"checks": [_said(thing, days)]})),
    ("jsonl", "mail server", "network", lambda thing, days: json.dumps({"rule": _said(thing, days)}) + "\n"),
    ("xml", "water pump", "cellar", lambda thing, days: f"<rules><rule>{_said(thing, days)}</rule></rules>"),
    ("yaml", "smoke detector", "fire", lambda thing, days: f"rules:\n  - {_said(thing, days)}\n"),
    ("rst", "lift cable", "lift", lambda thing, days: f"Checks\n======\n\n{_said(thing, days)}\n"),
    ("adoc", "solar panel", "roof", lambda thing, days: f"= Checks\n\n{_said(thing, days)}\n"),
    ("ipynb", "lab centrifuge", "lab", _ipynb),
    ("epub", "church organ", "church", _epub),
    ("odt", "tram pantograph", "tram", lambda thing, days: _odf("text", f"<text:p>{_said(thing, days)}</text:p>")),
    ("ods", "milk tank", "farm", _ods),
    ("odp", "stage curtain", "theatre", _odp),
    ("eml", "parking barrier", "garage", _eml),
    ("rtf", "telescope mirror", "stars", lambda thing, days: f"{{\\rtf1\\ansi {_said(thing, days)}\\par}}"),
    ("txt", "garden hose", "garden", lambda thing, days: f"{_said(thing, days)}\n"),
)
