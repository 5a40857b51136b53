"""Bytes to text: byte order marks, UTF-8, a charset that HTML declares, and Latin-1 as the last resort."""

import codecs
import re

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

_MARKS = (
    # UTF-32's little-endian mark begins with UTF-16's: the longer one is tried first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HTML_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_HTML_HEAD_BYTES = 4096


def decode(data: bytes, *, html: bool = False) -> str:
    """Text of `data` without its byte order mark; line ends stay as they are.

    :raises UnreadableDocumentError: If the bytes are not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if b"\0" in data:
        reason = "not text: it holds NUL bytes and no byte order mark"
        raise UnreadableDocumentError(reason)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data, html=html)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"not valid {encoding.removesuffix('-sig').upper()} at byte {error.start}, though it begins like it"
        raise UnreadableDocumentError(reason) from error
    if "\0" in text:
        reason = "not text: it holds NUL characters"
        raise UnreadableDocumentError(reason)
    return text


def _legacy(data: bytes, *, html: bool) -> str:
    declared = _HTML_CHARSET.search(data[:_HTML_HEAD_BYTES]) if html else None
    if declared:
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass  # a wrong declaration: browsers guess as well
    try:
        # Windows-1252 is Latin-1 with quotes and dashes where Latin-1 has control characters.
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
