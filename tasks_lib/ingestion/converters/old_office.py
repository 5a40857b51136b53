"""Files of the names of old Office (.doc, .xls, .ppt), whatever they are: programs write other formats under them."""

import re
from collections.abc import Callable

from tasks_lib.ingestion.converters.converted import ConvertedDocument
from tasks_lib.ingestion.converters.delimited import convert_csv
from tasks_lib.ingestion.converters.excel import convert_xlsx
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.html import convert_html
from tasks_lib.ingestion.converters.old_excel import convert_xls
from tasks_lib.ingestion.converters.old_slides import convert_ppt
from tasks_lib.ingestion.converters.old_word.document import convert_doc
from tasks_lib.ingestion.converters.records import convert_xml
from tasks_lib.ingestion.converters.rtf.document import convert_rtf
from tasks_lib.ingestion.converters.slides import convert_pptx
from tasks_lib.ingestion.converters.word import convert_docx

_Converter = Callable[[bytes, Extras], ConvertedDocument]
_OLD: dict[str, tuple[_Converter, _Converter]] = {
    "doc": (convert_doc, convert_docx),
    "xls": (convert_xls, convert_xlsx),
    "ppt": (convert_ppt, convert_pptx),
}
"""What reads a format, and what reads its successor."""
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_BEGINNING = 2048


def convert_old_office(kind: str, data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text of a file that is called `.doc`, `.xls` or `.ppt`, by what its bytes are.

    :param kind: `doc`, `xls` or `ppt`.
    :raises UnreadableDocumentError: As the converter that its bytes ask for.
    """
    old, new = _OLD[kind]
    beginning = data[:_BEGINNING].lstrip(b"\xef\xbb\xbf \r\n\t")
    if data.startswith(b"PK\x03\x04"):
        return new(data, extras)
    if beginning.startswith(b"{\\rtf"):
        return convert_rtf(data, extras)
    if beginning.startswith(b"<"):
        return convert_html(data) if _HTML.search(beginning) else convert_xml(data)
    if kind == "xls" and b"\0" not in data:
        return convert_csv(data)
    return old(data, extras)
