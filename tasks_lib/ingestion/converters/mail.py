"""E-mail: who wrote what to whom, and what was attached."""

from collections.abc import Callable, Iterator
from datetime import datetime
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.html import written
from tasks_lib.ingestion.converters.reading import clean
from tasks_lib.ingestion.converters.writing import TextWriter
from tasks_lib.text.forms import composed

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_DEEPEST = 5
"""Messages attached to messages; what lies deeper is named only."""
_MOST_ATTACHMENTS = 200
Convert = Callable[[str, bytes], ConvertedDocument]


def convert_mail(data: bytes, convert: Convert) -> ConvertedDocument:
    """A message with its attachments, each below a heading with its name.

    :param convert: Converts an attachment by its name. One that cannot be converted is named in `doubt`.
    :raises UnreadableDocumentError: If it is no message.
    """
    message = BytesParser(policy=policy.default).parsebytes(data)
    if not message.keys():
        reason = "is no e-mail: it has no headers"
        raise UnreadableDocumentError(reason)
    reader = _Reader(convert)
    reader.message(message, 0)
    subject = _header(message, "Subject")
    return reader.writer.document(
        "eml", title=subject or None, modified=_moment(message), doubt="; ".join(reader.doubts)
    )


class _Reader:
    def __init__(self, convert: Convert) -> None:
        self.writer = TextWriter(lambda text: composed(clean(text)))
        self.doubts: list[str] = []
        self._convert = convert

    def message(self, message: EmailMessage, depth: int) -> None:
        """Headers, the body in its plainest form, and attachments."""
        for name in _HEADERS:
            if value := _header(message, name):
                self.writer.item(f"{name}: {value}")
        body = message.get_body(("plain", "html"))
        if body is not None:
            self.writer.prepared(_body_text(body))
        for part in list(_attachments(message))[:_MOST_ATTACHMENTS]:
            self._attachment(part, depth)

    def _attachment(self, part: EmailMessage, depth: int) -> None:
        name = part.get_filename() or ("message.eml" if part.get_content_type() == "message/rfc822" else "")
        if not name:
            return
        self.writer.heading(1, f"Attachment: {name}")
        if part.get_content_type() == "message/rfc822":
            inner = part.get_content()
            if depth < _DEEPEST:
                self.message(inner, depth + 1)
            return
        try:
            content = part.get_payload(decode=True)
            converted = self._convert(name, content if isinstance(content, bytes) else b"")
        except UnreadableDocumentError as error:
            self.doubts.append(f"attachment {name!r} is left out: {error.message}")
            return
        self.writer.prepared(converted.text[converted.body :].strip())
        if converted.doubt:
            self.doubts.append(f"attachment {name!r}: {converted.doubt}")


def _attachments(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.iter_attachments():
        if isinstance(part, EmailMessage) and not (part.get_content_maintype() == "image" and part.get("Content-ID")):
            yield part


def _body_text(body: MIMEPart) -> str:
    content = body.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    charset = body.get_content_charset() or ""
    try:
        text = data.decode(charset or "ascii")
    except (LookupError, UnicodeDecodeError):
        text = decode(data, html=body.get_content_subtype() == "html").text
    if body.get_content_subtype() == "html":
        return written(text).text
    return composed(clean(text.replace("\r\n", "\n"))).strip()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(clean(str(message.get(name, ""))).split())
    except (ValueError, IndexError, TypeError):  # the standard library fails on some malformed addresses
        return ""


def _moment(message: EmailMessage) -> str | None:
    moment = getattr(message.get("Date"), "datetime", None)
    return moment.isoformat() if isinstance(moment, datetime) else None
