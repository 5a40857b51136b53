"""The kind of answer that a question wants, and whether a sentence holds one. English."""

import re

from tasks_lib.text.words import AMOUNTS, MONTHS, WEEKDAYS, words

_WANTS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|old|often|high|large|big|early|late|soon|quickly|fast|tall|deep)\b"
    r"|\b(?:percentage|percent|per diem|amount|number of|price|cost|rate|minimum|maximum|limit)\b",
    re.IGNORECASE,
)
_WANTS_TIME = re.compile(
    r"\b(?:when|by when|what (?:year|date|day|month|time)|(?:on|in|from|until|at) (?:which|what) (?:\w+ )?"
    r"(?:year|years|date|day|days|month|months|time|times)|which (?:year|date|day|month|months))\b",
    re.IGNORECASE,
)
_WANTS_NAME = re.compile(r"\b(?:who|whose|whom|name of|where|which (?:country|city))\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+")


def answer_kind(question: str) -> str:
    """`number`, `time`, `name`, or empty when the question does not tell."""
    if _WANTS_NUMBER.search(question):
        return "number"
    if _WANTS_TIME.search(question):
        return "time"
    return "name" if _WANTS_NAME.search(question) else ""


def fits_kind(text: str, kind: str, question_words: frozenset[str]) -> bool:
    """Whether `text` holds something of the kind that is not in the question already."""
    if kind == "name":
        return any(name.lower() not in question_words for name in _NAME.findall(text))
    new = {word for word in words(text) if word not in question_words}
    numbers = not AMOUNTS.isdisjoint(new) or any(word[0].isdigit() for word in new)
    return numbers or (kind == "time" and not new.isdisjoint(MONTHS | WEEKDAYS))
