"""One form of a text: what looks the same is the same, whatever Unicode offers to write it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"\w+")
_MEANT = frozenset({"<super>", "<sub>", "<fraction>", "<circle>"})
"""Compatibility characters that say more than their letters: 10⁶ is not 106, and 1½ is not 11 halves."""


def encodable(value: Any) -> Any:
    """A value of JSON types whose texts can be written: half a character, as a client that cuts emojis sends it, is �.

    JSON and command lines can say such halves (lone surrogates); no file, tokenizer or database takes them.
    """
    if isinstance(value, str):
        return value if _is_encodable(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [encodable(item) for item in value]
    return value


def _is_encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def composed(text: str) -> str:
    """NFC: letters with their accents in one piece, as most systems write them. File names of macOS come apart."""
    return unicodedata.normalize("NFC", text)


def searchable(text: str) -> str:
    """NFKC, in which queries and words are compared: every form of a text becomes the same."""
    return unicodedata.normalize("NFKC", text)


def other_forms(text: str) -> str:
    """Those words of :func:`searchable` that are not words of `text` as it is: what else a search for it may say."""
    if unicodedata.is_normalized("NFKC", text):
        return ""
    known = set(_WORD.findall(text))
    return " ".join(word for word in dict.fromkeys(_WORD.findall(searchable(text))) if word not in known)


def plain_forms(text: str) -> str:
    """NFKC but for what changes the meaning: ligatures, widths and presentation forms that a layout left in a text.

    Superscripts, subscripts, fractions, circled numbers and single accents stay, composed as by :func:`composed`.
    """
    if unicodedata.is_normalized("NFKC", text):
        return text
    table = {ord(character): searchable(character) for character in set(text) if _is_layout(character)}
    return composed(text.translate(table))


def _is_layout(character: str) -> bool:
    kind, _, rest = unicodedata.decomposition(character).partition(" ")
    if not kind.startswith("<") or kind in _MEANT:
        return False
    single_accent = len(rest.split()) > 1 and searchable(character).startswith(" ")
    return not single_accent
