"""Phrases of a clause that can be an answer, and the question words that ask for them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks_lib.dataset.extractive.wording import (
    CLOCK,
    MONEY_UNITS,
    PERCENT_UNITS,
    ROLES,
    TIME_UNITS,
    YEAR,
    written,
)
from tasks_lib.text.words import MONTHS, WEEKDAYS, listed

if TYPE_CHECKING:
    from spacy.tokens import Token

_NUMBER = (
    r"(?:\d[\d.,]*|a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|sixty|ninety)"
)
_QUALIFIERS = frozenset(listed("at least most up to only about around over more less than no"))
_MEASURING = frozenset(listed("within after for at by until over in up to during"))
_LONGEST_DATE = 6
_DATE_START = re.compile(
    rf"\d|(?:the (?:end|start|beginning|middle|first|last|\d+)|{'|'.join(MONTHS | WEEKDAYS)})", re.IGNORECASE
)
_LIGHT_VERBS = frozenset(
    listed("have be make take give do get see need want let keep put set say mean play present provide change")
)
_LONGEST_OBJECT = 18
"""Words."""
_REASON = re.compile(r"(?P<cause>(?P<drop>because of|due to|owing to|as a result of)) \S+ \S+", re.IGNORECASE)
_RELATIVES = ("that", "who", "which", "of")
_LEAD_TIME = re.compile(
    rf"(?P<quantity>(?:(?:at least|at most|up to|more than|less than|no later than)\s+)?{_NUMBER}"
    r"\s+(?:working |calendar |business )?(?:minute|hour|day|week|month|year)s?)"
    r"\s+(?P<tail>in advance|before .+|after .+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class WhPhrase:
    """The question words (wh-phrase) that ask for one phrase of a clause, and the phrase as the answer."""

    words: str
    """They stand at the front of the question: `how many days of leave`, `by what date`."""
    answer: str
    kind: str
    tail: str = ""
    """What of the phrase stays behind the verb."""


@dataclass(frozen=True)
class Quantity:
    """A noun phrase that begins with a number: `up to` `five` `unused days` `of leave` `per year`."""

    answer: str
    unit: str
    """Lemma of the counted noun."""
    counted: str
    """The counted noun with what belongs to it: `unused days of leave`."""
    belonging: str
    """`of leave`"""
    tail: str
    """`per year`"""
    plural: bool


def of_object(tokens: "list[Token]", head: "Token", verb: "Token") -> Iterator[WhPhrase]:
    """Questions for an object: `27 days of leave`, `3.50 euros`."""
    quantity = quantity_of(tokens, head)
    if quantity is None:
        if _can_be_asked_for(tokens, head) and verb.lemma_ not in _LIGHT_VERBS:
            yield WhPhrase("whom" if head.ent_type_ == "PERSON" else "what", written(tokens), "what_object")
        return
    lasting = verb.lemma_ in {"last", "take", "require", "run", "continue"}
    if quantity.unit in TIME_UNITS and lasting and not quantity.belonging:
        yield WhPhrase("how long", quantity.answer, "how_long", quantity.tail)
        return
    words = _amount(quantity)
    if words:
        kind = "how_much" if words.startswith("how much") else "how_many"
        yield WhPhrase(words, quantity.answer, kind, quantity.tail)


def of_complement(tokens: "list[Token]", head: "Token") -> Iterator[WhPhrase]:
    """Questions for what a form of `be` says of the subject."""
    quantity = quantity_of(tokens, head)
    if quantity is not None:
        if not quantity.belonging and not quantity.tail.startswith(_RELATIVES):
            measure = {**dict.fromkeys(TIME_UNITS, "how long"), **dict.fromkeys(MONEY_UNITS, "how much")}
            words = measure.get(quantity.unit, "what")
            yield WhPhrase(words, quantity.answer, words.replace(" ", "_"), quantity.tail)
        return
    named = head.pos_ == "PROPN" and head.ent_type_ != "PERSON"
    if named or (head.pos_ == "NOUN" and any(token.dep_ == "det" for token in head.children)):
        word = "who" if head.lemma_.lower() in ROLES else "what"
        yield WhPhrase(word, written(tokens), word)


def of_adverbial(tokens: "list[Token]", head: "Token") -> Iterator[WhPhrase]:
    """Questions for an adverbial: time, deadline, duration, place, amount."""
    text = written(tokens)
    lead = _LEAD_TIME.fullmatch(text)
    if lead:
        tail = lead["tail"]
        words = "how far in advance" if tail == "in advance" else f"how long {tail}"
        yield WhPhrase(words, text if tail == "in advance" else lead["quantity"], "when")
        return
    if reason := _REASON.match(text):
        yield WhPhrase("why", text[reason.end("cause") :].strip() if reason["drop"] else text, "why")
        return
    if head.dep_ not in {"prep", "agent"}:
        return
    objects = [token for token in head.children if token.dep_ == "pobj"]
    if len(objects) == 1 and tokens[0] is head and tokens[1].lower_ not in {"most", "least"}:
        yield from _of_preposition(tokens[1:], head.lower_, objects[0])


def of_reason(tokens: "list[Token]") -> Iterator[WhPhrase]:
    """`Why` for a clause that begins with `because`."""
    if tokens[0].lower_ == "because" and len(tokens) <= _LONGEST_OBJECT:
        yield WhPhrase("why", written(tokens), "why")


def _can_be_asked_for(tokens: "list[Token]", head: "Token") -> bool:
    """A noun with something that makes it worth asking for, and nothing that points elsewhere."""
    if head.pos_ not in {"NOUN", "PROPN"} or not 1 < len(tokens) <= _LONGEST_OBJECT:
        return False
    return not any(
        token.tag_ in {"PRP", "PRP$", "WDT", "WP"} or token.lower_ in {"this", "that", "these", "those", "such", "same"}
        for token in tokens
    )


def quantity_of(tokens: "list[Token]", head: "Token") -> Quantity | None:
    """Read a phrase that begins with its number; `None` for any other."""
    if head.ent_type_ == "MONEY" and head.pos_ in {"NUM", "SYM"}:
        return _money(tokens)
    counts = [token for token in head.children if token.dep_ == "nummod" and token.i < head.i]
    if len(counts) != 1 or YEAR.fullmatch(counts[0].text) or any(token.dep_ == "conj" for token in head.children):
        return None
    number = list(counts[0].subtree)
    before = [token for token in tokens if token.i < number[0].i]
    if any(token.lower_ not in _QUALIFIERS for token in before):
        return None
    belonging, tail = _after_noun(head)
    counted = [token for token in tokens if number[-1].i < token.i <= head.i]
    return Quantity(
        answer=written([token for token in tokens if token.i <= head.i]),
        unit=head.lemma_.lower(),
        counted=_joined(written(counted), belonging),
        belonging=belonging,
        tail=tail,
        plural=head.tag_ in {"NNS", "NNPS"} or head.lemma_.lower() in PERCENT_UNITS,
    )


def _money(tokens: "list[Token]") -> Quantity | None:
    """`$20 million`, `about $8 per hour`."""
    amount = [token for token in tokens if token.ent_type_ == "MONEY"]
    before = [token for token in tokens if token.i < amount[0].i]
    if any(token.lower_ not in _QUALIFIERS | {"approximately", "nearly", "almost", "$"} for token in before):
        return None
    tail = written([token for token in tokens if token.i > amount[-1].i])
    if tail.startswith(("and", "or", ",", "(", "of")) or sum(token.text == "$" for token in amount) > 1:
        return None
    return Quantity(written(before + amount), "$", "", "", tail, plural=True)


def _after_noun(head: "Token") -> tuple[str, str]:
    """What follows a noun in its phrase: the part with `of`, and the rest up to a comma."""
    belonging: list[Token] = []
    tail: list[Token] = []
    for child in head.children:
        if child.i < head.i:
            continue
        if child.is_punct:
            break
        phrase = list(child.subtree)
        if child.lower_ == "of" and not tail:
            belonging.extend(phrase)
        else:
            tail.extend(phrase)
    return written(belonging), written(tail)


def _amount(quantity: Quantity) -> str | None:
    if quantity.unit in MONEY_UNITS:
        return _joined("how much", quantity.belonging)
    if quantity.unit in PERCENT_UNITS:
        return _joined("what percentage", quantity.belonging)
    return f"how many {quantity.counted}" if quantity.plural and quantity.counted[:1].isalpha() else None


def _of_preposition(tokens: "list[Token]", preposition: str, noun: "Token") -> Iterator[WhPhrase]:
    answer = written(tokens)
    when = _moment(answer, preposition)
    if when:
        yield WhPhrase(when, answer, "when")
        return
    quantity = quantity_of(tokens, noun)
    if quantity is not None and preposition in _MEASURING:
        if quantity.unit in TIME_UNITS and preposition == "for" and not quantity.belonging:
            yield WhPhrase("for how long", quantity.answer, "how_long", quantity.tail)
            return
        words = _amount(quantity)
        if words:
            yield WhPhrase(f"{preposition} {words}", quantity.answer, "how_many", quantity.tail)
        return
    is_agent = preposition == "by" and noun.head.dep_ == "agent"
    if is_agent and (noun.lemma_.lower() in ROLES or noun.ent_type_ in {"PERSON", "ORG"}):
        yield WhPhrase("by whom", answer, "who")
    elif preposition in {"in", "at"} and noun.ent_type_ in {"GPE", "FAC", "LOC"}:
        yield WhPhrase("where", f"{preposition} {answer.split(', wh')[0]}", "where")


def _moment(answer: str, preposition: str) -> str | None:
    """Question words for a point in time: a clock time, a year, or something on the calendar."""
    if CLOCK.fullmatch(answer):
        return f"{preposition} what time"
    if YEAR.fullmatch(answer):
        return f"{preposition} which year" if preposition in {"in", "since", "by", "until"} else None
    if len(answer.split()) > _LONGEST_DATE or ":" in answer or not _DATE_START.match(answer):
        return None
    words = re.findall(r"[a-z]+", answer.lower())
    named = [word for word in words if word in MONTHS or word in WEEKDAYS]
    many = len(named) > 1 or "and" in words or answer.lower().endswith("days")
    return _calendar(answer, preposition, named, set(words), "s" if many else "") if named else None


def _calendar(answer: str, preposition: str, named: list[str], words: set[str], s: str) -> str | None:
    if preposition == "between":
        return "between which dates" if re.search(r"\d", answer) else None
    if re.search(r"\d", answer):
        return f"{preposition} what date{s}" if preposition in listed("on by until before after from") else None
    unit, prepositions = ("day", listed("on by from")) if named[0] in WEEKDAYS else ("month", listed("in by from"))
    bare = words <= {*named, "and", "or"}
    return f"{preposition} which {unit}{s}" if bare and preposition in prepositions else None


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
