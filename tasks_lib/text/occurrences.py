"""Where a text occurs in another, however that one writes it: in other case, on two lines, escaped for JSON or HTML."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

_WORD = re.compile(r"[^\W_]+")
_ESCAPE = r"(?:\\+u[0-9a-fA-F]{4}|\\+[nrtbf\"'/\\]|&#?\w{1,8};|%[0-9a-fA-F]{2})"
_BETWEEN = rf"(?:{_ESCAPE}|[\W_]){{1,8}}?"
"""What may stand between two words of a value: blanks, punctuation, and both of them escaped."""
_BEFORE = r"(?:(?<![^\W_])|(?<=\\[nrtbf])|(?<=%[0-9a-fA-F]{2})|(?<=&\w{2}p;))"
_AFTER = r"(?![^\W_])"


def words_of(text: str) -> list[str]:
    """Words and numbers in one form: compatibility characters and case make no difference."""
    return [unicodedata.normalize("NFKC", word).casefold() for word in _WORD.findall(text)]


def word_spans(text: str) -> list[tuple[str, int, int]]:
    """Each word in that form, with its span."""
    return [
        (unicodedata.normalize("NFKC", match[0]).casefold(), match.start(), match.end())
        for match in _WORD.finditer(text)
    ]


@lru_cache(maxsize=256)
def pattern_of(value: str) -> "re.Pattern[str] | None":
    """Finds a value, whole words only; `None` if it has no word."""
    found = _WORD.findall(unicodedata.normalize("NFC", value))
    if not found:
        return None
    words = _BETWEEN.join("".join(map(_character, word)) for word in found)
    return re.compile(f"{_BEFORE}{words}{_AFTER}", re.IGNORECASE)


def path_pattern(path: str) -> "re.Pattern[str]":
    """Finds a path, and not the end of a longer one."""
    written = {path, quote(path), path.encode("ascii", "backslashreplace").decode(), path.replace("/", "\\/")}
    forms = {form for text in written for form in (text, unicodedata.normalize("NFD", text))}
    either = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?<![\w.-])(?:{either})(?![\w-]|\.\w)")


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap as one, in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _character(character: str) -> str:
    if character.isascii():
        return re.escape(character)
    cases = {character, character.lower(), character.upper()}
    forms = {form for case in cases for form in (case, unicodedata.normalize("NFD", case), quote(case))}
    for case in cases:
        forms |= {f"&#{ord(one)};" for one in case if len(case) == 1}
        forms |= {"".join(f"\\u{ord(one):04x}" for one in case)}
    return "(?:" + "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) + ")"
