"""EPUB books: their chapters in reading order."""

import io
import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from tasks_lib.ingestion.converters.archive import check_archive
from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.html import parsed_page
from tasks_lib.ingestion.converters.html_blocks import HtmlReader
from tasks_lib.ingestion.converters.html_content import is_shown
from tasks_lib.ingestion.converters.markdown import title_of
from tasks_lib.ingestion.converters.ooxml import parsed

_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTAINER = "META-INF/container.xml"


def convert_epub(data: bytes) -> ConvertedDocument:
    """Chapters of a book, in the order of its spine; its table of contents is left out.

    :raises UnreadableDocumentError: If it is protected, damaged or a bomb.
    """
    check_archive(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "META-INF/encryption.xml" in archive.namelist() and "META-INF/rights.xml" in archive.namelist():
            reason = "encrypted: it is protected by rights management"
            raise UnreadableDocumentError(reason)
        package_name = _package_name(archive)
        package = parsed(archive.read(package_name))
        reader = HtmlReader(is_shown)
        for name in _chapters(package, posixpath.dirname(package_name)):
            if name in archive.namelist():
                page, missing = parsed_page(decode(archive.read(name), html=True).text)
                body = page.find(".//body")
                reader.read(page if body is None else body)
                reader.writer.doubt = reader.writer.doubt or missing
    title, date = (_about(package, name) for name in ("title", "date"))
    return reader.writer.document("epub", title=title or title_of(reader.writer.headings), modified=date)


def _package_name(archive: zipfile.ZipFile) -> str:
    container = parsed(archive.read(_CONTAINER))
    return next(str(each.get("full-path")) for each in container.iter("{*}rootfile"))


def _chapters(package: Any, folder: str) -> list[str]:
    items = {item.get("id"): item for item in package.iter(f"{_OPF}item")}
    order = [items[each.get("idref")] for each in package.iter(f"{_OPF}itemref") if each.get("idref") in items]
    chapters = [item for item in order if "nav" not in (item.get("properties") or "").split()]
    return [posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "")))) for item in chapters]


def _about(package: Any, name: str) -> str | None:
    found = next(package.iter(f"{_DC}{name}"), None)
    return " ".join((found.text or "").split()) or None if found is not None else None
