"""Checks that separate a number that identifies from one that only looks like it."""

import ipaddress
import re

_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_IBAN_LENGTHS = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NL": 18,
    "NO": 15,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "SA": 24,
    "SC": 31,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "ST": 25,
    "SV": 28,
    "TL": 23,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
}


def digits(text: str) -> str:
    """The ASCII digits of `text`."""
    return "".join(c for c in text if c in "0123456789")


def luhn(text: str) -> bool:
    """Payment cards: 12 to 19 digits whose Luhn sum is a multiple of ten (ISO/IEC 7812-1)."""
    number = digits(text)
    if not 12 <= len(number) <= 19 or len(set(number)) == 1:
        return False
    total = sum(int(d) if i % 2 == 0 else _LUHN_DOUBLED[int(d)] for i, d in enumerate(reversed(number)))
    return total % 10 == 0


def iban(text: str) -> bool:
    """Account numbers: the country's length, and 1 modulo 97 (ISO 13616)."""
    code = "".join(c for c in text.upper() if c.isalnum())
    if _IBAN_LENGTHS.get(code[:2]) != len(code):
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


def iban_length(text: str) -> int:
    """Characters of `text`, with its separators, until the account number of its country is complete."""
    wanted = _IBAN_LENGTHS.get(text[:2].upper(), len(text))
    seen = 0
    for position, character in enumerate(text):
        seen += character.isalnum()
        if seen == wanted:
            return position + 1
    return len(text)


def us_ssn(text: str) -> bool:
    """US social security numbers as they are issued: no group of zeros, no area 666 or from 900."""
    number = digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    return len(number) == 9 and area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def ip_address(text: str) -> bool:
    """IPv4 and IPv6 addresses that can name a machine: not the unspecified one."""
    try:
        return not ipaddress.ip_address(text.split("/", maxsplit=1)[0].split("%", maxsplit=1)[0]).is_unspecified
    except ValueError:
        return False


def telephone(text: str) -> bool:
    """Telephone numbers: 7 to 15 digits (ITU-T E.164), not all alike."""
    number = digits(text)
    return 7 <= len(number) <= 15 and len(set(number)) > 1


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
