"""RTF as a stream of tokens: groups, control words, and bytes of text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    rb"|\\'(?P<hex>[0-9a-fA-F]{2})"
    rb"|\\(?P<sign>[^a-zA-Z])"
    rb"|(?P<brace>[{}])"
    rb"|(?P<text>[^\\{}]+)",
    re.DOTALL,
)
_LINE_ENDS = b"\r\n\0"
SIGNS = {
    word: sign
    for words, signs in (
        ("tab line lbr ~ _ { } \\", "\t\n\n -{}\\"),
        ("emdash endash bullet emspace enspace qmspace", "\u2014\u2013\u2022   "),
        ("lquote rquote ldblquote rdblquote", "\u2018\u2019\u201c\u201d"),
    )
    for word, sign in zip(words.split(), signs, strict=True)
}
"""Control words and symbols that stand for a character."""
_CHARSETS = (
    *((2, "cp1252"), (77, "mac_roman"), (128, "cp932"), (129, "cp949"), (130, "johab"), (134, "gbk"), (136, "cp950")),
    *((161, "cp1253"), (162, "cp1254"), (163, "cp1258"), (177, "cp1255"), (178, "cp1256"), (186, "cp1257")),
    *((204, "cp1251"), (222, "cp874"), (238, "cp1250"), (254, "cp437"), (255, "cp850")),
)
_CODE_PAGES = (
    *((932, "cp932"), (936, "gbk"), (949, "cp949"), (950, "cp950"), (1361, "johab"), (10000, "mac_roman")),
    *((20127, "cp1252"), (20866, "koi8_r"), (21866, "koi8_u"), (50220, "iso2022_jp"), (51932, "euc_jp")),
    *((54936, "gb18030"), (65001, "utf-8")),
    *((28590 + number, f"iso8859_{number}") for number in (*range(1, 11), 13, 15)),
)
_OF_CHARSET: dict[int, str] = dict(_CHARSETS)
_OF_CODE_PAGE: dict[int, str] = dict(_CODE_PAGES)


@dataclass(frozen=True)
class Token:
    """Exactly one of `word`, `text` and `brace` is set."""

    word: str = ""
    """Name of a control word, or the sign of a control symbol."""
    number: int | None = None
    text: bytes = b""
    """Bytes in the encoding of the font."""
    brace: str = ""


def tokens(data: bytes) -> Iterator[Token]:
    """Tokens of a file; binary data (`bin`) is passed over."""
    place = 0
    while match := _TOKEN.match(data, place):
        place = match.end()
        if match["word"]:
            word, number = match["word"].decode("ascii"), int(match["number"]) if match["number"] else None
            if word == "bin":
                place += max(number or 0, 0)
            else:
                yield Token(word=word, number=number)
        elif match["hex"]:
            yield Token(text=bytes([int(match["hex"], 16)]))
        elif match["brace"]:
            yield Token(brace=match["brace"].decode("ascii"))
        elif match["sign"]:
            yield Token(word=match["sign"].decode("latin-1"))
        elif text := match["text"].translate(None, _LINE_ENDS):
            yield Token(text=text)


def encoding_of_charset(charset: int, default: str) -> str:
    """Encoding of a font's `fcharset`; `default` for those of the system."""
    return _OF_CHARSET.get(charset, default)


def encoding_of_code_page(page: int, default: str) -> str:
    """Encoding of `ansicpg` or `cpg`; `default` where there is none of that number."""
    name = _OF_CODE_PAGE.get(page, f"cp{page}")
    try:
        "".encode(name)
    except LookupError:
        return default
    return name
