"""Office Open XML below its three formats: Strict files in the terms of the usual ones, and what a package holds."""

import io
import posixpath
import re
import zipfile
from typing import Any

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError

_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAME = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)(/[\w/]+)?")
_RENAMED = {
    b"/extendedProperties": b"/extended-properties",
    b"/customProperties": b"/custom-properties",
    b"/relationships/extendedProperties": b"/relationships/extended-properties",
    b"/relationships/customProperties": b"/relationships/custom-properties",
}
_TYPES = "[Content_Types].xml"
_KINDRED = re.compile(
    rb"application/vnd\.(?:ms-(word|powerpoint)\.\w+\.macroEnabled"
    rb"|openxmlformats-officedocument\.(wordprocessingml|presentationml)\.(?:template|slideshow))\.main\+xml"
)
"""Types of templates, slide shows and files with macros: but for these they are documents as any other."""
_MARKUP = (".xml", ".rels", ".vml")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEAD_BYTES = 4096


def transitional(data: bytes) -> bytes:
    """An Office file whose parts have the names of a plain document in Transitional Office Open XML.

    Readers know these; they refuse Strict files, templates and files with macros.

    :raises UnreadableDocumentError: If a part declares a document type: no Office program writes one, and its entities
        may be a bomb.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read(_TYPES) if _TYPES in archive.namelist() else b""
        names = [name for name in archive.namelist() if name.lower().endswith(_MARKUP)]
        strict = False
        for name in names:
            with archive.open(name) as part:
                head = part.read(_HEAD_BYTES)
            if _DOCTYPE.search(head):
                reason = f"{name} declares a document type, as an XML bomb does: save the file again in its program"
                raise UnreadableDocumentError(reason)
            strict = strict or _STRICT in head
        other = strict or _KINDRED.search(types) is not None
        return _rewritten(archive, frozenset(names)) if other else data


def _rewritten(archive: zipfile.ZipFile, markup: frozenset[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as copy:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename in markup:
                content = _STRICT_NAME.sub(_usual_name, content)
            if member.filename == _TYPES:
                content = _KINDRED.sub(_usual_type, content)
            copy.writestr(member.filename, content)
    return stream.getvalue()


def _usual_name(match: re.Match[bytes]) -> bytes:
    rest = match[2] or b""
    return b"http://schemas.openxmlformats.org/" + match[1] + b"/2006" + _RENAMED.get(rest, rest)


def _usual_type(match: re.Match[bytes]) -> bytes:
    document = {b"word": b"wordprocessingml.document", b"powerpoint": b"presentationml.presentation"}
    named = document.get(match[1] or b"") or {b"wordprocessingml": document[b"word"]}.get(match[2] or b"")
    return b"application/vnd.openxmlformats-officedocument." + (named or document[b"powerpoint"]) + b".main+xml"


def is_on(value: str | None) -> bool:
    """Whether an attribute of a switch, such as `w:val`, turns it on; without one it does."""
    return value not in {"0", "false", "off", "none"}


def properties(core: Any) -> dict[str, str | None]:
    """Title and time of change as core properties tell them, by the names of a `ConvertedDocument`."""
    title = " ".join((core.title or "").split())
    # The empty presentation of python-pptx, and older Office, carry this as the title.
    title = "" if title in {"PowerPoint Presentation", "Word Document"} else title
    return {"title": title or None, "modified": core.modified.isoformat() if core.modified else None}


def relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Id → last word of the type, and the name of the part that is meant, of the relationships of a part."""
    folder, _, name = part.rpartition("/")
    source = f"{folder}/_rels/{name}.rels".lstrip("/")
    if source not in archive.namelist():
        return {}
    found = {}
    for each in parsed(archive.read(source)):
        if isinstance(each.tag, str) and each.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/")
            found[each.get("Id", "")] = (each.get("Type", "").rpartition("/")[2], target)
    return found


def parsed(data: bytes) -> Any:
    """The root of an XML part; entities are not resolved, and nothing is loaded."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
