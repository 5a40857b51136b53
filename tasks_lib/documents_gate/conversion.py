"""Texts that a converter broke: unreadable characters, letters apart, words glued together, markup, wrong encodings."""

import re
from collections.abc import Callable

from tasks_lib.documents_gate.change import DocumentChange
from tasks_lib.documents_gate.finding import Finding
from tasks_lib.documents_gate.losses import FEWEST_WORDS, shingles
from tasks_lib.text.words import words

FEWEST_LETTERS = 80
_UNREADABLE = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\(cid:\d+\)")
_WRONG_ENCODING = re.compile(r"[ÃÂ][\x80-\xbf¡-¿]|â€|[ÐÑ][\x80-\xbf°-¿]|ï»¿")
_TAG = re.compile(
    r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-z]+|#\d+);|\{\\[a-z]+\d*|\\(?:par|pard|rtf1)\b", re.IGNORECASE
)
_ALONE = re.compile(r"(?<!\S)[^\W\d_](?!\S)")
_WORD = re.compile(r"(?<!\S)[^\W\d_]+(?=[.,;:!?]?(?:\s|$))")
_GLUED = re.compile(r"[^\W\d_]{28,}")
_CODE = re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]*`", re.DOTALL)

UNREADABLE, WRONG, TAGS, ALONE, GLUED = 0.01, 0.005, 0.03, 0.4, 0.2
"""Shares: of the characters that cannot be read, are of a wrong encoding, or begin a tag; of the words that are single
letters; of the letters in words of 28 letters or more."""
SAME_WORDS, IN_A_ROW = 0.9, 0.3
"""Share of the different words that a document kept, and of its rows of three words below which they are mixed up."""


def broken_conversion(change: DocumentChange) -> list[Finding]:
    """A document whose text became unreadable, or that came so."""
    if change.kind == "deleted":
        return []
    before, after = _prose(change.text_before), _prose(change.text_after)
    for what, share, bound in _SIGNS:
        now = share(after)
        if now >= bound and now >= 2 * share(before):
            line = next((line.strip() for line in after.splitlines() if share(line) >= bound), after)
            reason = f"{change.document} was converted badly: {what} ({now:.0%})"
            return [
                Finding(
                    document=change.document, kind="conversion", level="hold", reason=reason, sentences=(line[:200],)
                )
            ]
    return _out_of_order(change)


def _out_of_order(change: DocumentChange) -> list[Finding]:
    """A document that kept its words and lost their order, as where two columns are read across."""
    before, after = words(change.text_before), words(change.text_after)
    rows = shingles(change.text_before)
    kept = len(rows & shingles(change.text_after)) / max(1, len(rows))
    if len(before) < FEWEST_WORDS or len(set(before) & set(after)) < SAME_WORDS * len(set(before)) or kept >= IN_A_ROW:
        return []
    reason = f"{change.document} has the words that it had in another order: {kept:.0%} stand in a row as before"
    line = next((line for line in change.text_after.splitlines() if line.strip()), "")
    return [Finding(document=change.document, kind="conversion", level="hold", reason=reason, sentences=(line[:200],))]


def _prose(text: str) -> str:
    return _CODE.sub(" ", text)


def _unreadable(text: str) -> float:
    return sum(len(match[0]) for match in _UNREADABLE.finditer(text)) / max(1, len(text))


def _wrong_encoding(text: str) -> float:
    return len(_WRONG_ENCODING.findall(text)) / max(1, len(text))


def _tags(text: str) -> float:
    return len(_TAG.findall(text)) * 3 / max(1, len(text))


def _alone(text: str) -> float:
    """Of alphabets alone: a word of Chinese may be one character."""
    said = _WORD.findall(text)
    letters = [word for word in _ALONE.findall(text) if word < "\u0590"]
    return len(letters) / len(said) if sum(map(len, said)) >= FEWEST_LETTERS else 0.0


def _glued(text: str) -> float:
    letters = sum(character.isalpha() for character in text)
    return sum(map(len, _GLUED.findall(text))) / letters if letters >= FEWEST_LETTERS else 0.0


_SIGNS: tuple[tuple[str, Callable[[str], float], float], ...] = (
    ("characters that cannot be read", _unreadable, UNREADABLE),
    ("characters of a wrong encoding", _wrong_encoding, WRONG),
    ("markup in place of text", _tags, TAGS),
    ("words apart, letter by letter", _alone, ALONE),
    ("words glued together", _glued, GLUED),
)
