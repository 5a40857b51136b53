"""Spanish sentences to questions: the question word in front, the verb behind it, then the subject and the rest."""

import re
from collections.abc import Iterator

from tasks_lib.dataset.patterns import spanish_words as es


def questions(sentence: str, small: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, str]]:
    """Question, answer and what is asked for, of one sentence; none where its parts cannot be told.

    :param small: Words that the document writes with a small letter: no names.
    """
    body = re.sub(r"\s*\([^()]*\)", "", sentence).rstrip(".! ")
    front = es.TIME.match(body)
    following = body[front.end() :] if front else ""
    fronted = front is not None and re.match(r",? ", following) is not None
    clause = _main_clause(following.removeprefix(",").lstrip() if fronted else es.ADJUNCT.sub("", body))
    clause = re.sub(r"\bse (?=\w)", "se_", clause)
    words = clause.split() or [""]
    tokens = [token for number, token in enumerate(words) if number == 0 or token not in es.PASSING]
    clause = " ".join(tokens)
    if (
        not es.LEAST <= len(tokens) <= es.MOST
        or re.search(r"[,:–—()«»]|^[^\"]*\"[^\"]*$", clause)
        or not _reads_alone(tokens)
    ):
        return
    for question, answer, kind in _asked(tokens, clause, front[0] if front and fronted else "", small):
        if not es.UNNAMED.search(question):
            yield question.replace("se_", "se "), answer.replace("se_", "se "), kind


def _asked(tokens: list[str], clause: str, front: str, small: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Questions about a clause; `front` is the time before it."""
    if not front:
        yield from _amount_in_front(clause)
    verb = _verb(tokens)
    if verb is None:
        return
    subject, rest = _inner(" ".join(tokens[:verb]), small), " ".join(tokens[verb + 1 :])
    if rest.rpartition(" ")[2] in es.ENDS_NOTHING:
        return
    if front:
        if not es.TIME.search(rest):
            yield f"{_when(front)} {_group(tokens, verb, subject)}?", front, "when"
        return
    if re.match(r"(?:los|las) (?:dos|tres|cuatro)\b", subject) or rest.endswith(("similar", "siguiente", "siguientes")):
        return
    yield from _definition(subject, tokens[verb], rest)
    if _is_vague(subject) and len(tokens) < es.LONG_ENOUGH:
        return
    yield from _maker(subject, tokens[verb], rest)
    yield from _within(tokens, verb, subject, rest)
    yield from _object(tokens[verb], subject, rest)


def _main_clause(clause: str) -> str:
    """What stands before the first comma, if a clause follows that leaves it whole; and before a second verb."""
    first, comma, second = clause.partition(", ")
    if comma and second.split(" ")[0] in es.CLAUSES:
        clause = first
    for joint in re.finditer(r" (?:y|e|pero) ", clause):
        following = clause[joint.end() :].split(" ")
        if any(
            token in es.VERBS or (es.PAST.fullmatch(token) and number == 0) for number, token in enumerate(following)
        ):
            return clause[: joint.start()]
    return clause


def _reads_alone(tokens: list[str]) -> bool:
    small = [token.lower() for token in tokens]
    return small[0] not in es.FIRST_ONLY and not es.POINTING & set(small)


def _verb(tokens: list[str]) -> int | None:
    for number, token in enumerate(tokens[: es.LONGEST_SUBJECT + 1]):
        if number and (token in es.VERBS or token.startswith("se_") or es.PAST.fullmatch(token)):
            if tokens[number - 1].lower() in es.NOT_BEFORE_A_VERB:
                return None
            return number if _is_subject(tokens, number) else None
    return None


def _is_subject(tokens: list[str], verb: int) -> bool:
    """Whether the words before the verb begin as a subject does: an article, or a name."""
    first = tokens[0]
    if first.lower() in es.PREPOSITIONS or tokens[verb + 1 : verb + 2] in (["y"], ["e"]):
        return False
    if first.capitalize() in es.ARTICLES or tokens[1][0].isupper():
        return True
    return verb == 1 and not first.endswith(("ó", "ron", "ste", "en", "an", "ndo", "mente", "ía"))


def _group(tokens: list[str], verb: int, subject: str, rest: str | None = None) -> str:
    """Verb with its participle, subject, rest."""
    following = tokens[verb + 1 :] if rest is None else rest.split()
    head = [tokens[verb]]
    if (
        tokens[verb] in {"ha", "han", "había", "habían", "fue", "fueron"}
        and following
        and re.fullmatch(r"\w+(?:ado|ido|ada|ida|ados|idos|adas|idas|cho|to|ta|tos|tas)", following[0])
    ):
        head.append(following.pop(0))
    return " ".join([*head, subject, *following])


def _amount_in_front(clause: str) -> Iterator[tuple[str, str, str]]:
    if not clause:
        return
    percent = es.PERCENT.match(clause)
    if percent:
        yield f"¿Qué porcentaje{clause[percent.end() :]}?", f"{percent['number']} %", "how_many"
    amount = es.AMOUNT.match(clause[0].lower() + clause[1:])
    if amount and (asked := _how_many(amount)) and not clause[amount.end() :].lstrip().startswith(("de ", "y ")):
        yield f"¿{asked[0].upper()}{asked[1:]}{clause[amount.end() :]}?", _spoken(amount), "how_many"


def _is_vague(subject: str) -> bool:
    """`la ciudad`: an article and one noun, which an earlier sentence has introduced."""
    words = subject.split()
    if {"primero", "primera", "segundo", "segunda", "tercer", "siguiente", "siguientes", "último"} & set(words):
        return True
    return len(words) == 2 and words[0] in {"el", "la", "los", "las"} and words[1].islower()


def _definition(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    if verb == "es" and re.match(r"(?:el|la|los|las) (?!de |que |más completa)", rest) and len(rest.split()) >= 5:
        yield f"¿Cuál es {rest}?", subject, "what"
    if subject.rpartition(" ")[2] in es.GENERIC:
        return
    if verb in {"es", "son"} and len(subject.split()) <= 5 and re.match(r"(?:una?|el|la|los|las) [a-záéíóúñ]", rest):
        yield f"¿Qué {verb} {subject}?", rest, "what"


def _maker(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    words = subject.split()
    named = len(words) in {2, 3, 4} and all(word[0].isupper() or word in {"de", "von", "van"} for word in words)
    if verb in es.MAKERS and named and len(rest.split()) >= 3:
        yield f"¿Quién {verb} {rest}?", subject, "who"


def _object(verb: str, subject: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """`¿De qué consta …`, `¿Qué incluye …`: the whole of what follows the verb."""
    first = rest.split(" ", maxsplit=1)[0]
    if len(rest.split()) < 3 or es.TIME.match(rest):
        return
    if asked := es.BY_PREPOSITION.get((verb, first)):
        yield f"¿{asked} {verb} {subject}?", rest, "what"
    elif (es.PAST.fullmatch(verb) and first in es.OBJECT_ARTICLES and 3 <= len(rest.split()) <= es.LONGEST_OBJECT) or (
        verb in es.TRANSITIVE and first not in es.PREPOSITIONS | {"que", "se"}
    ):
        yield f"¿Qué {verb} {subject}?", rest, "what"


def _within(tokens: list[str], verb: int, subject: str, rest: str) -> Iterator[tuple[str, str, str]]:
    times = list(es.TIME.finditer(rest))
    described = tokens[verb] in {"es", "fue", "era", "son", "fueron"} and not es.DONE.match(rest)
    if len(times) == 1 and not described:
        time = times[0]
        kept = re.sub(r"\s+", " ", rest[: time.start()] + rest[time.end() :]).strip()
        if kept:
            yield f"{_when(time[0])} {_group(tokens, verb, subject, kept)}?", time[0], "when"
    for amount in es.AMOUNT.finditer(rest):
        asked = _how_many(amount)
        before = rest[: amount.start()].split()
        if not asked or (before and before[-1] not in es.MAY_STAND_BEFORE):
            continue
        kept = rest[amount.end() :].strip()
        if kept.startswith(("y ", "o ")):
            continue
        complement = ""
        if kept.startswith("de "):
            complement, kept = f" {' '.join(kept.split()[:2])}", " ".join(kept.split()[2:])
        tail = f" {kept}" if kept else ""
        group = _group(tokens, verb, subject, " ".join(before))
        yield f"¿{asked[0].upper()}{asked[1:]}{complement} {group}{tail}?", _spoken(amount), "how_many"


def _when(phrase: str) -> str:
    return "¿En qué año" if re.search(r"[Ee]n (?:el año )?\d{4}", phrase) else "¿Cuándo"


def _how_many(amount: re.Match[str]) -> str:
    noun = amount["noun"]
    if noun in {"segundos", "grandes", "primeros", "siglos"}:
        return ""
    if noun in {"años", "veces"} and amount["about"].strip() in {"los", "las"}:
        return ""
    if es.FEMININE.search(noun):
        return f"cuántas {noun}"
    return "" if es.UNSURE.search(noun) and not noun.endswith(("ores", "res", "les", "nes")) else f"cuántos {noun}"


def _spoken(amount: re.Match[str]) -> str:
    about = amount["about"].removeprefix("los ").removeprefix("las ")
    return f"{about}{amount['number']} {amount['noun']}"


def _inner(subject: str, small: frozenset[str]) -> str:
    first, blank, rest = subject.partition(" ")
    return f"{first.lower()}{blank}{rest}" if first in es.ARTICLES or first.lower() in small else subject
