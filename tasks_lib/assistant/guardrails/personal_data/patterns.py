"""What numbers and identifiers look like: one row per pattern, each of bounded length, and its check.

`score` is what a match is worth once its check passed; with one of its `context` words within 60 characters before it
is worth `context_score`. The default cut-off is 0.5.
"""

from collections.abc import Iterable

from tasks_lib.assistant.guardrails.personal_data import checks, numerals
from tasks_lib.assistant.guardrails.personal_data.entity_pattern import EntityPattern
from tasks_lib.assistant.guardrails.personal_data.national import NATIONAL_PATTERNS
from tasks_lib.assistant.guardrails.personal_data.wordings import BIRTH, PHONE, WRITTEN_DATE

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct"
    r"(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ISSUER = r"(?=1800|2131|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[0-9]|4|5|6)\d\d"
_CARD_CONTEXT = r"\bcards?\b|credit card|debit card|visa|mastercard|amex|maestro|diners|discover|jcb|\bcc\b"
_DATE = (
    r"(?<![\w/.-])(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])"
    r"[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:19|20)?\d\d)"
    rf"|{_MONTH}\.? (?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?,? (?:19|20)\d\d|(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|"
    rf"th)?(?: of)? {_MONTH}\.?,? (?:19|20)\d\d)"
    r"(?:[T ]\d{1,2}:\d\d(?::\d\d)?)?(?![\w/-])"
)

PATTERNS: tuple[EntityPattern, ...] = (
    EntityPattern("CREDIT_CARD", rf"(?<![\w.]){_ISSUER}\d{{10,17}}(?!\w)", 1.0, checks.payment_card),
    EntityPattern(
        "CREDIT_CARD",
        (
            rf"(?<![\w.]){_ISSUER}\d\d(?P<gap>[ .-]|\s?-\s?)(?:\d{{4}}(?P=gap)\d{{4}}(?P=gap)\d{{1,7}}|\d{{6}}"
            rf"(?P=gap)\d{{4,5}})(?!\w)"
        ),
        1.0,
        checks.payment_card,
    ),
    EntityPattern("CREDIT_CARD", r"(?<![\w.])\d(?:[ -]?\d){11,18}(?!\w)", 0.0, checks.payment_card, _CARD_CONTEXT, 1.0),
    EntityPattern(
        "IBAN_CODE",
        r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])",
        1.0,
        checks.account_number,
        length=checks.account_number_length,
    ),
    EntityPattern("US_SSN", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", 0.85, checks.us_ssn),
    EntityPattern(
        "US_SSN",
        r"(?<![\w-])\d{3}[ .]?\d{2}[ .]?\d{4}(?![\w-])",
        0.1,
        checks.us_ssn,
        r"\bssn\b|social security",
        0.85,
    ),
    EntityPattern(
        "EMAIL_ADDRESS",
        r"(?<![\w.+-])[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}(?![\w-])",
        0.95,
        checks.mailbox,
        otherwise=0.3,
    ),
    EntityPattern(
        "EMAIL_ADDRESS",
        r"(?<![\w.])[\w.+-]{1,64} ?[\[({] ?at ?[\])}] ?[\w-]{1,63}(?: ?(?:\.|[\[({] ?dot ?[\])}]) ?[\w-]{2,63}){1,4}",
        0.8,
    ),
    EntityPattern(
        "IP_ADDRESS",
        r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)",
        0.8,
        checks.ip_address,
        unless=numerals.is_numeral,
    ),
    EntityPattern(
        "IP_ADDRESS", r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])", 0.7, checks.ip_address
    ),
    EntityPattern("PHONE_NUMBER", r"(?<![\w.])\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}(?![\w])", 0.8, checks.telephone),
    EntityPattern(
        "PHONE_NUMBER",
        r"(?<![\w.-])\(\d{2,5}\) ?\d{2,5}(?:[ .-]?\d{2,5}){1,3}(?![\w])",
        0.45,
        checks.telephone,
        PHONE,
        0.8,
    ),
    EntityPattern("PHONE_NUMBER", r"(?<![\w.-])\(\d{3}\) ?\d{3}[ .-]\d{4}(?!\w)", 0.75, checks.telephone),
    EntityPattern(
        "PHONE_NUMBER",
        r"(?<![\w.-])\d{3}[-. ]\d{3}[-. ]\d{4}(?:[ ]?(?:x|ext\.?) ?\d{1,5})?(?![\w-])",
        0.7,
        checks.telephone,
    ),
    EntityPattern(
        "PHONE_NUMBER",
        r"(?<![\w.,/$€£-])(?:\d{2,4}(?:[ .-]\d{2,4}){2,4}|\d{2,5}[ -]\d{3,8}|\d{7,11})(?![\w/%-]|[.,]\d)",
        0.35,
        checks.telephone,
        PHONE,
        0.65,
    ),
    EntityPattern("DATE_TIME", _DATE, 0.4, None, BIRTH, 0.85),
    EntityPattern("DATE_OF_BIRTH", _DATE, 0.1, None, BIRTH, 0.85),
    EntityPattern("DATE_TIME", WRITTEN_DATE, 0.4, None, BIRTH, 0.85),
    EntityPattern("DATE_OF_BIRTH", WRITTEN_DATE, 0.1, None, BIRTH, 0.85),
    EntityPattern("DATE_TIME", r"(?<![\w/.,$€£-])(?:19[2-9]\d|20[0-3]\d)(?![\w/%-]|[.,]\d)", 0.3),
    EntityPattern("DATE_TIME", r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b", 0.3),
    EntityPattern("URL", r"(?<![\w@])(?:https?://|www\.)[^\s<>\"')\]]{3,2000}", 0.6),
    EntityPattern("ZIP_CODE", r"(?<![\w.-])\d{5}-\d{4}(?![\w-])", 0.6),
    EntityPattern("ZIP_CODE", r"(?<![\w-])(?:[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})(?![\w-])", 0.6),
    EntityPattern(
        "ZIP_CODE",
        r"(?<![\w.,$€£#-])\d{2,5}[ -]?\d{2,4}(?![\w,%-]|\.\d)",
        0.05,
        None,
        r"\bzip\b|postal|post ?code|\bplz\b",
        0.8,
    ),
    EntityPattern(
        "US_DRIVER_LICENSE",
        r"(?<![\w-])[A-Z]{0,2}\d{5,12}(?![\w-])",
        0.05,
        None,
        r"driver.{0,3}s? licen[cs]e|driving licen[cs]e|licen[cs]e (?:number|no)",
        0.8,
    ),
    EntityPattern("US_PASSPORT", r"(?<![\w-])[A-Z]?\d{8,9}(?![\w-])", 0.05, None, r"passport", 0.8),
    EntityPattern(
        "US_BANK_NUMBER", r"(?<![\w-])\d{8,17}(?![\w-])", 0.05, None, r"account (?:number|no)|routing|\baba\b", 0.75
    ),
    EntityPattern(
        "MEDICAL_RECORD",
        r"(?<![\w-])[A-Z]{0,3}-?\d{5,12}(?![\w-])",
        0.05,
        None,
        r"\bmrn\b|medical record|patient (?:id|no)",
        0.75,
    ),
    EntityPattern(
        "AGE",
        r"(?<![\w.,$€£-])(?:1[01]\d|\d{1,2})(?= ?-?(?:years?|yrs?|y)[ /.-]?(?:o(?:ld)?\b)|-year-old)",
        0.6,
    ),
    EntityPattern(
        "AGE",
        (
            r"(?:(?<=\bturned )|(?<=\bturn )|(?<=\bage of )|(?<=\baged )|(?<=\bage: )|(?<=\bage ))(?:1[01]\d|"
            r"[1-9]\d?)(?![\w%-]|[.,]\d)"
        ),
        0.6,
    ),
    *NATIONAL_PATTERNS,
)


def numbers_only(entities: Iterable[str]) -> bool:
    """Whether all of `entities` are found by these patterns: in bounded time, and within a line. Names are not."""
    return {pattern.entity for pattern in PATTERNS}.issuperset(entities)
