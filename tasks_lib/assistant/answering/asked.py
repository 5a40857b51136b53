"""What a question asks for: its words, the names and numbers that an answer must be about, and the form of an answer.

Forms are read from English, German and Spanish questions; questions in other languages have none.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from tasks_lib.assistant.answering.answer_kind import answer_kind, fits_kind
from tasks_lib.text.follow_ups import names_another_case
from tasks_lib.text.words import CACHED_TEXTS, MONTHS, WEEKDAYS, content_stems, numbers, stop_words, words

Form = Literal["steps", "command", "definition", "yes/no", ""]

_STEPS = re.compile(
    r"\bhow (?:do|can|could|should|must|would) (?:i|we|you|one)\b|\bhow to\b|\bwhat (?:should|can|must) (?:i|we) do\b"
    r"|\b(?:which|what) steps\b|\bwie (?:kann|muss|soll|mache|richte|setze|stelle) (?:ich|man)\b"
    r"|\bcómo (?:puedo|se|debo)\b",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"\b(?:command|flag|option|one-liner|snippet|example)s?\b"
    r"|\b(?:befehl|aufruf|beispiel|comando|ejemplo)\b",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"^\W*(?:what (?:is|are|does|do)\b(?! the (?:number|percentage|price|cost|amount|share|maximum|minimum))|define\b"
    r"|was (?:ist|sind|bedeutet)\b|qué (?:es|son|significa)\b)",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|has|have|had|will|would|ist|sind|war|waren|hat|haben|kann"
    r"|können|darf|muss|gibt es|es|está|son|tiene|hay|puede|puedo)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]{3,})\"|“([^”]{3,})”|„([^“”]{3,})[“”]|«([^»]{3,})»")
_IDENTIFIER = re.compile(
    r"(?<!\w)-{0,2}\w+(?:[_./:]+\w+|-+\w+[_./:]\w+)+|(?<!\w)--[\w-]+|\b[a-z]+[A-Z]\w*|\b\w+\(\)"
    r"|\b[A-Z]{1,6}-?\d{2,}\b"
)
_NAME = re.compile(r"(?<![.!?:] )(?<!^)(?<![\"“„«(])\b[A-ZÄÖÜÁÉÍÓÚÑ][\wäöüßáéíóúñ’'-]+")
_COUNTED = re.compile(
    r"\bhow (?:many|much)\s+(?!(?:is|are|was|were|do|does|did|can|may|must|will|would|has|have|of)\b)"
    r"(?:(?:more|other|different|of the|extra|additional)\s+)?([\w-]+)"
    r"|\bwie ?viele?\s+([\w-]+)|\bcu[aá]nt[oa]s?\s+([\w-]+)",
    re.IGNORECASE,
)
"""What is counted: the word behind `how many`."""
_PLAIN = re.compile(r"[^\w]+")
SHORTEST_LITERAL = 3


@dataclass(frozen=True)
class Asked:
    """A question as it is compared with what passages say.

    `anchors` are the numbers, names and identifiers in it: an answer that is about others is none.
    """

    question: str
    kind: str
    form: Form
    stems: frozenset[str]
    words: frozenset[str]
    anchors: frozenset[str]
    literals: tuple[str, ...]
    counted: str = ""
    """The word for what a question counts, as it is written."""
    kind_language: str = "en"
    """The language whose words told the kind."""


@lru_cache(maxsize=CACHED_TEXTS)
def asked(question: str) -> Asked:
    """Read a question."""
    kind, kind_language = answer_kind(question)
    return Asked(
        question,
        kind,
        _form(question),
        content_stems(question),
        frozenset(words(question)),
        _anchors(question),
        literals(question),
        _counted(question),
        kind_language,
    )


def asked_anew(question: str, focus: str) -> Asked:
    """Read a follow-up behind the question that it leans on.

    Numbers in it stand for those of the earlier question, and where it only names another case, names do, too.

    :param question: Both.
    :param focus: The follow-up.
    """
    whole, new = asked(question), asked(focus)
    another_case = names_another_case(focus)
    new_numbers = frozenset(filter(_is_number, new.anchors))
    old = whole.anchors - new.anchors
    kept = {a for a in old if not (new_numbers if _is_number(a) else another_case and new.anchors - new_numbers)}
    form = new.form or (whole.form if another_case else "")
    counted = new.counted or (whole.counted if another_case else "")
    of_kind = new if new.kind else whole
    return replace(
        whole,
        form=form,
        kind=of_kind.kind,
        kind_language=of_kind.kind_language,
        anchors=new.anchors | kept,
        counted=counted,
    )


def has_kind(text: str, asked: Asked) -> bool:
    """Whether `text` holds the kind of thing that is asked for, and one that the question does not name."""
    return fits_kind(text, asked.kind, asked.words, asked.kind_language)


def _is_number(anchor: str) -> bool:
    return anchor[0].isdigit()


def literals(question: str) -> tuple[str, ...]:
    """What stands in quotation marks, and identifiers: they are looked for as they are written."""
    quoted = [next(part for part in match.groups() if part) for match in _QUOTED.finditer(question)]
    found = quoted + [match[0] for match in _IDENTIFIER.finditer(question)]
    return tuple(dict.fromkeys(plain(text) for text in found if len(text) >= SHORTEST_LITERAL))


def plain(text: str) -> str:
    """Letters, digits and underscores in lower case, everything else as one blank."""
    return _PLAIN.sub(" ", text.lower()).strip()


def _form(question: str) -> Form:
    if _COMMAND.search(question):
        return "command"
    if _STEPS.search(question):
        return "steps"
    if _DEFINITION.search(question):
        return "definition"
    return "yes/no" if _YES_NO.search(question) else ""


def _counted(question: str) -> str:
    match = _COUNTED.search(question)
    return next((word for word in match.groups() if word), "") if match else ""


def _anchors(question: str) -> frozenset[str]:
    names = {plain(name) for name in _NAME.findall(question)}
    named = {name for name in names if len(name) > 1 and name not in stop_words() | MONTHS | WEEKDAYS}
    return frozenset(named | numbers(question, spelled_out=False) | set(literals(question)))
