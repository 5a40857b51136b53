"""Text as a reader sees it: without invisible characters, disguised letters and encodings, and the way back to it."""

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass

# Letters of other scripts that look like Latin ones (a part of Unicode's confusables.txt).
_LOOKALIKES = dict(
    zip(
        "АВЕКМНОРСТУХІЈЅаеорсухіјѕԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαικνρυχɡɩο",
        "ABEKMHOPCTYXIJSaeopcyxijsdqwhABEZHIKMNOPTYXoaiknpuxgio",
        strict=True,
    )
)
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
_LEETS = frozenset("01345789@$!|")
_LEET = str.maketrans("01345789@$!|", "oieastbgasil")
_DIGIT_LOOKALIKES = str.maketrans("OoQDIlLZzSsB", "000011122558")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{16,4096}={0,2}(?![A-Za-z0-9+/=_-])")
_MAX_ENCODED = 16
_LONGEST_FOLD = 4
"""Characters that one may stand for; some Arabic ligatures stand for eighteen."""
_WORD = re.compile(r"\S+")
_NUMBERISH = re.compile(r"(?<![\w-])[0-9OoQDIlLZzSsB][0-9OoQDIlLZzSsB \-]{6,40}[0-9OoQDIlLZzSsB](?![\w-])")


@dataclass(frozen=True)
class NormalisedText:
    """`text`, and for each of its characters the position it came from; one more position for the end."""

    text: str
    origin: tuple[int, ...] | None = None
    """`None` where nothing moved."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Characters of the original text that `start` to `end` of the normalised text came from."""
        if self.origin is None or start >= end:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


def normalise(text: str) -> NormalisedText:
    """Drop invisible characters, fold compatibility forms (full-width digits) and lookalike letters in mixed words."""
    if text.isascii():
        return NormalisedText(text)
    characters: list[str] = []
    origin: list[int] = []
    for position, character in enumerate(text):
        folded = _fold(character)
        characters.extend(folded)
        origin.extend([position] * len(folded))
    folded_text = "".join(characters)
    return NormalisedText(_unmix(folded_text), tuple(origin))


def one_line(text: str) -> NormalisedText:
    """The text with one space in place of any white space: a wording goes on where a line or a turn ends."""
    pieces: list[str] = []
    origin: list[int] = []
    for match in _WORD.finditer(text):
        if pieces:
            pieces.append(" ")
            origin.append(match.start() - 1)
        pieces.append(match[0])
        origin.extend(range(*match.span()))
    return NormalisedText("".join(pieces), tuple(origin))


def _fold(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "Zs":
        return " "
    if category == "Nd":
        return str(unicodedata.digit(character))
    if character in _DASHES:
        return "-"
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) <= _LONGEST_FOLD else character


def _unmix(text: str) -> str:
    """Replace lookalikes in words that hold Latin letters or digits too; a word all in Greek stays Greek."""
    if text.isascii():
        return text
    return _WORD.sub(lambda match: _unmixed(match[0]), text)


def _unmixed(word: str) -> str:
    if any(c.isascii() and c.isalnum() for c in word) or all(c in _LOOKALIKES or not c.isalpha() for c in word):
        return "".join(_LOOKALIKES.get(c, c) for c in word)
    return word


def plain_words(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Words written with digits for letters as words ("1gn0re" is "ignore"), and where there are such words.

    Positions stay.
    """
    pieces: list[str] = []
    changed: list[tuple[int, int]] = []
    done = 0
    for match in _WORD.finditer(text):
        if _LEETS.isdisjoint(match[0]) or (plain := _plain_word(match[0])) == match[0]:
            continue
        pieces += [text[done : match.start()], plain]
        changed.append(match.span())
        done = match.end()
    return "".join([*pieces, text[done:]]), changed


def _plain_word(word: str) -> str:
    core = word.rstrip(".,;:!?)")
    letters = sum(c.isalpha() for c in core)
    plain = letters and letters < len(core) and letters * 2 >= len(core)
    return core.translate(_LEET) + word[len(core) :] if plain else word


def disguised_numbers(text: str) -> list[tuple[int, str]]:
    """Runs of digits with letters that look like digits ("4ll1"), as position and digits; positions stay."""
    runs = []
    for match in _NUMBERISH.finditer(text):
        run = match[0]
        digits = sum(c.isdigit() for c in run)
        letters = sum(c.isalpha() for c in run)
        if letters and digits * 2 >= digits + letters:
            runs.append((match.start(), run.translate(_DIGIT_LOOKALIKES)))
    return runs


def encoded_parts(text: str) -> list[tuple[int, int, str]]:
    """Base64 runs that hold readable text, as start, end and what they say; at most 16 runs of 4,096 characters."""
    runs = []
    for count, match in enumerate(_BASE64.finditer(text)):
        if count >= _MAX_ENCODED:
            break
        decoded = _decode(match[0])
        if decoded is not None:
            runs.append((match.start(), match.end(), decoded))
    return runs


def _decode(run: str) -> str | None:
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return text if text and sum(c.isprintable() or c.isspace() for c in text) == len(text) else None
