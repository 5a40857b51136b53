"""Dates, times and durations as the number formats of a workbook show them: ``01 Mar 2026``, ``26:30``.

Formats that depend on who looks (the short dates of the system) are written as ISO dates, so that no day is a month.
"""

import re
from datetime import date, datetime, time, timedelta

_TOKEN = re.compile(
    r'"[^"]*"?|\\.?|[_*].?|\[(?:h+|m+|s+)\]|\[[^\]]*\]?|am/pm|a/p|y+|m+|d+|h+|s+|\.0+|.', re.IGNORECASE | re.DOTALL
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_OF_THE_SYSTEM = {"mm-dd-yy": "yyyy-mm-dd", "m/d/yy": "yyyy-mm-dd", "m/d/yyyy": "yyyy-mm-dd"}
_OF_THE_SYSTEM |= {"mm/dd/yy": "yyyy-mm-dd", "mm/dd/yyyy": "yyyy-mm-dd"}
_OF_THE_SYSTEM |= {"m/d/yy h:mm": "yyyy-mm-dd hh:mm", "m/d/yyyy h:mm": "yyyy-mm-dd hh:mm"}
_LITERAL = re.compile(r'"[^"]*"?|\\.?|[_*].?|\[[^\]]*\]?|general|E[+-]', re.IGNORECASE | re.DOTALL)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_DATE_SIGNS = re.compile(r"[ymdhs]", re.IGNORECASE)
_QUOTING = '"\\_*'
_NOON = 12


def is_date_format(code: str) -> bool:
    """Whether a number format shows its values as dates or times."""
    return bool(_ELAPSED.search(code) or _DATE_SIGNS.search(_LITERAL.sub("", code.split(";", maxsplit=1)[0])))


def shown_moment(value: datetime | date | time | timedelta, code: str) -> str:
    """A date, time or duration as `code` shows it; in ISO form where `code` is none for dates."""
    section = code.split(";", maxsplit=1)[0].removesuffix("@").strip()
    bare = re.sub(r"\[\$[^\]]*\]", "", section).lower()
    if not is_date_format(code):
        return _iso(value)
    tokens = _TOKEN.findall(_OF_THE_SYSTEM.get(bare, section))
    clock = _Clock(value, half_days=any(token.lower() in {"am/pm", "a/p"} for token in tokens))
    kinds = [token.lower() for token in tokens]
    return "".join(
        clock.written(token, minutes=_are_minutes(kinds, place)) for place, token in enumerate(tokens)
    ).strip()


def _iso(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    return str(value)


def _are_minutes(kinds: list[str], place: int) -> bool:
    """Whether an `m` counts minutes: it stands behind hours, or before seconds."""
    if not kinds[place].startswith("m") or len(kinds[place]) > 2:
        return False
    marks = [kind for kind in kinds[:place] if kind[0] in "ymdhs" or kind[:2] in {"[h", "[m", "[s"}]
    following = [kind for kind in kinds[place + 1 :] if kind[0] in "ymdhs"]
    return bool(marks and marks[-1].strip("[")[0] == "h") or bool(following and following[0][0] == "s")


class _Clock:
    """One moment, written part by part."""

    def __init__(self, value: datetime | date | time | timedelta, *, half_days: bool) -> None:
        self._half_days = half_days
        if isinstance(value, timedelta):
            self._elapsed = value.total_seconds()
            self._moment = datetime(1899, 12, 31) + value  # noqa: DTZ001  (cells have no timezone)
        elif isinstance(value, time):
            self._moment = datetime.combine(date(1899, 12, 31), value)
            self._elapsed = (self._moment - datetime(1899, 12, 31)).total_seconds()  # noqa: DTZ001
        else:
            moment = value if isinstance(value, datetime) else datetime.combine(value, time())
            self._moment = moment
            self._elapsed = (moment - datetime(1899, 12, 30)).total_seconds()  # noqa: DTZ001

    def written(self, token: str, *, minutes: bool) -> str:
        """The part that a token of a format stands for."""
        if token[0] in _QUOTING:
            return _literal(token)
        kind, moment = token.lower(), self._moment
        if kind in {"am/pm", "a/p"}:
            return _half(moment, kind)
        if minutes:
            return f"{moment.minute:0{len(kind)}}"
        if kind[0] in "ymdhs" and set(kind) == {kind[0]}:
            return self._part(kind)
        return f".{moment.microsecond:06}"[: len(kind)] if kind.startswith(".0") else self._of_brackets(kind)

    def _part(self, kind: str) -> str:
        moment, length = self._moment, len(kind)
        if kind[0] == "y":
            return f"{moment.year:04}" if length > 2 else f"{moment.year % 100:02}"
        if kind[0] == "m":
            name = _MONTHS[moment.month - 1]
            return {3: name[:3], 4: name, 5: name[0]}.get(length, f"{moment.month:0{min(length, 2)}}")
        if kind[0] == "d":
            name = _DAYS[moment.weekday()]
            return {3: name[:3], 4: name}.get(length, f"{moment.day:0{min(length, 2)}}")
        if kind[0] == "h":
            hour = (moment.hour % 12 or 12) if self._half_days else moment.hour
            return f"{hour:0{min(length, 2)}}"
        return f"{moment.second:0{min(length, 2)}}"

    def _of_brackets(self, kind: str) -> str:
        """A duration that goes on counting beyond a day; whatever is no part of a date stands for itself."""
        if not _ELAPSED.fullmatch(kind):
            return "" if kind.startswith("[") else kind
        unit = {"h": 3600, "m": 60, "s": 1}[kind[1]]
        return f"{int(self._elapsed // unit):0{len(kind) - 2}}"


def _literal(token: str) -> str:
    if token[0] == '"':
        return token.strip('"')
    return token[1:] if token[0] == "\\" else ""


def _half(moment: datetime, kind: str) -> str:
    half = "AM" if moment.hour < _NOON else "PM"
    return half if kind == "am/pm" else half[0]
