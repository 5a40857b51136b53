"""Word documents of known text: parts in WordprocessingML, put into a file that Word would open."""

import io
from collections.abc import Sequence
from typing import Any

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def run(text: str, properties: str = "") -> str:
    """A run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def inserted(content: str) -> str:
    return f'<w:ins w:id="1" w:author="a">{content}</w:ins>'


def deleted(text: str) -> str:
    return f'<w:del w:id="2" w:author="a"><w:r><w:delText>{text}</w:delText></w:r></w:del>'


def control(content: str) -> str:
    """A content control, around runs or around paragraphs."""
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def paragraph(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def item(content: str, number: int, level: int = 0) -> str:
    """A paragraph of list `number`."""
    return paragraph(content, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def table(rows: Sequence[Sequence[str]], properties: str = "") -> str:
    """Cells hold paragraphs."""
    cells = ("".join(f"<w:tc>{cell}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def text_box(content: str) -> str:
    """A run with a text box, once for new programs and once for old ones, as Word writes it."""
    box = f"<w:txbxContent>{content}</w:txbxContent>"
    new = f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
    old = f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
    return f"<w:r><mc:AlternateContent>{new}{old}</mc:AlternateContent></w:r>"


def footnote_mark(number: int) -> str:
    return f'<w:r><w:footnoteReference w:id="{number}"/></w:r>'


def footnotes(texts: Sequence[str]) -> str:
    """The part of footnotes, numbered from 2 as Word does behind its separators."""
    separator = '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>SEPARATOR</w:t></w:r></w:p></w:footnote>'
    notes = (f'<w:footnote w:id="{n}">{paragraph(run(text))}</w:footnote>' for n, text in enumerate(texts, start=2))
    return f"<w:footnotes {NAMES}>{separator}{''.join(notes)}</w:footnotes>"


def comments(texts: Sequence[str]) -> str:
    notes = (f'<w:comment w:id="{n}" w:author="Ada">{paragraph(run(t))}</w:comment>' for n, t in enumerate(texts))
    return f"<w:comments {NAMES}>{''.join(notes)}</w:comments>"


def numbering(*lists: str) -> str:
    """The part of lists; each is `w:abstractNum` or `w:num` as XML."""
    return f"<w:numbering {NAMES}>{''.join(lists)}</w:numbering>"


def abstract(number: int, *levels: tuple[str, str]) -> str:
    """A list whose levels have a number format and a text, such as `decimal` and `%1.`."""
    written = (
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (kind, text) in enumerate(levels)
    )
    return f'<w:abstractNum w:abstractNumId="{number}">{"".join(written)}</w:abstractNum>'


def number(number: int, of: int, override: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{of}"/>{override}</w:num>'


def docx_of(body: str, **parts: str) -> bytes:
    """A Word file.

    :param body: Paragraphs and tables.
    :param parts: `footnotes`, `comments` or `numbering`, as XML.
    """
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    for element in parse_xml(f"<w:body {NAMES}>{body}</w:body>"):
        document.element.body.insert(len(document.element.body) - 1, element)
    for kind, content in parts.items():
        _attach(document, kind, content)
    return saved(document)


def saved(document: Any) -> bytes:
    """The file of anything with `save`."""
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _attach(document: Document, kind: str, content: str) -> None:
    for key, relation in list(document.part.rels.items()):
        if relation.reltype.endswith(f"/{kind}"):
            del document.part.rels[key]
    name = PackURI(f"/word/{kind}.xml")
    blob = f'<?xml version="1.0" encoding="UTF-8"?>{content}'.encode()
    part = Part(name, getattr(CONTENT_TYPE, f"WML_{kind.upper()}"), blob, document.part.package)
    document.part.relate_to(part, getattr(RELATIONSHIP_TYPE, kind.upper()))


def strict(data: bytes) -> bytes:
    """The same file in Strict Office Open XML: namespaces and types of relationships have other names."""
    import re
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(stream, "w") as copy:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename.endswith((".xml", ".rels")):
                content = re.sub(
                    rb"http://schemas\.openxmlformats\.org/(wordprocessingml|spreadsheetml|presentationml|drawingml|officeDocument)/2006/",
                    rb"http://purl.oclc.org/ooxml/\1/",
                    content,
                ).replace(b"/extended-properties", b"/extendedProperties")
            copy.writestr(member, content)
    return stream.getvalue()
