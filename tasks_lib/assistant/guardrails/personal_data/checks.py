"""Checks that separate a number that identifies from one that only looks like it; most are python-stdnum's."""

import ipaddress
import re
from functools import cache

from stdnum import iban, luhn, numdb
from stdnum.us import ssn


def digits(text: str) -> str:
    """The ASCII digits of `text`."""
    return "".join(c for c in text if c in "0123456789")


def payment_card(text: str) -> bool:
    """Payment cards: 12 to 19 digits whose Luhn sum is a multiple of ten (ISO/IEC 7812-1), not all alike."""
    number = digits(text)
    return 12 <= len(number) <= 19 and len(set(number)) > 1 and luhn.is_valid(number)


def account_number(text: str) -> bool:
    """IBANs: the country's structure, and 1 modulo 97 (ISO 13616). National check digits are not looked at."""
    return iban.is_valid(text, check_country=False)


def account_number_length(text: str) -> int:
    """Characters of `text`, with its separators, until the IBAN of its country is complete."""
    wanted = _iban_length(text[:2].upper()) or len(text)
    seen = 0
    for position, character in enumerate(text):
        seen += character.isalnum()
        if seen == wanted:
            return position + 1
    return len(text)


@cache
def _iban_length(country: str) -> int:
    """Characters of an IBAN of this country, 0 where it has none."""
    structure = numdb.get("iban").info(country)[0][1].get("bban", "")
    return 4 + sum(map(int, re.findall(r"\d+", structure))) if structure else 0


def us_ssn(text: str) -> bool:
    """US social security numbers as they are issued: no group of zeros, no area 666 or from 900."""
    return ssn.is_valid(digits(text))


def ip_address(text: str) -> bool:
    """IPv4 and IPv6 addresses that can name a machine: not the unspecified one."""
    try:
        return not ipaddress.ip_address(text.split("/", maxsplit=1)[0].split("%", maxsplit=1)[0]).is_unspecified
    except ValueError:
        return False


def telephone(text: str) -> bool:
    """Telephone numbers: 7 to 15 digits (ITU-T E.164), not all alike; no dates and spans of years, which look alike."""
    number = digits(text)
    is_local = text[:1] not in {"+", "("}
    return 7 <= len(number) <= 15 and len(set(number)) > 1 and not (is_local and _MOMENT.search(text))


_YEAR, _DAY = r"(?:19|20)\d\d", r"(?:0?[1-9]|[12]\d|3[01])"
_MOMENT = re.compile(
    rf"(?<!\d)(?:{_DAY}([.-]){_DAY}\1{_YEAR}|{_YEAR}([.-]){_DAY}\2{_DAY}|{_YEAR}[ -]{_YEAR})(?!\d)|"
    rf"^(?:{_DAY} {_DAY} {_YEAR}|{_YEAR} {_DAY} {_DAY})$"
)


def mailbox(text: str) -> bool:
    """Mail addresses of a person: not a role's, such as `hr@` or `support@` (RFC 2142 and common usage)."""
    local = text.split("@", 1)[0].lower()
    return not set(local.replace("_", "-").replace(".", "-").split("-")) & _ROLES


_ROLES = frozenset(
    re.findall(
        r"\w+",
        "abuse admin benefits billing careers compliance contact enquiries expenses facilities feedback "
        "finance hello help helpdesk hostmaster hr info it jobs legal mail marketing news newsletter noreply "
        "office payroll people postmaster press privacy recruiting sales security service servicedesk support "
        "team travel webmaster ",
    )
)
