"""Values of workbooks and charts as their number formats show them: ``7.5%``, ``1,234.50 €``, ``(12)``, ``1 1/2``."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tasks_lib.ingestion.converters.date_formats import is_date_format, shown_moment

_TOKEN = re.compile(r'"[^"]*"?|\\.?|[_*].?|\[[^\]]*\]?|general|E[+-]|.', re.IGNORECASE | re.DOTALL)
_CURRENCY = re.compile(r"\[\$([^\]-]*)")
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_FRACTION = re.compile(r"(?:([#0?,]+) +)?([#0?]+) */ *([#0?]+|\d+)")
_GENERAL_DIGITS = 11
_PRECISION = 15
_MOST_DECIMALS = 30
_MOST_DENOMINATOR = 9999


def shown(value: Any, code: str) -> str:
    """What a cell shows.

    :param value: As openpyxl reads it.
    :param code: The number format, such as `#,##0.00`; `General` where there is none.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (datetime, date, time, timedelta)):
        return shown_moment(value, code)
    if isinstance(value, (int, float)):
        return _number(value, code)
    return str(value)


def _number(value: float, code: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  (not a number)
        return str(value)
    exact = Decimal(f"{value:.{_PRECISION}g}") if isinstance(value, float) else Decimal(value)
    section, signed = _section(exact, _sections(code))
    if section is None or is_date_format(code):
        return _general(value)
    written = _written(section, abs(exact), value)
    minus = "-" if signed and exact < 0 and any(map(str.isdigit, written)) and _is_not_zero(written) else ""
    return f"{minus}{written}".strip()


def _is_not_zero(written: str) -> bool:
    return any(sign.isdigit() and sign != "0" for sign in written)


def _general(value: float) -> str:
    if isinstance(value, int) and abs(value) < 10**_GENERAL_DIGITS:
        return str(value)
    return f"{value:.{_GENERAL_DIGITS}g}".replace("e", "E")


@dataclass
class _Section:
    """A part of a number format: what stands around the digits, and how they are written."""

    pieces: list[str | None] = field(default_factory=list)
    """Literals, and `None` where a run of digits stands."""
    digits: list[str] = field(default_factory=list)
    """The runs of digits, such as `#,##0.00`."""
    general: bool = False
    percents: int = 0
    exponent: bool = False
    fraction: re.Match[str] | None = None
    condition: tuple[str, Decimal] | None = None


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[list[str]] = [[]]
    for part in _TOKEN.findall(code or "General"):
        if part == ";":
            sections.append([])
        else:
            sections[-1].append(part)
    return tuple(map(_read, sections))


def _read(tokens: list[str]) -> _Section:
    section = _Section(fraction=_FRACTION.search("".join(token for token in tokens if len(token) == 1)))
    for token in tokens:
        _take(token, section)
    return section


def _take(token: str, section: _Section) -> None:
    if token.startswith('"'):
        section.pieces.append(token.strip('"'))
    elif token[0] == "\\":
        section.pieces.append(token[1:])
    elif token[0] == "[":
        _take_brackets(token, section)
    elif token[0] == "_":
        section.pieces.append(" ")
    elif token.lower() == "general":
        section.general = True
        section.pieces.append(None)
        section.digits.append("")
    elif token[0] in "0#?.,":
        _take_digit(token, section)
    elif token[:1] in "Ee" and len(token) > 1:
        section.exponent = True
        section.pieces.append(None)
        section.digits.append("")
    elif token[0] == "%":
        section.percents += 1
        section.pieces.append("%")
    elif token[0] != "*":
        section.pieces.append(token)


def _take_brackets(token: str, section: _Section) -> None:
    if currency := _CURRENCY.match(token):
        section.pieces.append(currency[1])
    elif condition := _CONDITION.match(token):
        section.condition = (condition[1], Decimal(condition[2]))


def _take_digit(sign: str, section: _Section) -> None:
    if section.pieces and section.pieces[-1] is None and not section.general:
        section.digits[-1] += sign
    elif sign == ",":
        section.pieces.append(sign)
    else:
        section.pieces.append(None)
        section.digits.append(sign)


def _section(value: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section | None, bool]:
    """The section for a value, and whether a minus sign is still to be written."""
    if any(each.condition for each in sections):
        for each in sections[:3]:
            if each.condition is None or _meets(value, *each.condition):
                return each, True
        return None, True
    numeric = sections[:3]
    if value < 0 and len(numeric) > 1:
        return numeric[1], False
    if value == 0 and len(numeric) > 2:
        return numeric[2], False
    return numeric[0], True


def _meets(value: Decimal, comparison: str, limit: Decimal) -> bool:
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[comparison]


def _written(section: _Section, value: Decimal, raw: float) -> str:
    if section.fraction:
        return _as_fraction(section.fraction, value)
    if not section.digits:
        return "".join(piece for piece in section.pieces if piece is not None and piece != "@").strip() or (
            _general(abs(raw)) if "@" in section.pieces else ""
        )
    value = value.scaleb(2 * section.percents)
    if section.general:
        numbers: list[str] = [_general(abs(raw))]
    elif section.exponent:
        numbers = _scientific(section, value)
    elif len(section.digits) > 1:
        numbers = _spread(section.digits, value)
    else:
        numbers = [_fixed(section.digits[0], value)]
    written = iter(numbers)
    return "".join(next(written, "") if piece is None else piece for piece in section.pieces)


def _fixed(digits: str, value: Decimal) -> str:
    """A run of digits such as `#,##0.00`; a comma at its end divides by a thousand."""
    whole, point, decimals = digits.partition(".")
    scale = len(digits) - len(digits.rstrip(","))
    whole, decimals = whole.rstrip(",") if not point else whole, decimals.rstrip(",")
    places = min(sum(sign in "0#?" for sign in decimals), _MOST_DECIMALS)
    rounded = value.scaleb(-3 * scale).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    integer, _, rest = f"{rounded:f}".partition(".")
    least = whole.count("0")
    integer = integer.lstrip("0").rjust(least, "0")
    if "," in whole:
        integer = f"{int(integer or 0):,}".rjust(least, "0") if integer else ""
    needed = max((index + 1 for index, sign in enumerate(decimals) if sign == "0"), default=0)
    rest = rest[:needed] + rest[needed:].rstrip("0")
    return integer + (f".{rest}" if rest else "." if point and needed else "")


def _spread(runs: list[str], value: Decimal) -> list[str]:
    """Digits over several runs, as in `000-00-0000`: from the last run to the first, which takes what is left."""
    left = f"{value.quantize(Decimal(1), rounding=ROUND_HALF_UP):f}"
    numbers = []
    for run in reversed(runs[1:]):
        places = sum(sign in "0#?" for sign in run)
        numbers.append(left[-places:].rjust(run.count("0"), "0") if places else "")
        left = left[:-places] if places else left
    numbers.append(left.rjust(runs[0].count("0"), "0"))
    return numbers[::-1]


def _scientific(section: _Section, value: Decimal) -> list[str]:
    mantissa = section.digits[0] or "0"
    power = value.adjusted() if value else 0
    number = _fixed(mantissa, value.scaleb(-power))
    if number.startswith("10"):
        power, number = power + 1, _fixed(mantissa, value.scaleb(-power - 1))
    places = sum(sign in "0#?" for sign in "".join(section.digits[1:])) or 1
    return [number, f"E{'+' if power >= 0 else '-'}{abs(power):0{places}}"]


def _as_fraction(match: re.Match[str], value: Decimal) -> str:
    """Such as `# ?/?`, with a whole part, or `?/16`, without."""
    mixed, below = match[1] is not None, match[3]
    whole = int(value) if mixed else 0
    rest = Fraction(value - whole)
    if below.isdigit() and int(below):
        part = (round(rest * int(below)), int(below))
    else:
        nearest = rest.limit_denominator(min(10 ** len(below) - 1, _MOST_DENOMINATOR))
        part = (nearest.numerator, nearest.denominator)
    if mixed and part[0] == part[1]:
        whole, part = whole + 1, (0, 1)
    if mixed and not part[0]:
        return str(whole)
    return f"{whole} {part[0]}/{part[1]}" if mixed and whole else f"{part[0]}/{part[1]}"
