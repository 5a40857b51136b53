"""Dotted numerals that are no IP addresses: numbers of sections and versions, as text around them tells."""

import regex

REACH = 60
"""Characters before and after a number that are looked at."""
SMALL = 50
"""A number without a telling word, all of whose parts are smaller, is no address: one of 700 addresses is so small."""
_PRIVATE = regex.compile(r"(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)\.|([189])\.(?:\1\.){2}\1$")
"""Networks of companies, and the servers for names that everybody knows: small, and addresses all the same."""

_NAMED = (
    r"(?:sub)?sections?|sect?\.|§{1,2}|chapters?|ch\.|clauses?|(?:sub)?paragraphs?|paras?\.?|articles?|art\.|"
    r"items?|steps?|appendix|appendices|annex(?:es)?|figures?|fig\.|exhibits?|headings?|requirements?|"
    r"versions?|vers?\.|v\.?|releases?|builds?|revisions?|revs?\.?|firmware|"
    r"abschnitte?n?|kapiteln?|ziffern?|abs(?:atz|ätze|\.)|artikeln?|punkte?|anlagen?|anhang|version(?:en|es)|fassung|"
    r"secci(?:ón|ones)|cap[íi]tulos?|apartados?|cl[áa]usulas?|art[íi]culos?|versi[óo]n|"
    r"chapitres?|alin[ée]as?|annexes?|rubriques?|sezion[ei]|capitol[oi]|paragraf[oi]|seç(?:ão|ões)|vers(?:ão|ões)"
)
_AND = r"(?:,|;|&|[-–]|\b(?:and|or|to|through|und|oder|bis|y|et|à)\b)"
_LIST = rf"(?:v?\d{{1,4}}(?:\.\d{{1,4}}){{0,5}}[a-z]?\s?{_AND}\s{{0,2}}(?:(?:and|or) )?){{0,6}}"
_SIGNS = r"[\"'`*_(]{0,2}"
_BETWEEN = rf"\s?(?:[:=#_-]|numbers?|nos?\.?|nr\.?|num\.?|is|are|was)?\s?{_SIGNS}"
_NUMERAL = regex.compile(rf"(?<!\w)(?:{_NAMED}){_BETWEEN}{_LIST}{_SIGNS}$", regex.IGNORECASE)
_MACHINE = regex.compile(
    r"\b(?:ip(?:v4)?s?|ip-\w+|hosts?|hostnames?|servers?|address(?:es)?|ping(?:ed|s)?|traceroute|ssh|telnet|curl|dns|"
    r"gateways?|subnets?|netmasks?|routers?|firewalls?|vpn|prox(?:y|ies)|nodes?|machines?|clients?|ports?|networks?|"
    r"connect(?:ed|s|ion|ions|ing)?|log(?:ged|s)? ?ins?|sign(?:ed)? in|adressen?|rechner|servidor(?:es)?|serveurs?|"
    r"direcci[óo]n|adresse|tcp|udp)\b[^.!?\n]*$|(?://|@)$",
    regex.IGNORECASE,
)
_MACHINE_BEHIND = regex.compile(
    r":\d|/\d|\s?\(?(?:is|was)? ?(?:the |an? )?(?:ip|hosts?|servers?|address|machine)\b", regex.IGNORECASE
)


def is_numeral(text: str, start: int, end: int, timeout: float | None = None) -> bool:
    """Whether the dotted number from `start` to `end` counts sections or versions, and names no machine.

    :raises TimeoutError: If an expression exceeds its time.
    """

    def says(expression: "regex.Pattern[str]", part: str, *, whole: bool = False) -> bool:
        find = expression.match if whole else expression.search
        return find(part, timeout=timeout, concurrent=False) is not None

    before, behind = text[max(0, start - REACH) : start], text[end : end + REACH]
    if says(_MACHINE_BEHIND, behind, whole=True):
        return False
    if says(_NUMERAL, before):
        return True
    number = text[start:end]
    if says(_PRIVATE, number, whole=True) or says(_MACHINE, before):
        return False
    return all(int(part) < SMALL for part in number.split("."))
