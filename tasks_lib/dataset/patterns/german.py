"""German sentences to questions.

The finite verb is the second part of a main clause, so a question needs no parser: a phrase becomes the question word
in front, the verb follows it, then the subject and the rest as they were.
"""

import re
from collections.abc import Iterator

from tasks_lib.dataset.patterns import german_words as de
from tasks_lib.text.words import stop_words


def questions(sentence: str, small: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, str]]:
    """Question, answer and what is asked for, of one sentence; none where its parts cannot be told.

    :param small: Words that the document writes with a small letter: no names.
    """
    body = _main_clause(re.sub(r"\s*\([^()]*\)", "", sentence).rstrip(".! "))
    tokens = [token for number, token in enumerate(body.split() or [""]) if number == 0 or token not in de.PASSING]
    cut = len(body) < len(sentence) - 2
    tokens[0] = tokens[0].lower() if tokens[0].lower() in small else tokens[0]
    body = " ".join(tokens)
    if (
        re.search(r"(?<![.\d] )Jahrhundert", body)
        or not body
        or not de.LEAST <= len(tokens) <= de.MOST
        or not _reads_alone(tokens)
        or de.MANY_PARTS.search(body)
    ):
        return
    yield from (found for found in _asked(body, tokens, cut=cut) if not de.GENERIC.search(found[0]))


def _asked(body: str, tokens: list[str], *, cut: bool) -> Iterator[tuple[str, str, str]]:
    """Questions about a clause; `cut`: something that stood behind it was left out."""
    yield from _amount_in_front(body)
    yield from _time_in_front(body)
    yield from _place_in_front(tokens)
    verb = _verb(tokens)
    if verb is None:
        return
    subject, rest = _inner(tokens[:verb]), " ".join(tokens[verb + 1 :])
    if not (cut and re.match(r"(?:der|die|das) ", rest)):
        yield from _definition(subject, tokens[verb], rest)
    if (_is_vague(subject) and len(tokens) < de.LONG_ENOUGH) or re.match(
        r"[A-ZÄÖÜ]\w+[es] [A-ZÄÖÜ][a-zäöüß]+en$", subject
    ):
        return
    yield from _maker(subject, tokens[verb], rest)
    yield from _within(subject, tokens[verb], rest)
    yield from _object(subject, tokens[verb], rest)
    yield from _cause(subject, tokens[verb], rest)


def _main_clause(sentence: str) -> str:
    """What stands before the first comma, if a clause follows that leaves it whole; and before a second verb."""
    first, comma, second = sentence.partition(", ")
    if comma and second.split(" ")[0] in de.CLAUSES:
        sentence = first
    for joint in re.finditer(r",? (?:und|aber|sondern) ", sentence):
        if _holds_verb(sentence[joint.end() :].split(" ")):
            return sentence[: joint.start()]
    return sentence


def _holds_verb(tokens: list[str]) -> bool:
    """Whether a finite verb is among the words that follow `und`."""
    for number, token in enumerate(tokens):
        follows = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token in de.VERBS | de.TRANSITIVE or (_is_past(token) and not follows[:1].isupper()):
            return True
        if number == 0 and de.PRESENT.fullmatch(token) and follows in de.OPENS_PHRASE:
            return True
    return False


def _reads_alone(tokens: list[str]) -> bool:
    small = [token.lower() for token in tokens]
    if small[0] in {"das", "die", "der"} and small[1] in de.VERBS:
        return False
    return small[0] not in de.FIRST_ONLY and not de.POINTING & set(small)


def _amount_in_front(body: str) -> Iterator[tuple[str, str, str]]:
    amount = de.AMOUNT.match(body[0].lower() + body[1:])
    if not amount or amount["noun"] in de.NO_NOUN:
        return
    rest = body[amount.end() :]
    if rest.strip() and _how_many(amount):
        yield f"{_capital(_how_many(amount))}{rest}?", _spoken(amount), "how_many"


def _time_in_front(body: str) -> Iterator[tuple[str, str, str]]:
    time = de.TIME.match(body)
    if not time or not body[time.end() :].startswith(" "):
        return
    first, _, rest = body[time.end() + 1 :].partition(" ")
    if (first in de.VERBS or _is_past(first)) and len(rest.split()) >= de.LEAST_REST and not de.TIME.search(rest):
        yield f"{_when(time)} {first} {_small_article(rest)}?", time["phrase"], "when"


def _place_in_front(tokens: list[str]) -> Iterator[tuple[str, str, str]]:
    """`In Deutschland gibt es …`: a place, or a century, in front of the verb."""
    if tokens[0].lower() not in {"in", "im", "auf", "an", "am"}:
        return
    for verb in range(1, min(len(tokens) - 2, de.LONGEST_PLACE)):
        if tokens[verb] not in de.VERBS and not (_is_past(tokens[verb]) and _is_noun(tokens[verb - 1])):
            continue
        place, rest = " ".join(tokens[:verb]), " ".join(tokens[verb + 1 :])
        if re.search(r"\d\. Jahrhundert|\d{2}er Jahre", place):
            yield f"Wann {tokens[verb]} {_small_article(rest)}?", place, "when"
        elif (
            _is_noun(tokens[verb - 1])
            and not de.NO_PLACE.search(place)
            and not place.split()[-1].endswith("ung")
            and tokens[verb + 1] not in de.PREPOSITIONS
        ):
            yield f"Wo {tokens[verb]} {_small_article(rest)}?", place, "where"
        return


def _object(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """`Woraus besteht …`, `Was umfasst …`: the whole of what follows the verb."""
    asked = de.BY_PREPOSITION.get((verb, rest.split(" ", maxsplit=1)[0]))
    last = rest.rpartition(" ")[2]
    if de.NO_OBJECTS.match(rest) or not last or not (_is_noun(last) or last in de.PARTICLES):
        return
    if asked and len(rest.split()) >= 3 and not de.TIME.search(rest):
        yield f"{asked} {verb} {subject}?", rest, "what"
    elif (
        _is_past(verb)
        and rest.split(" ", maxsplit=1)[0] in de.OBJECT_ARTICLES
        and 3 <= len(rest.split()) <= de.LONGEST_OBJECT
    ):
        what, _, particle = rest.rpartition(" ")
        apart = particle in de.PARTICLES
        yield f"Was {verb} {subject}{' ' + particle if apart else ''}?", what if apart else rest, "what"
    elif (
        verb in de.TRANSITIVE
        and len(rest.split()) >= 3
        and rest.split(" ", maxsplit=1)[0] not in de.PREPOSITIONS | {"sich"}
    ):
        yield f"Was {verb} {subject}?", rest, "what"


def _cause(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """What happened because of, through, or by what."""
    participle = rest.rpartition(" ")[2]
    if verb not in de.PASSIVE or not re.fullmatch(r"[a-zäöüß]*(?:t|en)", participle):
        return
    for pattern, asked, kind in de.CAUSES:
        found = pattern.search(rest)
        if found and len(pattern.findall(rest)) == 1 and _is_noun(found[0].split()[-1]):
            kept = _without(rest, found.start(), found.end())
            yield f"{asked} {verb} {subject} {kept}?", found[0].strip(), kind


def _verb(tokens: list[str]) -> int | None:
    """Where the finite verb stands behind a subject."""
    first = tokens[0].lower()
    if first in de.PREPOSITIONS:
        return None
    places = range(1, min(len(tokens), de.LONGEST_SUBJECT + 1))
    known = next((number for number in places if tokens[number] in de.VERBS), None)
    if known is None:
        known = next((number for number in places if _is_finite(tokens, number)), None)
    return None if known is None or _is_adverb(tokens[:known]) else known


def _is_finite(tokens: list[str], number: int) -> bool:
    """A past tense behind a noun, or a word in -t behind a noun that a phrase follows."""
    token = tokens[number]
    if not _is_noun(tokens[number - 1]) or token in de.PREPOSITIONS or token in stop_words("de"):
        return False
    follows = tokens[number + 1] if number + 1 < len(tokens) else ""
    return _is_past(token) or bool(de.PRESENT.fullmatch(token) and (follows in de.OPENS_PHRASE or follows.isupper()))


def _is_noun(token: str) -> bool:
    return token[0].isupper() and token.lower() not in de.DEFINITE


def _is_adverb(subject: list[str]) -> bool:
    """Whether what stands before the verb holds no noun: `Heute`, `Zunächst`."""
    first = subject[0].lower()
    if any(token[0].isupper() for token in subject[1:]):
        return False
    return len(subject) > 1 or first in stop_words("de") or first.endswith(de.ADVERBS)


def _is_past(token: str) -> bool:
    return bool(de.PAST.fullmatch(token)) and token not in de.NOT_VERBS and not de.PARTICIPLE.fullmatch(token)


def _is_vague(subject: str) -> bool:
    """`die Universität`: an article and one noun, which an earlier sentence has introduced."""
    words = subject.split()
    return len(words) == 2 and words[0].lower() in de.DEFINITE_OR_NOT and words[1][1:].islower()


def _definition(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    if verb not in {"ist", "sind"} or len(subject.split()) > 5 or de.SOME.match(subject) or de.SOME.match(rest):
        return
    if re.match(r"(?:eine?|einer|der|die|das) (?:[a-zäöüß]+ )*[A-ZÄÖÜ]", rest):
        yield f"Was {verb} {subject}?", rest, "what"
    if verb == "ist" and re.match(r"(?:der|die|das) ", rest) and len(rest.split()) >= 5 and subject[0].isupper():
        yield f"Was ist {rest}?", subject, "what"


def _maker(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    words = subject.split()
    named = len(words) in {2, 3, 4} and all(word[0].isupper() or word in {"von", "van", "de"} for word in words)
    if verb in de.MAKERS and named and len(rest.split()) >= 3:
        yield f"Wer {verb} {rest}?", subject, "who"


def _within(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """A time, an amount or a place behind the verb."""
    time = de.TIME.search(rest)
    if time and len(de.TIME.findall(rest)) == 1 and not de.FOR.search(rest[: time.start()].rstrip()):
        kept = _without(rest, time.start(), time.end())
        if kept and _is_whole(verb, kept):
            yield f"{_when(time)} {verb} {subject} {kept}?", time["phrase"], "when"
    for amount in de.AMOUNT.finditer(rest):
        if amount["noun"] in de.NO_NOUN or not _how_many(amount) or verb in {"verfügt", "verfügen", "verfügte"}:
            continue
        before = rest[: amount.start()].split()
        last = before[-1] if before else ""
        if last and last not in de.DATIVE | de.MAY_STAND_BEFORE and not (verb in de.HAVE and last[0].isupper()):
            continue
        start = amount.start() - (len(last) + 1 if last in de.DATIVE else 0)
        prefix = f"{last} " if last in de.DATIVE else ""
        asked = _how_many(amount, dative=last in de.DATIVE)
        kept = _without(rest, start, amount.end())
        yield f"{_capital(prefix + asked)} {verb} {subject}{' ' + kept if kept else ''}?", _spoken(amount), "how_many"
    place = re.search(r"(?<!\w)in ([A-ZÄÖÜ][a-zäöüß-]+)(?= (?:geboren|gegründet|eröffnet|statt|gelegen|erbaut)$)", rest)
    if place:
        kept = _without(rest, place.start(), place.end())
        if kept or verb in {"liegt", "lag", "lebt", "starb"}:
            yield f"Wo {verb} {subject}{' ' + kept if kept else ''}?", place[0], "where"


def _is_whole(verb: str, kept: str) -> bool:
    """Whether a passive has its participle, and no second time stands beside the one that is asked for."""
    if verb in {"wurde", "wurden", "wird", "werden"} and not re.search(r"(?:t|en)$", kept):
        return False
    return not re.search(r"\b(?:seit|oder)\b", kept)


def _when(time: re.Match[str]) -> str:
    preposition = (time["prep"] or "").strip().lower().split(" ")[0]
    if not preposition:
        return "In welchem Zeitraum" if re.match(r"[Zz]wischen|[Vv]on", time["phrase"]) else "Wann"
    return {"seit": "Seit wann", "bis": "Bis wann", "ab": "Ab wann"}[preposition]


def _how_many(amount: re.Match[str], *, dative: bool = False) -> str:
    adjective = f" {amount['adjective']}" if amount["adjective"] else ""
    if amount["noun"] in de.MASS:
        return "" if adjective else f"wie viel {amount['noun']}"
    return f"wie vielen{adjective} {amount['noun']}" if dative else f"wie viele{adjective} {amount['noun']}"


def _spoken(amount: re.Match[str]) -> str:
    return f"{amount['about']}{amount['number']} {amount['noun']}"


def _without(text: str, start: int, end: int) -> str:
    return re.sub(r"\s+", " ", text[:start] + text[end:]).strip()


def _inner(tokens: list[str]) -> str:
    return _small_article(" ".join(tokens))


def _small_article(text: str) -> str:
    first, blank, rest = text.partition(" ")
    return f"{first.lower()}{blank}{rest}" if first in de.ARTICLES else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
