"""What a file is by its bytes, whatever it is called: a renamed one is told, and its bytes are not read as text."""

import io
import zipfile

_OLE = "old Office or Outlook"
_ZIP = "a zip archive"
_BEGINNINGS = (
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (b"PK\x03\x04", _ZIP),
    (b"\x89PNG\r\n\x1a\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF87a", "a picture"),
    (b"GIF89a", "a picture"),
    (b"\x1f\x8b\x08", "a compressed file"),
    (b"7z\xbc\xaf\x27\x1c", "an archive"),
)
_MEMBERS = {
    "word/": "Word",
    "xl/": "Excel",
    "ppt/": "PowerPoint",
    "META-INF/container.xml": "EPUB",
    "content.xml": "OpenDocument",
}
"""With what the name of a part begins → what the archive is."""
_SUFFIXES = {
    "PDF": ".pdf",
    "RTF": ".rtf",
    _OLE: ".doc, .xls, .ppt or .msg",
    "Word": ".docx",
    "Excel": ".xlsx",
    "PowerPoint": ".pptx",
    "EPUB": ".epub",
    "OpenDocument": ".odt, .ods or .odp",
}
_ACCEPTED = {
    "pdf": {"PDF"},
    "rtf": {"RTF"},
    "docx": {"Word", _ZIP, _OLE},  # a password makes it one of OLE, and its reader tells that
    "xlsx": {"Excel", _ZIP, _OLE},
    "pptx": {"PowerPoint", _ZIP, _OLE},
    "odf": {"OpenDocument", _ZIP},
    "epub": {"EPUB", _ZIP},
    "doc": {_OLE, "Word", "RTF", _ZIP},
    "xls": {_OLE, "Excel", "RTF", _ZIP},
    "ppt": {_OLE, "PowerPoint", "RTF", _ZIP},
    "msg": {_OLE},
}
"""Format → what its files may be; all other formats are text, which is none of these."""


def misnamed(kind: str, data: bytes) -> str:
    """Why a file of the format `kind` is none, in one line: its bytes begin as those of another; else empty."""
    said = told(data)
    if not said or said & _ACCEPTED.get(kind, set()):
        return ""
    what = min(said)
    other = f"name it {_SUFFIXES[what]}" if what in _SUFFIXES else "it holds no text that is read"
    return f"is {what}, whatever its name says: {other}"


def told(data: bytes) -> set[str]:
    """What the bytes of a file say that it is; empty for text, and for what is not known."""
    beginning = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next((what for begins, what in _BEGINNINGS if beginning.startswith(begins)), "")
    if found != _ZIP:
        return {found} if found else set()
    return _packed(data) or {_ZIP}


def _packed(data: bytes) -> set[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError):
        return set()
    return {what for begins, what in _MEMBERS.items() if any(name.startswith(begins) for name in names)}
