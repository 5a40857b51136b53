"""Spanish sentences to questions: the question word in front, the verb behind it, then the subject and the rest."""

import re
from collections.abc import Iterator

from tasks_lib.text.words import listed

_MONTH = r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
_TIME = re.compile(
    rf"(?<!\w)(?<!desde )(?<!hasta )(?<!de )(?:[Ee]n (?:el año )?\d{{4}}|[Ee]l \d{{1,2}} de {_MONTH}(?: de \d{{4}})?|[Ee]n {_MONTH} de \d{{4}})(?![\w-])(?! \w+[aei]d[oa]s?\b)"
)
_NUMBER = (
    r"(?:\d{1,3}(?:[.,]\d+)*(?: (?:millones|mil)(?: de)?)?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|"
    r"quince|veinte|treinta|cincuenta|cien)"
)
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<about>(?:(?:unos|unas|más de|menos de|casi|cerca de|aproximadamente|alrededor de|solo|los|las) )*)"
    rf"(?P<number>{_NUMBER}) (?P<noun>[a-záéíóúñ]{{3,}}(?:as|os|es))(?!\w)"
)
_PERCENT = re.compile(r"(?<!\w)(?P<article>[Ee]l )(?P<number>\d+(?:[.,]\d+)?) ?%(?= de )")
_FEMININE = re.compile(r"(?:as|iones|dades|tades|umbres|ces)$")
_UNSURE = re.compile(r"(?:[^aeo]es|ores|eres)$")
_VERBS = frozenset(
    listed(
        "usa usan llama llaman instalaba suele suelen ejecuta administra considera consideran recibe reciben muestra "
        "muestran juega juegan trabaja trabajan lleva llevan alberga albergan conecta controla controlan convierte "
        "aumenta disminuye crea crean mantiene mantienen surge surgen ayuda ayudan indica indican sugiere sugieren "
        "afirma afirman encuentra encuentran fluye rodea apoya apoyan respeta enseña estudia estudian determina elige "
        "consiste consisten depende pertenece pertenecen procede proviene comprenden ofrecen permiten requieren utilizan "
        "produce producen protege regula causa causan provoca provocan define describe genera generan condujo llevó "
        "es fue son fueron era eran ha han había habían tiene tienen tuvo tuvieron puede pueden pudo pudieron está "
        "están estaba estaban debe deben hizo hicieron incluye incluyen contiene contienen consta comprende cuenta "
        "sigue siguen existe existen vive viven forma forman representa representan ocupa ocupan limita ofrece dio "
        "obtuvo produjo murió nació perdió ganó recibió dijo quiso puso vino trajo supo permite requiere utiliza sirve"
    )
)
_PAST = re.compile(r"[a-záéíóúñ]{2,}(?:ó|aron|ieron|yeron)")
_POINTING = frozenset(
    listed(
        "él ella ellos ellas esto esta este estos estas ese esa esos esas eso aquel aquella aquellos aquellas allí ahí "
        "aquí dicho dicha dichos dichas ambos ambas nosotros usted ustedes yo tú lo le les"
    )
)
_FIRST_ONLY = frozenset(
    listed(
        "su sus pero y o se que aunque como cuando si porque mientras después luego así además también otro otra otros "
        "otras tal tales primero entonces sin no ya"
    )
)
_PASSING = frozenset(listed("además también respectivamente entonces"))
"""Words that tie a sentence to the one before, and are left out of its question."""
_ARTICLES = frozenset(
    listed("El La Los Las Un Una Unos Unas Algunos Algunas Muchos Muchas Varios Varias Cada Más Casi Todos Todas")
)
_PREPOSITIONS = frozenset(
    listed("en a al con por para de del desde durante según tras ante bajo entre hacia hasta sin")
)
_MAKERS = frozenset(
    listed(
        "fundó descubrió inventó escribió ganó dirigió gobernó construyó desarrolló creó compuso pintó publicó derrotó "
        "conquistó firmó propuso estableció recibió lideró inauguró diseñó introdujo interpretó cantó"
    )
)
_CLAUSES = frozenset(
    listed(
        "que quien quienes donde lo aunque mientras pero y con como debido porque cuando incluyendo incluidos incluida "
        "siendo o ni e dando una un el la los las seguida tanto especialmente después antes excepto así sino según por para tras dejando seguido"
    )
)
_OBJECT_ARTICLES = frozenset(listed("el la los las un una varios varias numerosos numerosas"))
_LONGEST_OBJECT = 12
_BY_PREPOSITION = {
    ("se_encuentra", "en"): "Dónde",
    ("se_encuentran", "en"): "Dónde",
    ("se_ubica", "en"): "Dónde",
    ("se_encontraba", "en"): "Dónde",
    ("se_basa", "en"): "En qué",
    ("se_basan", "en"): "En qué",
    ("se_compone", "de"): "De qué",
    ("se_divide", "en"): "En qué",
    ("se_convirtió", "en"): "En qué",
    ("se_dedica", "a"): "A qué",
    ("se_refiere", "a"): "A qué",
    ("consta", "de"): "De qué",
    ("consiste", "en"): "En qué",
    ("consisten", "en"): "En qué",
    ("depende", "de"): "De qué",
    ("pertenece", "a"): "A qué",
    ("pertenecen", "a"): "A qué",
    ("procede", "de"): "De dónde",
    ("proviene", "de"): "De dónde",
    ("sirve", "para"): "Para qué",
    ("sirven", "para"): "Para qué",
    ("condujo", "a"): "A qué",
    ("vive", "en"): "Dónde",
    ("viven", "en"): "Dónde",
    ("está", "en"): "Dónde",
    ("nació", "en"): "Dónde",
    ("murió", "en"): "Dónde",
}
_TRANSITIVE = frozenset(
    listed(
        "incluye incluyen contiene contienen comprende comprenden ofrece ofrecen permite permiten requiere requieren "
        "utiliza utilizan produce producen forma forman representa representan ocupa protege regula causa causan "
        "provoca provocan define describe genera generan usa usan alberga albergan recibe reciben muestra muestran "
        "estudia estudian administra ejecuta controla controlan apoya respeta crea crean"
    )
)
_MAY_STAND_BEFORE = frozenset(listed("aproximadamente unos unas actualmente también solo casi hoy"))
_ADJUNCT = re.compile(
    r"^(?:En|Según|Durante|Con|Por|Para|Tras|Bajo|Desde|Sin|Además|Asimismo|Actualmente|Hoy|Aunque|Antes|Después|Dentro|"
    r"Entre|Sobre|Como|Debido|Gracias|Normalmente|Generalmente|Finalmente)\b[^,\d]{0,70}, (?=[a-záéíóúñA-ZÁÉÍÓÚÑ])"
)
"""What stands in front of a main clause and is not needed to ask about it."""
_NOT_BEFORE_A_VERB = frozenset(
    listed("que se no quien donde y como la el los las un una su sus de del o en me nos lo le les")
)
_DONE = re.compile(r"\w+(?:ado|ido|ada|ida|ados|idos|adas|idas|cho|to|ta|tos|tas)\b")
_GENERIC = frozenset(
    listed(
        "ciudad región universidad isla zona colección empresa banda serie río lago película obra edificio país grupo"
    )
)
_LONG_ENOUGH = 12
"""Words of a sentence that say what its vague subject is."""
_ENDS_NOTHING = frozenset(listed("y o e de del la el los las en a un una que con por para su sus más"))
_LEAST, _MOST = 5, 32
_LONGEST_SUBJECT = 9


def questions(sentence: str, small: frozenset[str] = frozenset()) -> Iterator[tuple[str, str, str]]:
    """Question, answer and what is asked for, of one sentence; none where its parts cannot be told.

    :param small: Words that the document writes with a small letter: no names.
    """
    body = re.sub(r"\s*\([^()]*\)", "", sentence).rstrip(".! ")
    front = _TIME.match(body)
    following = body[front.end() :] if front else ""
    fronted = front is not None and re.match(r",? ", following) is not None
    clause = _main_clause(following.removeprefix(",").lstrip() if fronted else _ADJUNCT.sub("", body))
    clause = re.sub(r"\bse (?=\w)", "se_", clause)
    tokens = [token for number, token in enumerate(clause.split(" ")) if number == 0 or token not in _PASSING]
    clause = " ".join(tokens)
    if (
        not _LEAST <= len(tokens) <= _MOST
        or re.search(r"[,:–—()«»]|^[^\"]*\"[^\"]*$", clause)
        or not _reads_alone(tokens)
    ):
        return
    for question, answer, kind in _asked(tokens, clause, front[0] if front and fronted else "", small):
        yield question.replace("se_", "se "), answer.replace("se_", "se "), kind


def _asked(tokens: list[str], clause: str, front: str, small: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Questions about a clause; `front` is the time before it."""
    if not front:
        yield from _amount_in_front(clause)
    verb = _verb(tokens)
    if verb is None:
        return
    subject, rest = _inner(" ".join(tokens[:verb]), small), " ".join(tokens[verb + 1 :])
    if rest.rpartition(" ")[2] in _ENDS_NOTHING:
        return
    if front:
        if not _TIME.search(rest):
            yield f"{_when(front)} {_group(tokens, verb, subject)}?", front, "when"
        return
    if re.match(r"(?:los|las) (?:dos|tres|cuatro)\b", subject) or rest.endswith(("similar", "siguiente", "siguientes")):
        return
    yield from _definition(subject, tokens[verb], rest)
    if _is_vague(subject) and len(tokens) < _LONG_ENOUGH:
        return
    yield from _maker(subject, tokens[verb], rest)
    yield from _within(tokens, verb, subject, rest)
    yield from _object(tokens[verb], subject, rest)


def _main_clause(clause: str) -> str:
    """What stands before the first comma, if a clause follows that leaves it whole; and before a second verb."""
    first, comma, second = clause.partition(", ")
    if comma and second.split(" ")[0] in _CLAUSES:
        clause = first
    for joint in re.finditer(r" (?:y|e|pero) ", clause):
        following = clause[joint.end() :].split(" ")
        if any(token in _VERBS or (_PAST.fullmatch(token) and number == 0) for number, token in enumerate(following)):
            return clause[: joint.start()]
    return clause


def _reads_alone(tokens: list[str]) -> bool:
    small = [token.lower() for token in tokens]
    return small[0] not in _FIRST_ONLY and not _POINTING & set(small)


def _verb(tokens: list[str]) -> int | None:
    for number, token in enumerate(tokens[: _LONGEST_SUBJECT + 1]):
        if number and (token in _VERBS or token.startswith("se_") or _PAST.fullmatch(token)):
            if tokens[number - 1].lower() in _NOT_BEFORE_A_VERB:
                return None
            return number if _is_subject(tokens, number) else None
    return None


def _is_subject(tokens: list[str], verb: int) -> bool:
    """Whether the words before the verb begin as a subject does: an article, or a name."""
    first = tokens[0]
    if first.lower() in _PREPOSITIONS or tokens[verb + 1 : verb + 2] in (["y"], ["e"]):
        return False
    if first.capitalize() in _ARTICLES or tokens[1][0].isupper():
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
    percent = _PERCENT.match(clause)
    if percent:
        yield f"¿Qué porcentaje{clause[percent.end() :]}?", f"{percent['number']} %", "how_many"
    amount = _AMOUNT.match(clause[0].lower() + clause[1:])
    if amount and (asked := _how_many(amount)) and not clause[amount.end() :].lstrip().startswith(("de ", "y ")):
        yield f"¿{asked[0].upper()}{asked[1:]}{clause[amount.end() :]}?", _spoken(amount), "how_many"


def _is_vague(subject: str) -> bool:
    """`la ciudad`: an article and one noun, which an earlier sentence has introduced."""
    words = subject.split()
    if {"primero", "primera", "segundo", "segunda", "tercer", "siguiente", "siguientes", "último"} & set(words):
        return True
    return len(words) == 2 and words[0] in {"el", "la", "los", "las"} and words[1].islower()  # noqa: PLR2004


def _definition(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    if verb == "es" and re.match(r"(?:el|la|los|las) (?!de |que |más completa)", rest) and len(rest.split()) >= 5:  # noqa: PLR2004
        yield f"¿Cuál es {rest}?", subject, "what"
    if subject.rpartition(" ")[2] in _GENERIC:
        return
    if verb in {"es", "son"} and len(subject.split()) <= 5 and re.match(r"(?:una?|el|la|los|las) [a-záéíóúñ]", rest):  # noqa: PLR2004
        yield f"¿Qué {verb} {subject}?", rest, "what"


def _maker(subject: str, verb: str, rest: str) -> Iterator[tuple[str, str, str]]:
    words = subject.split()
    named = len(words) in {2, 3, 4} and all(word[0].isupper() or word in {"de", "von", "van"} for word in words)
    if verb in _MAKERS and named and len(rest.split()) >= 3:  # noqa: PLR2004
        yield f"¿Quién {verb} {rest}?", subject, "who"


def _object(verb: str, subject: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """`¿De qué consta …`, `¿Qué incluye …`: the whole of what follows the verb."""
    first = rest.split(" ")[0]
    if len(rest.split()) < 3 or _TIME.match(rest):  # noqa: PLR2004
        return
    if asked := _BY_PREPOSITION.get((verb, first)):
        yield f"¿{asked} {verb} {subject}?", rest, "what"
    elif _PAST.fullmatch(verb) and first in _OBJECT_ARTICLES and 3 <= len(rest.split()) <= _LONGEST_OBJECT:  # noqa: PLR2004
        yield f"¿Qué {verb} {subject}?", rest, "what"
    elif verb in _TRANSITIVE and first not in _PREPOSITIONS | {"que", "se"}:
        yield f"¿Qué {verb} {subject}?", rest, "what"


def _within(tokens: list[str], verb: int, subject: str, rest: str) -> Iterator[tuple[str, str, str]]:
    times = list(_TIME.finditer(rest))
    described = tokens[verb] in {"es", "fue", "era", "son", "fueron"} and not _DONE.match(rest)
    if len(times) == 1 and not described:
        time = times[0]
        kept = re.sub(r"\s+", " ", rest[: time.start()] + rest[time.end() :]).strip()
        if kept:
            yield f"{_when(time[0])} {_group(tokens, verb, subject, kept)}?", time[0], "when"
    for amount in _AMOUNT.finditer(rest):
        asked = _how_many(amount)
        before = rest[: amount.start()].split()
        if not asked or (before and before[-1] not in _MAY_STAND_BEFORE):
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
    if _FEMININE.search(noun):
        return f"cuántas {noun}"
    return "" if _UNSURE.search(noun) and not noun.endswith(("ores", "res", "les", "nes")) else f"cuántos {noun}"


def _spoken(amount: re.Match[str]) -> str:
    about = amount["about"].removeprefix("los ").removeprefix("las ")
    return f"{about}{amount['number']} {amount['noun']}"


def _inner(subject: str, small: frozenset[str]) -> str:
    first, blank, rest = subject.partition(" ")
    return f"{first.lower()}{blank}{rest}" if first in _ARTICLES or first.lower() in small else subject
