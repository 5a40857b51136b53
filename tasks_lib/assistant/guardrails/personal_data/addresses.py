"""Postal addresses: anchors (a street, a box, a flat), then the lines around them that belong to the same address.

Every expression is a sequence of bounded parts, so that matching is linear in the text. Words must be capitalised
unless the expression is unmistakable: "36 points behind fourth place" is no address, "12 rua praia 1" is.
"""

from collections.abc import Iterable

import regex

from tasks_lib.assistant.guardrails.personal_data.wordings import ADDRESS

_NUMBER = r"(?!(?:19|20)\d\d\b)\d{1,5}[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?(?![\w.,]?\d)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WORD = rf"(?:(?!{_MONTH})\p{{Lu}}[\p{{L}}\p{{M}}'’.-]{{0,30}}|\d{{1,3}}(?:st|nd|rd|th))"
_JOINER = (
    r"(?:de|del|della|delle|dei|di|do|da|dos|das|du|des|la|le|les|el|al|der|den|van|von|zum|zur|am|an|und|y|e|of|"
    r"the|z|na|pod|nad|v|u|w|lo)"
)
_NAME = rf"{_WORD}(?: {_JOINER}){{0,2}}(?: {_WORD}(?: {_JOINER}){{0,2}}){{0,4}}"
_ANY_WORDS = r"(?:[\p{L}\d][\p{L}\p{M}\d'’.-]{0,30} ){1,6}?"

_STRONG_SUFFIXES = "street|avenue|road|lane|drive|boulevard|blvd"
_SUFFIXES = (
    "Street|St|Avenue|Ave|Av|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Way|"
    "Close|Crescent|Cres|"
    "Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Trl|Walk|Row|Alley|Mews|Gardens|Grove|Green|Hill|Hills|Rise|Quay|"
    "Wharf|Esplanade|Parade|Plaza|"
    "Turnpike|Loop|Path|Pike|Crossing|Heights|Ridge|View|Vista|Villas?|Park|Parks|Bypass|Extension|Freeway|Mall|"
    "Promenade|Harbor|Harbour|Islands?|"
    "Cliffs|Point|Pass|Coves?|Shores?|Landing|Meadows?|Manor|Springs?|Station|Valley|Village|Bridge"
)
_PREFIXES = (  # unmistakable in small letters too
    r"rua|avenida|viale|piazza|piazzale|piazzetta|vicolo|calle|c/|paseo|camino|carretera|carrer|chemin|allée|"
    r"impasse|praça|praca|travessa|alameda|"
    r"estrada|ul\.|ulica|ulice|aleja|náměstí|nám\.|urbanización|strada|contrada|passeig|praceta|ruelle|λεωφόρος|"
    r"plac\b|al\.|os\.|osiedle\b|πλατεία|οδός|ulitsa|prospekt|jalan|lorong"
)
_WEAK_PREFIXES = (
    r"Rue|Avenue|Av\.|Aven\.|Via|Corso|Largo|Plaza|Boulevard|Boul\.|Blvd\.?|Place|Quai|Cours|Route|Al\.|Plac|Trg|"
    r"Rúa|Ronda|Rambla|Salita|Località|Borgo|"
    r"Vial|Diagonal|Pasaje|Periférico|Bulevar|Privada|Callejón|Glorieta|Prolongación|Andador|Circuito|Retorno|"
    r"Sentier|Rond-point|Bul\.|Bulvar|Sokak|Sok\.|Cad\.|Cadde|Jl\.|Hai"
)
_ENDINGS = (  # of one compound word
    "straße|strasse|straat|str\\.|weg|wegje|gasse|platz|plein|allee|laan|gracht|singel|dijk|dreef|damm|ufer|steig|"
    "gade|gata|gatan|vej|vei|veien|väg|vägen|vegen|vegur|gränd|stigen|stien|bakken|torget|torvet|stræde|plads|braut|"
    "kajen|"
    "katu|ntie|ttie|kuja|polku|kaari|raitti|ranta|vangur|gerði|brekka|stígur|steeg|tänav|"
    "soka\u011f\u0131|caddesi|bulvar\u0131|"
    "markt|kade|rade|lia"
)
_LAST_WORDS = (
    "Strasse|Straße|Str\\.|Weg|Platz|Allee|utca|út|útja|tér|tere|köz|kapu|ulica|cesta|ulice|třída|puiestee|mnt|iela|"
    "gatvė|gate|gt\\.|alle|allé|skovvej"
)
_TOWN = (
    r"(?:\p{Lu}[\p{L}\p{M}'’().-]{1,30}(?:[ /-](?:[\p{Lu}∆][\p{L}\p{M}'’().-]{0,30}|de|di|la|u|im|am|an der|nad|"
    r"\(\p{L}{2,20}\))){0,5})"
)

_UNIT = r"(?i:apt|apartment|suite|ste|unit|flat|room|bldg|building)\b\.? ?#?\d{1,5}[A-Za-z]?\b"
_BOX = r"(?i:p\.? ?o\.? ?box|post(?:al)? ?box|postboks|postbus|postfach|box|casella postale|apartado) \d{1,6}\b"
_MILITARY = (
    r"(?:(?:unit|psc|cmr) \d{1,5},? box \d{1,6}|us(?:s|ns|nv|cgc|av) \p{L}[\p{L}'-]{1,30}(?: \p{L}[\p{L}'-]{1,30})?)"
    r"[\s,]{1,6}"
    r"(?:apo|fpo|dpo),? (?:aa|ae|ap)(?: \d{5}(?:-\d{4})?)?"
)
_CUE = (
    r"(?i:\b(?:lives?|lived|living|located|resid(?:es?|ing)|moved|offices? (?:is|are)|address(?:es)?(?: (?:is|to|of|"
    r"with))?|deliver(?:ed|y)?|"
    r"ship(?:ped)?|sent|mailed|return|meet|taxi|stop|drops? (?:you )?off|station is|restaurant is|corner of|enter|"
    r"situated)\b"
    r"[^\n.?!]{0,20}?[:\s]{1,6})\K"
)

_FOREIGN_CUE = rf"(?i:\b(?:{ADDRESS})\b[^\n.?!\d]{{0,12}}?[:\s]{{1,6}})\K"


def _compiled(expression: str, flags: int = 0) -> "regex.Pattern[str]":
    return regex.compile(expression, flags)


_CORNER = r"(?:(?i:the corner of) )?"
_ANCHORS: tuple[tuple["regex.Pattern[str]", float], ...] = (
    (_compiled(_MILITARY, regex.IGNORECASE), 0.9),
    (_compiled(rf"(?<!\w){_BOX}"), 0.7),
    (_compiled(rf"(?<!\w){_UNIT}"), 0.6),
    (_compiled(rf"(?<![\w.,$€£])\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,4}})? {_NAME} (?:{_SUFFIXES})\b\.?"), 0.75),
    (
        _compiled(
            rf"(?<![\w.,$€£])\d{{1,5}} (?:[\p{{L}}\d][\p{{L}}\p{{M}}\d'’-]{{0,30}} ){{1,2}}(?:{_STRONG_SUFFIXES})\b",
            regex.IGNORECASE,
        ),
        0.55,
    ),
    (
        _compiled(
            rf"(?<!\w){_CORNER}{_NAME} (?:Street|Avenue|Road|Lane|Drive|Boulevard|St\.|Ave\.?|Rd\.?|Blvd\.?)(?: "
            rf"{_NUMBER})?(?!\w)"
        ),
        0.4,
    ),
    (_compiled(rf"(?<!\w)(?:\d{{1,5}},? )?(?:{_PREFIXES}) ?{_ANY_WORDS}{_NUMBER}", regex.IGNORECASE), 0.75),
    (_compiled(rf"(?<!\w)(?:\d{{1,5}},? )?(?:{_WEAK_PREFIXES}) (?:{_JOINER} ){{0,2}}{_NAME},? {_NUMBER}"), 0.75),
    (
        _compiled(
            rf"(?<![\w$€£.,])\d{{1,5}},? (?:(?i:{_PREFIXES})|{_WEAK_PREFIXES}|(?i:rue|boulevard|avenue de)) "
            rf"(?:{_JOINER} ){{0,2}}{_NAME}"
        ),
        0.65,
    ),
    (_compiled(rf"(?<!\w)(?:(?i:{_PREFIXES})|Rue) (?:{_JOINER} ){{0,2}}{_NAME}"), 0.4),
    (
        _compiled(
            rf"(?<!\w)(?:{_NAME} )?(?=\p{{Lu}})[\p{{L}}\p{{M}}-]{{1,30}}(?:{_ENDINGS}|-(?i:{_ENDINGS})),? {_NUMBER}"
            r"(?!\w)"
        ),
        0.7,
    ),
    (_compiled(rf"(?<!\w){_NAME} (?:{_LAST_WORDS}),? {_NUMBER}(?!\w)"), 0.7),
    (_compiled(rf"{_CUE}{_CORNER}(?:\d{{1,5}},? ){{0,2}}{_NAME},? {_NUMBER}(?!\w)"), 0.6),
    (_compiled(rf"{_CUE}{_CORNER}(?:\d{{1,5}},? ){{1,2}}{_NAME}"), 0.55),
    (_compiled(rf"{_FOREIGN_CUE}(?:(?i:{_JOINER}) ){{0,2}}{_NAME},? (?:(?i:nr?|no|n[º°])\.? )?{_NUMBER}(?!\w)"), 0.6),
    (_compiled(rf"{_FOREIGN_CUE}\d{{1,5}},? (?:(?i:{_JOINER}) ){{0,2}}{_NAME}"), 0.55),
    (
        _compiled(
            (
                rf"(?<![\w$€£.,])(?:\d{{1,5}},? ){{1,2}}(?:rue|boulevard|avenue) (?:de|du|des|la|le|l)\b(?:[ '’]"
                rf"[\p{{L}}\p{{M}}-]{{1,30}}){{1,4}}(?: {_NUMBER})?(?!\w)"
            ),
            regex.IGNORECASE,
        ),
        0.6,
    ),
    (_compiled(rf"(?<![\w$€£.,])(?:\d{{1,5}},? )[\p{{L}}\p{{M}}-]{{3,30}}(?:{_ENDINGS}),? {_NUMBER}(?!\w)"), 0.6),
    (_compiled(rf"(?i:\bcorner of )\K{_NAME}"), 0.4),
    (
        _compiled(rf"(?m)(?:^|(?<=[>?,:;] ))[ \t]*\K\d{{2,5}} {_NAME} {_NUMBER}(?=[ \t]*(?:$|,| (?i:apt|suite|unit)))"),
        0.6,
    ),
    (
        _compiled(
            r"(?m)(?:^|(?<=[>?,:;] ))[ \t]*\K\d{2,5} \p{Ll}[\p{L}\p{M}'’-]{2,30} \d{1,5}(?=[ \t]*(?:$|"
            r",| (?i:apt|suite|unit)))"
        ),
        0.4,
    ),
)
_LEAD = _compiled(r"(?<![\w.,])\d{1,5},?[ \t]{1,4}$")
_GAP = r"[ \t]*(?:\n[ \t>?]*){0,2}[ \t]*,?[ \t]*(?:\n[ \t>?]*)?"
_CODE = r"(?:[A-Z]{2,3}|nan)(?:[ \t]*\n?[ \t]*\d{4,6})?|\d{1,2}[ \t]*\n[ \t]*\d{4,6}|\d{4,6}"
_TAIL = _compiled(
    rf"(?:(?=[ \t]*[,\n]){_GAP}|[ \t])(?:{_UNIT}|{_BOX})"
    rf"|(?=[ \t]*[,\n]){_GAP}(?:(?:{_CODE})(?!\w)|{_TOWN}(?:(?:,? |\n[ \t>?]*)(?:{_CODE}))?(?=[ \t]*(?:[,.?!;\n]|$| "
    r"(?:in|after|last|for|before|and|this|is)\b)))"
    rf"|[ \t]+(?:and[ \t]+(?={_WORD}[^\n,.]{{0,40}}[ ]\d)\K|\d{{5,6}}(?!\w))"
)
_LOWER_TAIL = _compiled(
    r"(?:,? (?:apt|suite|unit)\.? \d{1,5})?(?:, ?\p{Ll}[\p{L}\p{M}'’-]{1,30}(?: [\p{L}(][\p{L}\p{M}"
    r"()'’-]{1,30}){0,3}){1,2} \d{4,6}(?!\w)"
)
_SPACED_TAIL = _compiled(
    rf"(?:[ \t]+{_WORD}){{1,4}}[ \t]+(?:[A-Z]{{2,3}}\b|\d{{4,6}}(?!\w))|(?:[ \t]+{_WORD}){{1,4}}(?=[.?!]?[ \t]*"
    r"(?:\n|$))"
)
_MAX_PARTS = 6


def addresses(text: str, timeout: float) -> Iterable[tuple[int, int, float]]:
    """Start, end and score of every postal address in `text`.

    :raises TimeoutError: If an expression takes longer than `timeout` seconds.
    """
    matches = [
        (match.start(), match.end(), score)
        for pattern, score in _ANCHORS
        for match in pattern.finditer(text, timeout=timeout, concurrent=False)
    ]
    for start, end, score in matches:
        yield _widened(text, start, end, score, timeout)


def _widened(text: str, start: int, end: int, score: float, timeout: float) -> tuple[int, int, float]:
    """An anchor with the number before it, and the flat, town, country and postal code after it."""
    lead = _LEAD.search(text, max(0, start - 12), start, timeout=timeout, concurrent=False)
    if lead is not None:
        start = lead.start()
    limit = min(len(text), end + 240)
    spaced = _SPACED_TAIL.match(text, end, limit, timeout=timeout, concurrent=False) or _LOWER_TAIL.match(
        text, end, limit, timeout=timeout
    )
    if spaced is not None:
        end, score = spaced.end(), min(0.95, score + 0.05)
    for _ in range(_MAX_PARTS):
        tail = _TAIL.match(text, end, limit, timeout=timeout, concurrent=False)
        if tail is None or tail.end() <= end:
            break
        end, score = tail.end(), min(0.95, score + 0.05)
    return start, end, score
