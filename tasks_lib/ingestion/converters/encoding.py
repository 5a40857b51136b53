"""Bytes to text: what they are for sure (a byte order mark, UTF-8), what is declared, and else the likeliest guess."""

import codecs
import re
from dataclasses import dataclass

from tasks_lib.ingestion.converters.converted import UnreadableDocumentError
from tasks_lib.ingestion.converters.guessing import escaped, guess, wide
from tasks_lib.text.forms import composed

_MARKS = (
    # UTF-32's little-endian mark begins with UTF-16's: the longer one is tried first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = (
    re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE),
    re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE),
)
_HEAD_BYTES = 4096
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_SOUND_FOR_ONE = 2
"""Letters beyond ASCII that a damaged UTF-8 file has for each bad byte; by chance, another alphabet has fewer."""


@dataclass(frozen=True)
class Decoded:
    """Text in NFC, and why it may not be what the file says; empty where it is sure."""

    text: str
    doubt: str = ""


def decode(data: bytes, *, html: bool = False) -> Decoded:
    """Text of `data` without its byte order mark; line ends stay as they are.

    :param html: Whether an encoding may be declared in the text itself, by `<meta>` or `<?xml …?>`. The bytes decide
        where it contradicts them; one that HTML cannot declare, such as UTF-16, counts as UTF-8 as in browsers.
    :raises UnreadableDocumentError: If the bytes are not text.
    """
    decoded = _marked(data) or _unmarked(data, html=html)
    return Decoded(composed(decoded.text), decoded.doubt)


def _unmarked(data: bytes, *, html: bool) -> Decoded:
    if b"\0" in data:
        text, encoding = wide(data)
        if not text:
            reason = "not text: it holds NUL bytes and no byte order mark"
            raise UnreadableDocumentError(reason)
        return Decoded(text, f"read as {encoding}, which nothing in the file says: save it as UTF-8")
    shifted = escaped(data)
    if shifted is not None:
        return Decoded(*shifted)
    return _utf8(data) or _legacy(data, html=html)


def _marked(data: bytes) -> Decoded | None:
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if encoding is None:
        return None
    try:
        text, doubt = data.decode(encoding), ""
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            reason = f"not valid {encoding.upper()} at byte {error.start}, though it begins like it"
            raise UnreadableDocumentError(reason) from error
        found = _utf8(data) or _legacy(data.removeprefix(codecs.BOM_UTF8), html=False)
        text, doubt = found.text.removeprefix("\ufeff"), found.doubt
    if "\0" in text:
        reason = "not text: it holds NUL characters"
        raise UnreadableDocumentError(reason)
    return Decoded(text, doubt)


def _utf8(data: bytes) -> Decoded | None:
    """UTF-8, also with a few bytes that are wrong; `None` where more speaks for another encoding."""
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        first = error.start
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd") - data.count("\ufffd".encode())
    sound = len(_BEYOND_ASCII.findall(text)) - bad
    if sound < _SOUND_FOR_ONE * bad:
        return None
    places = "1 byte that is" if bad == 1 else f"{bad} places that are"
    return Decoded(text, f"read as UTF-8, with {places} none, shown as \ufffd: the first at byte {first:,}")


def _legacy(data: bytes, *, html: bool) -> Decoded:
    declared = _declared(data) if html else ""
    guessed = guess(data, declared)
    if declared and guessed.encoding == declared:
        return Decoded(guessed.text)
    contradicted = f", not as the {declared} that it declares" if declared else ""
    return Decoded(
        guessed.text,
        f"read as {guessed.encoding}{contradicted}, a guess (confidence {guessed.confidence:.2f}): save it as UTF-8",
    )


def _declared(data: bytes) -> str:
    """Python's name of the declared encoding; empty if there is none, or none that a legacy page can have."""
    found = next((match for pattern in _DECLARED if (match := pattern.search(data[:_HEAD_BYTES]))), None)
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else ""
    except LookupError:
        return ""
    return "" if name.startswith(("utf", "punycode", "idna", "unicode", "raw")) else name
