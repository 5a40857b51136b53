"""Which of the older encodings the bytes of a text are in, and how sure that is: by charset-normalizer."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

CANDIDATES = (
    *("cp1252", "cp1250", "cp1251", "gb18030", "cp932", "euc_jp", "cp949", "big5hkscs", "cp1253", "cp1254", "cp1255"),
    *("cp1256", "cp1257", "cp1258", "cp874", "iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "koi8_u", "cp866"),
    *("iso8859_6", "iso8859_8", "iso8859_15", "mac_cyrillic", "mac_roman", "cp437", "cp850", "cp852"),
)
"""What old files are in, the more usual ones first."""
SAME_READER = {
    # a page that declares the first is read by the second, of which it is a part: the Encoding Standard of the WHATWG
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_SAMPLE_BYTES = 2**16
_COHERENCE = 0.5
"""Weight of letters that are usual in a language, against 1 for signs of chaos."""
_USUAL = 0.01
_UNUSUAL = 0.1
_RARE = frozenset({"mac_cyrillic", "mac_roman", "cp437", "cp850", "cp852"})
_DECLARED = 0.2
_SYMBOL = 0.1
"""Weight of signs such as © and ¤ among the characters beyond ASCII: they stand where a letter was."""
_MOST = 0.99
_TEMPERATURE = 0.02
"""Difference of scores at which one reading is e times as likely as another."""

_MOSTLY = 0.2
"""Share of zeros in a place from which it is that of upper bytes; texts of other alphabets have spaces and digits."""
_ESCAPE = re.compile(rb"\x1b\$?[(.)]|\x1b\$[@AB]|~\{(?:[!-}][!-~])+~\}")
_ESCAPED = ("iso2022_jp_2", "iso2022_kr", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext", "hz")


@dataclass(frozen=True)
class Guess:
    """A reading, and its share of what speaks for all readings."""

    text: str
    encoding: str
    confidence: float


def guess(data: bytes, declared: str = "") -> Guess:
    """The likeliest reading of `data`, which is no UTF-8.

    :param declared: Python's name of the encoding that the text itself declares; its bytes may contradict it.
    """
    reader = SAME_READER.get(declared, declared)
    readings = sorted(_readings(_sample(data), reader))
    for score, encoding in readings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue  # what was sampled fits, the rest does not
        weights = [math.exp((score - other) / _TEMPERATURE) for other, _ in readings]
        confidence = min(_MOST, max(0.0, 1.0 - max(score, 0.0)) / max(1.0, sum(weights)))
        return Guess(text, declared if encoding == reader else encoding, confidence)
    try:
        return Guess(data.decode("cp1252"), "cp1252", 0.0)
    except UnicodeDecodeError:
        return Guess(data.decode("latin-1"), "latin-1", 0.0)


def wide(data: bytes) -> tuple[str, str]:
    """Text in UTF-16 or UTF-32 without a byte order mark, and its encoding; empty if it is none.

    Letters of most alphabets share their upper byte with spaces and digits, or with each other: zeros stand in every
    second place. Hardly anything but UTF-32 can be read as that.
    """
    zeros = [data[start::2].count(0) * 2 / len(data) for start in range(2)]
    utf_16 = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    for encoding in ("utf-32-le", "utf-32-be", utf_16):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and (encoding != utf_16 or max(zeros) > _MOSTLY):
            return text, encoding.upper()
    return "", ""


def escaped(data: bytes) -> tuple[str, str] | None:
    """Text that is ASCII but for escape sequences, and why that is no proof; `None` if there are none."""
    if not _ESCAPE.search(data) or not data.isascii():
        return None
    for encoding in _ESCAPED:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.encode("utf-8") != data:
            return text, f"read as {encoding}, by its escape sequences: save it as UTF-8"
    return data.decode("ascii"), "holds escape sequences of no encoding that is known: save it as UTF-8"


def _readings(sample: bytes, declared: str) -> Iterator[tuple[float, str]]:
    """Score (the lower the likelier) and encoding of each different text that `sample` may be."""
    from charset_normalizer import from_bytes

    candidates = [*CANDIDATES, declared] if declared else [*CANDIDATES]
    for match in from_bytes(sample, cp_isolation=candidates, enable_fallback=False, preemptive_behaviour=False):
        same = [each.encoding for each in (match, *match.submatch)]
        score, encoding = min((_surprise(encoding, declared), encoding) for encoding in same)
        text = str(match)
        symbols = sum(unicodedata.category(character).startswith("S") for character in text if not character.isascii())
        chaos = match.chaos + _SYMBOL * symbols / (len(text) - sum(map(str.isascii, text)) or 1)
        yield chaos - _COHERENCE * match.coherence + score, encoding


def _surprise(encoding: str, declared: str) -> float:
    """How unusual an encoding is, whatever the text."""
    if encoding == declared:
        return -_DECLARED
    return (_UNUSUAL if encoding in _RARE else 0.0) + _USUAL * CANDIDATES.index(encoding) / len(CANDIDATES)


def _sample(data: bytes) -> bytes:
    """Lines with bytes beyond ASCII, up to a limit: they tell more, and no character is cut between lines."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    lines, size = [], 0
    for line in data.splitlines(keepends=True):
        if not line.isascii() and size < _SAMPLE_BYTES:
            lines.append(line)
            size += len(line)
    return b"".join(lines)
