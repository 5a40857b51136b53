"""Questions that want a number, a time or a name, and what texts write for one: English, German and Spanish."""

import re
from collections.abc import Mapping

from tasks_lib.text.words import AMOUNTS, MONTHS, WEEKDAYS, listed


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


WANTS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "en": {
        "number": _any_of(
            r"\bhow (?:many|much|long|far|old|often|high|large|big|early|late|soon|quickly|fast|tall|deep)\b",
            r"\b(?:percentage|percent|per diem|amount|number of|price|cost|rate|minimum|maximum|limit)\b",
        ),
        "time": _any_of(
            r"\b(?:when|by when|what (?:year|date|day|month|time))\b",
            r"\b(?:on|in|from|until|at) (?:which|what) (?:\w+ )?(?:year|date|day|month|time)s?\b",
            r"\bwhich (?:year|date|day|month)\b",
        ),
        "name": _any_of(r"\b(?:who|whose|whom|name of|where|which (?:country|city))\b"),
    },
    "de": {
        "number": _any_of(
            r"\bwie ?viele?[rnsm]?\b",
            r"\bwie (?:lange?|weit|alt|oft|hoch|groß|breit|tief|schnell|schwer|teuer|früh|spät)\b",
            r"\b(?:prozent\w*|anzahl|höhe de[rs]|preis|kosten|anteil|mindest\w*|höchst\w*|obergrenze|untergrenze)\b",
        ),
        "time": _any_of(
            r"\b(?:bis |ab |seit )?wann\b|\bum wie ?viel uhr\b",
            r"\b(?:in|an|zu|ab|seit|vor|nach) welche[rmns]? (?:\w+ )?(?:jahr|datum|tag|monat|zeit|jahrhundert)\w*",
            r"\bwelche[rmns]? (?:jahr|datum|tag|monat)\b",
        ),
        "name": _any_of(
            r"\b(?:wer|wen|wem|wessen|wo|woher|wohin|wie hei(?:ß|ss)t|name (?:des|der|von))\b",
            r"\bwelche[rmns]? (?:land|stadt|person)\b",
        ),
    },
    "es": {
        "number": _any_of(
            r"\bcu[aá]nt[oa]s?\b",
            r"\b(?:qué|cuál es (?:el|la)) (?:\w+ )?(?:distancia|altura|edad|tamaño|longitud|cantidad|velocidad)\b",
            r"\b(?:porcentaje|por ciento|número de|precio|cost[eo]|tasa|mínim[oa]|máxim[oa]|límite)\b",
        ),
        "time": _any_of(
            r"\bcuándo\b|^\W*cuando\b",
            r"\b(?:en|a|desde|hasta|de|para) qué (?:año|fecha|día|mes|hora|siglo|época)\b",
            r"\bqué (?:año|fecha|día|mes)\b",
        ),
        "name": _any_of(
            r"\b(?:quién|quiénes|dónde|adónde|cómo se llama|nombre de)\b|\bqué (?:país|ciudad|persona)\b",
        ),
    },
}
"""Language → kind → what a question that wants one says; of several kinds the first holds."""

_MONTHS = {
    "en": MONTHS,
    "de": frozenset(listed("januar februar märz april mai juni juli august september oktober november dezember")),
    "es": frozenset(listed("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")),
}
_WEEKDAYS = {
    "en": WEEKDAYS,
    "de": frozenset(listed("montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag")),
    "es": frozenset(listed("lunes martes miércoles jueves viernes sábado domingo")),
}
_AMOUNTS = {
    "en": AMOUNTS,
    "de": frozenset(
        listed(
            "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig hundert tausend "
            "million millionen milliarde milliarden halb hälfte drittel viertel einmal zweimal dreimal doppelt täglich "
            "wöchentlich monatlich jährlich erste ersten zweite zweiten dritte dritten"
        )
    ),
    "es": frozenset(
        listed(
            "dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cuarenta cincuenta cien ciento "
            "mil millón millones mitad tercio cuarto doble diario diaria semanal mensual anual primero primera segundo "
            "segunda tercero tercera"
        )
    ),
}
_CAPITALISED = re.compile(r"(?<![.!?:|*>-]\s)(?<!^)\b[A-ZÄÖÜÁÉÍÓÚÑ][\w’'-]+", re.MULTILINE)
_GERMAN = re.compile(
    r"\b[A-ZÄÖÜ][\w’'-]+(?: (?:von|van|de))?(?: [A-ZÄÖÜ][\w’'-]+)+"
    r"|\b(?:in|aus|von|bei|vom|nach|durch) ([A-ZÄÖÜ][\w’'-]+)"
)
"""German writes every noun with a capital: a name is two of them side by side, or one right behind a preposition."""


def amounts(language: str) -> frozenset[str]:
    """Words of a language that tell how many or how often."""
    return _AMOUNTS.get(language, AMOUNTS)


def times(language: str) -> frozenset[str]:
    """Months and days of the week."""
    return _MONTHS.get(language, MONTHS) | _WEEKDAYS.get(language, WEEKDAYS)


def names(text: str, language: str) -> list[str]:
    """What is written like a name."""
    if language == "de":
        return [match[1] or match[0] for match in _GERMAN.finditer(text)]
    return _CAPITALISED.findall(text)
