"""E-mail: who wrote what to whom, and what was attached."""

import mimetypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from pathlib import PurePosixPath

from tasks_lib.ingestion.converters.converted import ConvertedDocument, UnreadableDocumentError
from tasks_lib.ingestion.converters.encoding import decode
from tasks_lib.ingestion.converters.html import written
from tasks_lib.ingestion.converters.reading import clean
from tasks_lib.ingestion.converters.writing import TextWriter
from tasks_lib.text.forms import composed

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_LONGEST_NAME = 120
_MESSAGE = "message/rfc822"


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message; `name` has no folder, and no two of one message have the same."""

    name: str
    data: bytes


def convert_mail(data: bytes, file_format: str = "eml") -> ConvertedDocument:
    """Headers, the body in its plainest form, and the names of the attachments; each of those is a document of its own.

    :raises UnreadableDocumentError: If it is no message.
    """
    message = parsed_message(data)
    writer = TextWriter(lambda text: composed(clean(text)))
    for name in _HEADERS:
        if value := _header(message, name):
            writer.item(f"{name}: {value}")
    if names := [name for name, _ in _named(message)]:
        writer.item(f"Attachments: {', '.join(names)}")
    body = message.get_body(("plain", "html"))
    if body is not None:
        text, writer.doubt = _body_text(body)
        writer.prepared(text)
    subject = _header(message, "Subject")
    return writer.document(file_format, title=subject or None, modified=_moment(message))


def attachments_of(data: bytes) -> Iterator[Attachment]:
    """The attachments of a message, one after the other. A message among them is an `.eml` file.

    :raises UnreadableDocumentError: If it is no message.
    """
    for name, part in _named(parsed_message(data)):
        if part.get_content_type() == _MESSAGE:
            yield Attachment(name, part.get_content().as_bytes())
        else:
            content = part.get_payload(decode=True)
            yield Attachment(name, content if isinstance(content, bytes) else b"")


def parsed_message(data: bytes) -> EmailMessage:
    """The message of a file.

    :raises UnreadableDocumentError: If it is none.
    """
    message = BytesParser(policy=policy.default).parsebytes(data)
    if not message.keys():
        reason = "is no e-mail: it has no headers"
        raise UnreadableDocumentError(reason)
    return message


def _named(message: EmailMessage) -> list[tuple[str, EmailMessage]]:
    """Attachments with names that can be those of files; pictures that the body shows are none."""
    found: dict[str, EmailMessage] = {}
    counts: Counter[str] = Counter()
    for part in message.iter_attachments():
        if not isinstance(part, EmailMessage) or (part.get_content_maintype() == "image" and part.get("Content-ID")):
            continue
        name = base = _file_name(part)
        while name in found:
            counts[base] += 1
            name = f"{PurePosixPath(base).stem} ({counts[base] + 1}){PurePosixPath(base).suffix}"
        found[name] = part
    return list(found.items())


def _file_name(part: EmailMessage) -> str:
    """The name of an attachment as a file may have it; one by its type where it has none."""
    kind = part.get_content_type()
    if kind == _MESSAGE:
        subject = _header(part.get_content(), "Subject")
        given = f"{subject or 'message'}.eml"
    else:
        given = part.get_filename() or f"attachment{mimetypes.guess_extension(kind) or ''}"
    plain = "".join("_" if sign in "/\\\0" or not sign.isprintable() else sign for sign in composed(clean(given)))
    name = " ".join(plain.split()).strip(". ") or "attachment"
    suffix = PurePosixPath(name).suffix[:_LONGEST_NAME]
    return name.removesuffix(suffix)[: _LONGEST_NAME - len(suffix)] + suffix


def _body_text(body: MIMEPart) -> tuple[str, str]:
    """The text of a body, and what of it is missing."""
    content = body.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    charset = body.get_content_charset() or ""
    try:
        text = data.decode(charset or "ascii")
    except (LookupError, UnicodeDecodeError):
        text = decode(data, html=body.get_content_subtype() == "html").text
    if body.get_content_subtype() == "html":
        page = written(text)
        return page.text, page.doubt
    return composed(clean(text.replace("\r\n", "\n"))).strip(), ""


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(clean(str(message.get(name, ""))).split())
    except (ValueError, IndexError, TypeError):  # the standard library fails on some malformed addresses
        return ""


def _moment(message: EmailMessage) -> str | None:
    moment = getattr(message.get("Date"), "datetime", None)
    return moment.isoformat() if isinstance(moment, datetime) else None
