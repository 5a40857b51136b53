"""Messages of Outlook (.msg): properties in the streams of a compound file, read by olefile, as an e-mail.

The names of properties, such as `1000` for the body, are those of MS-OXPROPS; the layout is MS-OXMSG's.
"""

import io
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime, formataddr
from typing import Any

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.mail import convert_mail
from tasks_lib.ingestion.converters.packed_rtf import unpacked
from tasks_lib.ingestion.converters.rtf.document import convert_rtf
from tasks_lib.ingestion.converters.rtf.syntax import encoding_of_code_page

_PROPERTIES = "__properties_version1.0"
_ATTACHED, _RECIPIENT = "__attach_version1.0_#", "__recip_version1.0_#"
_ENTRY, _TOP, _INSIDE, _PART = 16, 32, 24, 8
"""Bytes of an entry of the properties, and of what stands before them: in a message, one in another, a part of it."""
_BEGINNING = datetime(1601, 1, 1, tzinfo=UTC)
_RECIPIENTS = ((1, "To", "0E04"), (2, "Cc", "0E03"))
"""Type of a recipient, header, and the property that shows all of them."""
_DEEPEST = 5


def convert_msg(data: bytes) -> ConvertedDocument:
    """As :func:`~tasks_lib.ingestion.converters.mail.convert_mail`.

    :raises UnreadableDocumentError: If it is no message.
    """
    return convert_mail(mail_of(data), "msg")


def mail_of(data: bytes) -> bytes:
    """The message as an `.eml` file, with its attachments.

    :raises UnreadableDocumentError: As :func:`convert_msg`.
    """
    import olefile

    if not olefile.isOleFile(data=data):
        reason = "is no message of Outlook"
        raise UnreadableDocumentError(reason)
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        if not file.exists(_PROPERTIES):
            reason = "is no message of Outlook: it has no properties"
            raise UnreadableDocumentError(reason)
        return _message(_Storage(file, (), _TOP), 0).as_bytes(policy=default.clone(max_line_length=None))


class _Storage:
    """A message, a recipient or an attachment."""

    def __init__(self, file: Any, path: tuple[str, ...], header: int, page: int = 0) -> None:
        self._file, self.path = file, path
        entries = self._stream(_PROPERTIES)[header:]
        self.numbers = {
            int.from_bytes(entry[2:4], "little"): int.from_bytes(entry[8:16], "little")
            for entry in (entries[place : place + _ENTRY] for place in range(0, len(entries), _ENTRY))
        }
        self._page = self.numbers.get(0x3FFD, self.numbers.get(0x3FDE, page)) & 0xFFFF

    def text(self, name: str) -> str:
        """A property that is text; empty where it is not there."""
        if wide := self._stream(f"__substg1.0_{name}001F"):
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._stream(f"__substg1.0_{name}001E").rstrip(b"\0")
        encoding = encoding_of_code_page(self._page, "")
        return narrow.decode(encoding, "replace") if encoding else decode(narrow).text

    def content(self, name: str) -> bytes:
        """A property that is bytes."""
        return self._stream(f"__substg1.0_{name}0102")

    def moment(self, *names: int) -> datetime | None:
        """The first of some properties that is a time."""
        ticks = next((self.numbers[name] for name in names if self.numbers.get(name)), 0)
        try:
            return _BEGINNING + timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None

    def parts(self, prefix: str) -> "list[_Storage]":
        """The recipients or attachments."""
        depth = len(self.path)
        paths = {tuple(path[: depth + 1]) for path in self._file.listdir() if tuple(path[:depth]) == self.path}
        return [_Storage(self._file, path, _PART, self._page) for path in sorted(paths) if path[-1].startswith(prefix)]

    def inside(self) -> "_Storage | None":
        """The message that an attachment is."""
        path = (*self.path, "__substg1.0_3701000D")
        return _Storage(self._file, path, _INSIDE, self._page) if self._file.exists([*path, _PROPERTIES]) else None

    def _stream(self, name: str) -> bytes:
        path = [*self.path, name]
        return bytes(self._file.openstream(path).read()) if self._file.exists(path) else b""


def _message(storage: _Storage, depth: int) -> EmailMessage:
    message = EmailMessage()
    _put(message, "Subject", storage.text("0037"))
    _put(message, "From", _address(storage, ("0C1A", "0042"), ("5D01", "5D02", "0C1F", "0065")))
    recipients = storage.parts(_RECIPIENT)
    for kind, name, shown in _RECIPIENTS:
        people = [part for part in recipients if part.numbers.get(0x0C15, 0) & 0xF == kind]
        named = ", ".join(filter(None, (_address(part, ("3001",), ("39FE", "3003")) for part in people)))
        _put(message, name, named or storage.text(shown).replace(";", ","))
    moment = storage.moment(0x0039, 0x0E06, 0x3007)
    if moment:
        message["Date"] = format_datetime(moment)
    _put_body(message, storage)
    for part in storage.parts(_ATTACHED):
        _attach(message, part, depth)
    return message


def _put(message: EmailMessage, name: str, value: str) -> None:
    line = " ".join(value.split())
    if not line:
        return
    try:
        message[name] = line
    except (ValueError, IndexError, TypeError):  # the standard library fails on some malformed addresses
        message[name] = line.replace("<", "").replace(">", "").replace('"', "").replace("@", " at ")


def _address(storage: _Storage, names: tuple[str, ...], addresses: tuple[str, ...]) -> str:
    """`Name <address>`; addresses of a directory, which no one reads, are left out."""
    name = next(filter(None, map(storage.text, names)), "").strip("' ")
    address = next((found for found in map(storage.text, addresses) if "@" in found and " " not in found), "")
    if not address:
        return formataddr((name, "")).removesuffix(" <>") if name else ""
    try:
        return formataddr(("" if name == address else name, address))
    except UnicodeEncodeError:
        return name


def _put_body(message: EmailMessage, storage: _Storage) -> None:
    text = storage.text("1000")
    page = storage.content("1013") or storage.text("1013").encode()
    packed = storage.content("1009")
    if text.strip():
        message.set_content(text)
    elif page:
        message.set_content(page, maintype="text", subtype="html")
    elif packed:
        message.set_content(convert_rtf(unpacked(packed)).text)
    else:
        message.set_content("")


def _attach(message: EmailMessage, part: _Storage, depth: int) -> None:
    inside = part.inside()
    if inside is not None:
        if depth < _DEEPEST:
            message.add_attachment(_message(inside, depth + 1))
        return
    names = (" ".join(part.text(each).split()) for each in ("3707", "3704", "3001"))
    name = next(filter(None, names), None)
    shown = part.text("370E").lower().startswith("image/") and bool(part.text("3712"))
    data = part.content("3701")
    if data and not shown:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
