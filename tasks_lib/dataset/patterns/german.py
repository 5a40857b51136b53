"""German sentences to questions. The finite verb is the second part of a main clause, so a question needs no parser:
a phrase becomes the question word in front, the verb follows it, then the subject and the rest as they were.
"""

import re
from collections.abc import Iterator

from tasks_lib.text.words import listed, stop_words

_MONTH = r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)"
_DATE = rf"(?:\d{{1,2}}\. {_MONTH}(?: \d{{4}})?|{_MONTH} \d{{4}})"
_TIME = re.compile(
    rf"(?P<phrase>(?P<prep>[Ss]eit (?:dem )?|[Bb]is (?:zum )?|[Aa]b (?:dem )?)?(?:[Ii]m Jahre? \d{{4}}|[Aa]m {_DATE}|"
    rf"[Ii]m {_MONTH}(?: \d{{4}})?|(?<=[Ss]eit )(?:dem )?(?:{_DATE}|\d{{4}})|"
    rf"(?<=[Aa]b )(?:dem )?(?:{_DATE}|\d{{4}})|(?<=[Bb]is )(?:zum )?(?:{_DATE}|\d{{4}})|"
    rf"(?:[Zz]wischen|[Vv]on) \d{{4}} (?:und|bis) \d{{4}}|(?<!Jahr )(?<!Jahre )(?<!nach )(?<!vor )(?<!von )(?<!um )(?<!bis )(?<!gegen )(?<!aus )\d{{4}}(?= (?!als|bis|und)[a-zäöüß]+(?: [a-zäöü]|$))))(?![\w.])"
)
_BIG = listed("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf fünfzehn zwanzig dreißig fünfzig hundert")
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<about>(?:(?:etwa|rund|über|fast|nur|insgesamt|ungefähr|circa|ca\.|mindestens|höchstens|mehr als|"
    rf"weniger als|bis zu|knapp|weitere) )*)(?P<number>\d{{1,3}}(?:[.,]\d+)*(?: (?:Millionen|Milliarden|Tausend))?|"
    rf"{'|'.join(_BIG)})(?: (?P<adjective>[a-zäöüß]+(?:e|en|er)))? (?P<noun>[A-ZÄÖÜ][a-zäöüß-]+)(?![\w.])"
)
_MASS = frozenset(listed("Prozent Euro Dollar US-Dollar Kilometer Quadratkilometer Meter Grad Tonnen Liter Kilogramm"))
_NO_NOUN = frozenset(listed("Jahrhundert Jahrhunderts Uhr Mal Art Arten Millionen Milliarden Tausend Mio Mrd")) | {
    *listed("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
}
_PREPOSITIONS = frozenset(
    listed(
        "in im an am auf aus bei beim mit nach von vom vor zu zum zur für durch gegen ohne um über unter zwischen neben "
        "hinter seit bis ab während wegen trotz laut gemäß aufgrund angesichts nahe entlang statt anstatt bezüglich wenn "
        "obwohl weil da nachdem bevor sobald um dass innerhalb außerhalb als wie und oder sowie sondern aber auch nicht nur"
    )
)
_DATIVE = frozenset(listed("in an auf aus bei mit nach von vor zu seit"))
_VERBS = frozenset(
    listed(
        "ist war sind waren wird wurde werden wurden hat hatte haben hatten kann konnte können konnten muss musste "
        "müssen mussten soll sollte sollen sollten darf durfte dürfen durften will wollte wollen wollten liegt lag "
        "liegen lagen gibt gab geben gaben kommt kam kommen kamen geht ging gehen gingen steht stand stehen standen "
        "besteht bestand bestehen bestanden enthält enthielt enthalten bildet begann beginnt begannen endet starb "
        "lebt leben fand finden fanden findet nahm nahmen nimmt trat traten tritt erhielt erhielten erhält erhalten "
        "verlor verloren gewann gewannen gilt galt gelten galten umfasst umfassen entstand entstanden entsteht schrieb "
        "schuf schufen baut bezieht befindet befand befinden befanden bezeichnet verläuft verlief fällt fiel fielen "
        "fließt trägt trug tragen trugen zeigt zeigen führt führen dient dienen gehört gehören verfügt verfügen "
        "betrug beträgt betragen beträgt stieg stiegen steigt sank sanken sinkt blieb blieben bleibt hält hielt "
        "hielten läuft lief spricht sprach schlug schlugen zog zogen zieht wuchs wuchsen wächst erfand entdeckt "
        "bekam bekamen bekommt ließ ließen lässt rief riefen heißt hieß erschien erschienen erscheint übernahm "
        "verließ verließen beschloss beschlossen erkannte unterschied unterscheidet bietet bot boten empfing "
        "sieht sah sahen nennt brachte brachten bringt dauert kostet kosten zählt zählen reicht stammt stammen "
        "nutzt nutzen verbindet verwendet produziert produzieren regelt schützt entscheidet"
    )
)
_PARTICIPLE = re.compile(r"(?:an|ab|auf|aus|ein|vor|zu|nach|mit|bei|her|um)?ge[a-zäöüß]{3,}te[nrms]?")
_DEFINITE_OR_NOT = frozenset(listed("der die das ein eine den dem"))
_PAST = re.compile(r"[a-zäöüß]{3,}(?:te|ten)")
_PRESENT = re.compile(r"[a-zäöüß]{3,}t")
_OPENS_PHRASE = frozenset(
    listed(
        "der die das den dem des ein eine einen einem einer sich in im an am auf aus bei mit nach von vom zu zum zur für "
        "durch gegen um über unter zwischen seit bis keine keinen sein seine seinen ihr ihre ihren alle viele mehr"
    )
)
_NOT_VERBS = frozenset(
    listed("heute gute beste letzte erste zweite dritte weite seite bekannte genannte hinten unten bekannten genannten")
)
_POINTING = frozenset(
    listed(
        "er es sie ihn ihm ihnen dies diese dieser dieses diesem diesen jene jener jenes dort hier letztere erstere "
        "derselbe dieselbe beides heutzutage man wir uns unser unsere ich du dessen solche solcher dabei davon darin darauf daraus damit "
        "dafür dazu dagegen hierbei hiervon vorherigen vorgenannten obigen selbst genannten beide beiden"
    )
)
"""Words that need an earlier sentence wherever they stand."""
_FIRST_ONLY = frozenset(
    listed(
        "ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner das und aber doch oder denn auch so daher deshalb "
        "deswegen jedoch außerdem danach darüber somit zudem ferner andere anderen dann sonst ebenfalls allerdings "
        "dennoch trotzdem folglich schließlich also damals hingegen stattdessen daraufhin weitere weiterhin jeder"
    )
)
_PASSING = frozenset(listed("jedoch außerdem zudem also allerdings dennoch trotzdem ebenfalls auch dann schließlich"))
"""Words that tie a sentence to the one before, and are left out of its question."""
_DEFINITE = frozenset(listed("der die das des dem den"))
_HAVE = frozenset(listed("hat hatte hatten haben"))
_MAY_STAND_BEFORE = frozenset(listed("heute derzeit jährlich insgesamt etwa rund über bereits noch dort auch sich"))
_MAKERS = frozenset(
    listed(
        "entdeckte erfand schrieb gründete gewann leitete regierte führte baute entwickelte schuf komponierte malte "
        "verfasste besiegte eroberte unterzeichnete übernahm veröffentlichte errichtete erhielt verlor eröffnete"
    )
)
_ADVERBS = ("lich", "weise", "ig", "st", "als", "falls", "dem", "ommen", "her", "hin", "dings", "end", "lang", "zeit")
_CLAUSES = frozenset(
    listed(
        "der die das den dem deren dessen wobei während obwohl weil da dass wie was um sodass wo wodurch womit nachdem "
        "bevor als wenn aber sondern sowie ein eine einem einer einen welche welcher welches darunter einschließlich nämlich indem"
    )
)
_MANY_PARTS = re.compile(r"[,:–()«»—]|„[^“]*$|^[^\"]*\"[^\"]*$|\b(?:[A-Z]|[IVX]+|\d{1,2}|Mio|Mrd|ca|bzw|z|St|Dr)$")
_NO_PLACE = re.compile(
    r"\b(?:Jahr|Jahre|Jahren|Zeit|Zeiten|Jahrhundert|Regel|Folge|Fällen|Fall|Gegensatz|Vergleich|Rahmen|Bezug|Hinblick|"
    r"Zusammenhang|Anschluss|Laufe?|Verlauf|Phase|Mitte|Anfang|Ende|Wirklichkeit|Form|Weise|Tat|Grunde|Allgemeinen|"
    r"anderen|meisten|vielen|einigen|diesen|Zwischenzeit|Wesentlichen|Monat|Tag|Nacht|Woche|Dezember|Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|"
    r"November|Jahrzehnt|Saison|Spiel|Praxis|Vergangenheit|Zukunft|Alter|Mittelalter|Durchschnitt|Schnitt|Sinne|Wahl)\b|\d"
)
_BY_PREPOSITION = {
    ("besteht", "aus"): "Woraus",
    ("bestehen", "aus"): "Woraus",
    ("bestand", "aus"): "Woraus",
    ("gehört", "zu"): "Wozu",
    ("gehören", "zu"): "Wozu",
    ("führt", "zu"): "Wozu",
    ("führte", "zu"): "Wozu",
    ("führten", "zu"): "Wozu",
    ("basiert", "auf"): "Worauf",
    ("basieren", "auf"): "Worauf",
    ("beruht", "auf"): "Worauf",
    ("dient", "als"): "Als was",
    ("dienen", "als"): "Als was",
    ("gilt", "als"): "Als was",
    ("galt", "als"): "Als was",
    ("stammt", "aus"): "Woher",
    ("liegt", "in"): "Wo",
    ("lag", "in"): "Wo",
    ("liegt", "im"): "Wo",
    ("liegt", "an"): "Wo",
}
_TRANSITIVE = frozenset(
    listed(
        "umfasst umfassen enthält enthalten bildet bilden bietet bieten verwendet verwenden benötigt erfordert "
        "beschreibt bezeichnet produziert produzieren verbindet regelt schützt betreibt verursacht verhindert umfasste"
    )
)
_PASSIVE = frozenset(listed("wird wurde werden wurden ist war sind waren hat hatte haben"))
_NAME = r"(?:[A-ZÄÖÜ][\wäöüß.-]+|von|van|de)"
_CAUSES = (
    (
        re.compile(
            r"(?<!\w)(?:aufgrund|wegen|infolge) (?:(?!(?:aus|in|im|auf|an|am|von|vom|zu|zum|nach) )\S+ )+?(?=[a-zäöüß]+(?:t|en)$)"
        ),
        "Weshalb",
        "why",
    ),
    (
        re.compile(
            r"(?<!\w)durch (?:den|die|das|eine?|einen) (?:(?!(?:aus|in|im|auf|an|am|von|vom|zu|zum|nach) )\S+ )+?(?=[a-zäöüß]+(?:t|en)$)"
        ),
        "Wodurch",
        "what",
    ),
    (re.compile(rf"(?<!\w)(?:von|vom) (?:(?:dem|der|den) )?(?:{_NAME} )+(?=[a-zäöüß]+(?:t|en)$)"), "Von wem", "who"),
)
_OBJECT_ARTICLES = frozenset(listed("einen ein eine das die keine keinen mehrere zahlreiche"))
_NO_OBJECTS = re.compile(r"\S+ (?:Tag|Tage|Monat|Monate|Jahr|Jahre|Woche|Wochen|Stunde|Stunden|Abend|Nacht|Zeit)\b")
_PARTICLES = frozenset(
    listed("ab an auf aus ein vor zu nach mit bei her hin weg los zurück fort dar fest um unter durch")
)
_LONGEST_OBJECT = 8
_LEAST_REST = 4
_LONG_ENOUGH = 12
"""Words of a sentence that say what its vague subject is."""
_LONGEST_PLACE = 7
_LEAST, _MOST = 5, 30
"""Words of a sentence."""
_LONGEST_SUBJECT = 9


def questions(sentence: str, small: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, str]]:
    """Question, answer and what is asked for, of one sentence; none where its parts cannot be told.

    :param small: Words that the document writes with a small letter: no names.
    """
    body = _main_clause(re.sub(r"\s*\([^()]*\)", "", sentence).rstrip(".! "))
    tokens = [token for number, token in enumerate(body.split(" ")) if number == 0 or token not in _PASSING]
    cut = len(body) < len(sentence) - 2
    tokens[0] = tokens[0].lower() if tokens[0].lower() in small else tokens[0]
    body = " ".join(tokens)
    if (
        re.search(r"(?<![.\d] )Jahrhundert", body)
        or not body
        or not _LEAST <= len(tokens) <= _MOST
        or not _reads_alone(tokens)
        or _MANY_PARTS.search(body)
    ):
        return
    yield from _amount_in_front(body)
    yield from _time_in_front(body)
    yield from _place_in_front(tokens)
    verb = _verb(tokens)
    if verb is None:
        return
    subject, rest = _inner(tokens[:verb]), " ".join(tokens[verb + 1 :])
    if not (cut and re.match(r"(?:der|die|das) ", rest)):
        yield from _definition(subject, tokens[verb], rest)
    if _is_vague(subject) and len(tokens) < _LONG_ENOUGH:
        return
    yield from _maker(subject, tokens[verb], rest)
    yield from _within(subject, tokens[verb], rest)
    yield from _object(subject, tokens[verb], rest)
    yield from _cause(subject, tokens[verb], rest)


def _main_clause(sentence: str) -> str:
    """What stands before the first comma, if a clause follows that leaves it whole; and before a second verb."""
    first, comma, second = sentence.partition(", ")
    if comma and second.split(" ")[0] in _CLAUSES:
        sentence = first
    for joint in re.finditer(r",? (?:und|aber|sondern) ", sentence):
        if _holds_verb(sentence[joint.end() :].split(" ")):
            return sentence[: joint.start()]
    return sentence


def _holds_verb(tokens: list[str]) -> bool:
    """Whether a finite verb is among the words that follow `und`."""
    for number, token in enumerate(tokens):
        follows = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token in _VERBS | _TRANSITIVE or (_is_past(token) and not follows[:1].isupper()):
            return True
        if number == 0 and _PRESENT.fullmatch(token) and follows in _OPENS_PHRASE:
            return True
    return False


def _reads_alone(tokens: list[str]) -> bool:
    small = [token.lower() for token in tokens]
    return small[0] not in _FIRST_ONLY and not _POINTING & set(small)


def _amount_in_front(body: str) -> Iterator[tuple[str, str, str]]:
    amount = _AMOUNT.match(body[0].lower() + body[1:])
    if not amount or amount["noun"] in _NO_NOUN:
        return
    rest = body[amount.end() :]
    if rest.strip() and _how_many(amount):
        yield f"{_capital(_how_many(amount))}{rest}?", _spoken(amount), "how_many"


def _time_in_front(body: str) -> Iterator[tuple[str, str, str]]:
    time = _TIME.match(body)
    if not time or not body[time.end() :].startswith(" "):
        return
    first, _, rest = body[time.end() + 1 :].partition(" ")
    if (first in _VERBS or _is_past(first)) and len(rest.split()) >= _LEAST_REST and not _TIME.search(rest):
        yield f"{_when(time)} {first} {_small_article(rest)}?", time["phrase"], "when"


def _place_in_front(tokens: list[str]) -> Iterator[tuple[str, str, str]]:
    """`In Deutschland gibt es …`: a place, or a century, in front of the verb."""
    if tokens[0].lower() not in {"in", "im", "auf", "an", "am"}:
        return
    for verb in range(1, min(len(tokens) - 2, _LONGEST_PLACE)):
        if tokens[verb] not in _VERBS and not (_is_past(tokens[verb]) and _is_noun(tokens[verb - 1])):
            continue
        place, rest = " ".join(tokens[:verb]), " ".join(tokens[verb + 1 :])
        if re.search(r"\d\. Jahrhundert|\d{2}er Jahre", place):
            yield f"Wann {tokens[verb]} {_small_article(rest)}?", place, "when"
        elif _is_noun(tokens[verb - 1]) and not _NO_PLACE.search(place) and not place.split()[-1].endswith("ung"):
            yield f"Wo {tokens[verb]} {_small_article(rest)}?", place, "where"
        return


def _object(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """`Woraus besteht …`, `Was umfasst …`: the whole of what follows the verb."""
    asked = _BY_PREPOSITION.get((verb, rest.split(" ")[0]))
    last = rest.rpartition(" ")[2]
    if _NO_OBJECTS.match(rest) or not last or not (_is_noun(last) or last in _PARTICLES):
        return
    if asked and len(rest.split()) >= 3 and not _TIME.search(rest):  # noqa: PLR2004
        yield f"{asked} {verb} {subject}?", rest, "what"
    elif _is_past(verb) and rest.split(" ")[0] in _OBJECT_ARTICLES and 3 <= len(rest.split()) <= _LONGEST_OBJECT:  # noqa: PLR2004
        what, _, particle = rest.rpartition(" ")
        apart = particle in _PARTICLES
        yield f"Was {verb} {subject}{' ' + particle if apart else ''}?", what if apart else rest, "what"
    elif verb in _TRANSITIVE and len(rest.split()) >= 3 and rest.split(" ")[0] not in _PREPOSITIONS | {"sich"}:  # noqa: PLR2004
        yield f"Was {verb} {subject}?", rest, "what"


def _cause(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """What happened because of, through, or by what."""
    participle = rest.rpartition(" ")[2]
    if verb not in _PASSIVE or not re.fullmatch(r"[a-zäöüß]*(?:t|en)", participle):
        return
    for pattern, asked, kind in _CAUSES:
        found = pattern.search(rest)
        if found and len(pattern.findall(rest)) == 1 and _is_noun(found[0].split()[-1]):
            kept = _without(rest, found.start(), found.end())
            yield f"{asked} {verb} {subject} {kept}?", found[0].strip(), kind


def _verb(tokens: list[str]) -> int | None:
    """Where the finite verb stands behind a subject."""
    first = tokens[0].lower()
    if first in _PREPOSITIONS:
        return None
    places = range(1, min(len(tokens), _LONGEST_SUBJECT + 1))
    known = next((number for number in places if tokens[number] in _VERBS), None)
    if known is None:
        known = next((number for number in places if _is_finite(tokens, number)), None)
    return None if known is None or _is_adverb(tokens[:known]) else known


def _is_finite(tokens: list[str], number: int) -> bool:
    """A past tense behind a noun, or a word in -t behind a noun that a phrase follows."""
    token = tokens[number]
    if not _is_noun(tokens[number - 1]) or token in _PREPOSITIONS or token in stop_words("de"):
        return False
    follows = tokens[number + 1] if number + 1 < len(tokens) else ""
    return _is_past(token) or bool(_PRESENT.fullmatch(token) and (follows in _OPENS_PHRASE or follows.isupper()))


def _is_noun(token: str) -> bool:
    return token[0].isupper() and token.lower() not in _DEFINITE


def _is_adverb(subject: list[str]) -> bool:
    """Whether what stands before the verb holds no noun: `Heute`, `Zunächst`."""
    first = subject[0].lower()
    if any(token[0].isupper() for token in subject[1:]):
        return False
    return len(subject) > 1 or first in stop_words("de") or first.endswith(_ADVERBS)


def _is_past(token: str) -> bool:
    return bool(_PAST.fullmatch(token)) and token not in _NOT_VERBS and not _PARTICIPLE.fullmatch(token)


def _is_vague(subject: str) -> bool:
    """`die Universität`: an article and one noun, which an earlier sentence has introduced."""
    words = subject.split()
    return len(words) == 2 and words[0].lower() in _DEFINITE_OR_NOT and words[1][1:].islower()  # noqa: PLR2004


def _definition(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    if verb not in {"ist", "sind"} or len(subject.split()) > 5:  # noqa: PLR2004
        return
    if re.match(r"(?:eine?|einer|der|die|das) (?:[a-zäöüß]+ )*[A-ZÄÖÜ]", rest):
        yield f"Was {verb} {subject}?", rest, "what"
    if verb == "ist" and re.match(r"(?:der|die|das) ", rest) and len(rest.split()) >= 5 and subject[0].isupper():  # noqa: PLR2004
        yield f"Was ist {rest}?", subject, "what"


def _maker(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    words = subject.split()
    named = len(words) in {2, 3, 4} and all(word[0].isupper() or word in {"von", "van", "de"} for word in words)
    if verb in _MAKERS and named and len(rest.split()) >= 3:  # noqa: PLR2004
        yield f"Wer {verb} {rest}?", subject, "who"


def _within(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """A time, an amount or a place behind the verb."""
    time = _TIME.search(rest)
    if time and len(_TIME.findall(rest)) == 1:
        kept = _without(rest, time.start(), time.end())
        if kept:
            yield f"{_when(time)} {verb} {subject} {kept}?", time["phrase"], "when"
    for amount in _AMOUNT.finditer(rest):
        if amount["noun"] in _NO_NOUN or not _how_many(amount) or verb in {"verfügt", "verfügen", "verfügte"}:
            continue
        before = rest[: amount.start()].split()
        last = before[-1] if before else ""
        if last and last not in _DATIVE | _MAY_STAND_BEFORE and not (verb in _HAVE and last[0].isupper()):
            continue
        start = amount.start() - (len(last) + 1 if last in _DATIVE else 0)
        prefix = f"{last} " if last in _DATIVE else ""
        asked = _how_many(amount, dative=last in _DATIVE)
        kept = _without(rest, start, amount.end())
        yield f"{_capital(prefix + asked)} {verb} {subject}{' ' + kept if kept else ''}?", _spoken(amount), "how_many"
    place = re.search(r"(?<!\w)in ([A-ZÄÖÜ][a-zäöüß-]+)(?= (?:geboren|gegründet|eröffnet|statt|gelegen|erbaut)$)", rest)
    if place:
        kept = _without(rest, place.start(), place.end())
        if kept or verb in {"liegt", "lag", "lebt", "starb"}:
            yield f"Wo {verb} {subject}{' ' + kept if kept else ''}?", place[0], "where"


def _when(time: re.Match[str]) -> str:
    preposition = (time["prep"] or "").strip().lower().split(" ")[0]
    if not preposition:
        return "In welchem Zeitraum" if re.match(r"[Zz]wischen|[Vv]on", time["phrase"]) else "Wann"
    return {"seit": "Seit wann", "bis": "Bis wann", "ab": "Ab wann"}[preposition]


def _how_many(amount: re.Match[str], *, dative: bool = False) -> str:
    adjective = f" {amount['adjective']}" if amount["adjective"] else ""
    if amount["noun"] in _MASS:
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
    return f"{first.lower()}{blank}{rest}" if first in _ARTICLES else text


_ARTICLES = frozenset(
    listed(
        "Der Die Das Ein Eine Einer Eines Alle Viele Einige Mehrere Jeder Jede Jedes Keine Kein Heutige Moderne Seine Ihre"
    )
)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
