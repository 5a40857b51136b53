"""The fonts of a PDF: what the bytes of a shown string say, and how wide each character is."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

_BOLD = re.compile(r"bold|black|heavy|demi|[-_,]bd\b|cmb|sfbx", re.IGNORECASE)
_MILLI = 1000
_NAME = re.compile(r"/?(?:[a-zA-Z]|cid|glyph|index|uni)_?\d{1,5}$", re.IGNORECASE)
UNREADABLE = "\ufffd"
"""Stands for a character whose font does not tell which one it is."""
_SYMBOLS = dict(zip("\uf06f\uf071\uf0a8\uf0fe\uf0fd\uf078\uf0fc\uf0e0\uf0d8\uf0a7", "☐☐☐☑☒☒✓→➢▪", strict=True))
"""Symbol fonts of Windows; what is not here marks the items of lists."""
_FORCED_BOLD = 1 << 18


class Typeface:
    """A font resource.

    :param resource: The font's dictionary in the file, as pypdf reads it.
    """

    def __init__(self, resource: Any) -> None:
        from pypdf.generic._font import Font

        self._font = Font.from_font_resource(resource)
        self._unit = self._type3_unit(resource) if self._font.sub_type == "Type3" else 1 / _MILLI
        descriptor = self._font.font_descriptor
        flags = descriptor.flags if isinstance(descriptor.flags, int) else 0
        self.bold = bool(_BOLD.search(self._font.name)) or bool(flags & _FORCED_BOLD)
        self._simple: dict[int, tuple[str, float]] = {}
        if isinstance(self._font.encoding, dict):
            self._simple = {code: self._glyph(code, self._font.encoding) for code in range(256)}
        self._known: dict[str, tuple[str, float]] = {}

    def glyphs(self, shown: bytes) -> Iterator[tuple[str, float, bool]]:
        """Each character with its width in units of the font size, and whether it is the one-byte code of a space."""
        if self._simple:
            for code in shown:
                text, width = self._simple[code]
                yield text, width, code == ord(" ")
            return
        encoding = str(self._font.encoding)
        for character in shown.decode(encoding, "replace"):
            found = self._known.get(character)
            if found is None:
                width = float(self._font.character_widths.get(character, self._font.character_widths["default"]))
                found = self._known[character] = (
                    readable(str(self._font.character_map.get(character, character))),
                    width * self._unit,
                )
            yield found[0], found[1], False

    def _glyph(self, code: int, encoding: dict[int, str]) -> tuple[str, float]:
        shown = encoding.get(code, chr(code))
        text = str(self._font.character_map.get(shown, shown))
        widths = self._font.character_widths
        width = float(widths.get(chr(code), widths["default"]))
        return readable(text), width * self._unit

    @staticmethod
    def _type3_unit(resource: Any) -> float:
        """A Type 3 font tells its own glyph space."""
        try:
            return abs(float(resource["/FontMatrix"][0])) or 1 / _MILLI
        except (KeyError, IndexError, TypeError, ValueError):
            return 1 / _MILLI


def readable(text: str) -> str:
    """A character as a font names it; names such as `g115`, and controls, say nothing."""
    if text in {".notdef", "/.notdef"}:
        return ""
    if len(text) > 1:
        return UNREADABLE if _NAME.match(text) else text
    if "\uf020" <= text <= "\uf0ff":
        return _SYMBOLS.get(text, "•")
    return UNREADABLE if unicodedata.category(text) in {"Cc", "Cn", "Co"} and text not in "\t\n\r" else text
