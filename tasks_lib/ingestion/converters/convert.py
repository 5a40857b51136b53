"""File bytes to text, with the structure that chunking and citation need."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.delimited import convert_csv
from tasks_lib.ingestion.converters.encoding import Decoded, decode
from tasks_lib.ingestion.converters.epub import convert_epub
from tasks_lib.ingestion.converters.excel import convert_xlsx
from tasks_lib.ingestion.converters.extras import NOTHING_MORE, Extras
from tasks_lib.ingestion.converters.front_matter import front_matter
from tasks_lib.ingestion.converters.html import convert_html
from tasks_lib.ingestion.converters.mail import Attachment, attachments_of, convert_mail
from tasks_lib.ingestion.converters.markdown import headings, title_of
from tasks_lib.ingestion.converters.markup import convert_asciidoc, convert_rst
from tasks_lib.ingestion.converters.mdx import without_components
from tasks_lib.ingestion.converters.notebook import convert_notebook
from tasks_lib.ingestion.converters.old_office import convert_old_office
from tasks_lib.ingestion.converters.opendocument import convert_opendocument
from tasks_lib.ingestion.converters.outlook import convert_msg, mail_of
from tasks_lib.ingestion.converters.pdf import recognition
from tasks_lib.ingestion.converters.pdf.document import convert_pdf
from tasks_lib.ingestion.converters.plain import spaced_headings
from tasks_lib.ingestion.converters.reading import one_line
from tasks_lib.ingestion.converters.records import convert_json, convert_json_lines, convert_xml
from tasks_lib.ingestion.converters.rtf.document import convert_rtf
from tasks_lib.ingestion.converters.signature import misnamed
from tasks_lib.ingestion.converters.slides import convert_pptx
from tasks_lib.ingestion.converters.word import convert_docx
from tasks_lib.text.forms import plain_forms

CONVERTER_VERSION = "3"
"""Part of every document hash: raise it when the text of a format changes, and documents are ingested again."""

_UNREADABLE = re.compile("[\ufffd\ufffe\uffff\x00-\x08\x0e-\x1f\x7f\ue000-\uf8ff]")
"""Replacements, control characters, and places that each font fills as it likes."""
_UNREADABLE_SHARE = 0.01
_BUFFER = re.compile(r"(?:file )?'?<_io\.BytesIO object at 0x[0-9a-f]+>'?")
"""How parsers name a file that they were given as bytes: otherwise in each run."""

FORMATS = {
    ".md": "md",
    ".markdown": "md",
    ".mdx": "mdx",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".dotx": "docx",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
    ".potx": "pptx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xltx": "xlsx",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xml": "xml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".rst": "rst",
    ".adoc": "adoc",
    ".asciidoc": "adoc",
    ".ipynb": "ipynb",
    ".epub": "epub",
    ".odt": "odf",
    ".ods": "odf",
    ".odp": "odf",
    ".eml": "eml",
    ".msg": "msg",
    ".rtf": "rtf",
    ".doc": "doc",
    ".dot": "doc",
    ".xls": "xls",
    ".xlt": "xls",
    ".ppt": "ppt",
    ".pps": "ppt",
    ".txt": "txt",
    ".text": "txt",
}

MESSAGES = frozenset({"eml", "msg"})
"""Formats whose files hold others, which are documents of their own."""


def has_extras(path: str, wanted: Extras) -> bool:
    """Whether some of what is wanted beside the text of a file depends on its format."""
    return wanted != NOTHING_MORE and format_of(path) in {*_OFFICE, *MESSAGES}


def format_of(path: str) -> str | None:
    """Format by extension; `None` for formats that are not understood."""
    return FORMATS.get(PurePosixPath(path).suffix.lower())


def recognition_key(path: str) -> str:
    """What the text of scans depends on beside the file: a document is read again once the extra is there, or gone."""
    return "ocr" if format_of(path) in {"pdf", *MESSAGES} and recognition.available() else ""


def attached_to(path: str, data: bytes) -> Iterator[Attachment]:
    """The attachments of a message.

    :raises UnreadableDocumentError: If it is none, or cannot be read.
    """
    try:
        yield from attachments_of(mail_of(data) if format_of(path) == "msg" else data)
    except UnreadableDocumentError:
        raise
    except Exception as error:  # parsers raise anything on a hostile file
        raise _unreadable_as((format_of(path) or "").upper(), error) from error


def convert(path: str, data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text and structure of one file; the extension of `path` tells the format.

    :param extras: What to take beside what everybody reads.

    :raises UnreadableDocumentError: With the reason in one line, whatever is wrong with the file.
    """
    kind = format_of(path)
    if kind is None:
        reason = f"format {PurePosixPath(path).suffix or 'without extension'!r} is not understood"
        raise UnreadableDocumentError(reason)
    if not data:
        reason = "empty: 0 bytes"
        raise UnreadableDocumentError(reason)
    return convert_format(kind, data, extras)


def convert_format(kind: str, data: bytes, extras: Extras = NOTHING_MORE) -> ConvertedDocument:
    """Text and structure of a file of the format `kind`.

    :raises UnreadableDocumentError: As :func:`convert`.
    """
    if reason := misnamed(kind, data):
        raise UnreadableDocumentError(reason)
    try:
        document = _OFFICE[kind](data, extras) if kind in _OFFICE else _CONVERTERS[kind](data)
    except UnreadableDocumentError:
        raise
    except Exception as error:  # third-party parsers raise anything on a hostile file
        raise _unreadable_as(kind.upper(), error) from error
    if not document.text[document.body :].strip():
        reason = "empty: no text could be extracted"
        raise UnreadableDocumentError(reason)
    title = plain_forms(document.title) if document.title else document.title
    return replace(document, title=title, doubt="; ".join(filter(None, (document.doubt, unreadable(document.text)))))


def _unreadable_as(kind: str, error: Exception) -> UnreadableDocumentError:
    said = _BUFFER.sub("the file", str(error)) or type(error).__name__
    if isinstance(error, RecursionError) or "Excessive depth" in said:
        said = "its parts lie too deep within each other"
    return UnreadableDocumentError(f"cannot be read as {kind}: {one_line(said)}")


def unreadable(text: str) -> str:
    """Why a text may be none: many of its characters stand for nothing; empty where it has few or none."""
    bad = len(_UNREADABLE.findall(text))
    share = bad / len(text) if text else 0.0
    return f"{share:.1%} of its characters are unreadable" if share >= _UNREADABLE_SHARE else ""


def oversized(size: int, limit: int) -> str:
    """The reason why a file of `size` bytes is not read."""
    return f"too large: {size / 2**20:,.1f} MiB, at most {limit / 2**20:,.1f} MiB (ingest.max_file_megabytes)"


def _mdx(data: bytes) -> ConvertedDocument:
    return _as_markdown(decode(data), without_components)


def _markdown(data: bytes) -> ConvertedDocument:
    return _as_markdown(decode(data))


def _as_markdown(decoded: Decoded, blanked: Callable[[str], str] = str) -> ConvertedDocument:
    # The source stays as it is, so that spans are spans of the file.
    text = blanked(decoded.text)
    top = front_matter(text)
    outline = headings(text, top.end)
    return ConvertedDocument(
        text,
        "md",
        title=top.title or title_of(outline),
        headings=outline,
        body=top.end,
        modified=top.modified,
        meta=top.meta,
        doubt=decoded.doubt,
    )


def _yaml(data: bytes) -> ConvertedDocument:
    decoded = decode(data)
    return ConvertedDocument(decoded.text, "yaml", doubt=decoded.doubt)


def _txt(data: bytes) -> ConvertedDocument:
    decoded = decode(data)
    text = decoded.text
    outline = spaced_headings(text)
    pages = _pages(text) if "\f" in text else ()
    return ConvertedDocument(text, "txt", title=title_of(outline), headings=outline, pages=pages, doubt=decoded.doubt)


_CONVERTERS: dict[str, Callable[[bytes], ConvertedDocument]] = {
    "md": _markdown,
    "mdx": _mdx,
    "html": convert_html,
    "pdf": convert_pdf,
    "csv": convert_csv,
    "json": convert_json,
    "jsonl": convert_json_lines,
    "xml": convert_xml,
    "rst": convert_rst,
    "adoc": convert_asciidoc,
    "ipynb": convert_notebook,
    "epub": convert_epub,
    "odf": convert_opendocument,
    "eml": convert_mail,
    "msg": convert_msg,
    "yaml": _yaml,
    "txt": _txt,
}

_OFFICE: dict[str, Callable[[bytes, Extras], ConvertedDocument]] = {
    "docx": convert_docx,
    "pptx": convert_pptx,
    "xlsx": convert_xlsx,
    "doc": partial(convert_old_office, "doc"),
    "xls": partial(convert_old_office, "xls"),
    "ppt": partial(convert_old_office, "ppt"),
    "rtf": convert_rtf,
}


def _pages(text: str) -> tuple[int, ...]:
    """Where the pages begin that form feeds part."""
    return (0, *(position + 1 for position, character in enumerate(text) if character == "\f"))
