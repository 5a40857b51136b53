"""Equations of Office as linear text, such as ``x=(-b±√(b^2-4ac))/2a``."""

import re
from collections.abc import Callable
from typing import Any

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_VALUE = f"{MATH}val"
_ONE_TOKEN = re.compile(r"\w+(?:\.\d+)?|.|\(.*\)", re.DOTALL)
_OMITTED = {
    "rPr",
    "ctrlPr",
    "fPr",
    "sSupPr",
    "sSubPr",
    "sSubSupPr",
    "sPrePr",
    "radPr",
    "naryPr",
    "dPr",
    "mPr",
    "funcPr",
}
_OMITTED |= {"accPr", "barPr", "limLowPr", "limUppPr", "eqArrPr", "groupChrPr", "boxPr", "borderBoxPr", "phantPr"}
_OMITTED |= {"oMathParaPr", "argPr"}


def linear(element: Any) -> str:
    """Text of an `m:oMath` or `m:oMathPara`; several equations of a paragraph stand on lines of their own."""
    kind = _name(element)
    if kind in _WRITERS:
        return _WRITERS[kind](element)
    if kind == "oMathPara":
        return "\n".join(filter(None, (linear(each) for each in element.iterchildren(f"{MATH}oMath"))))
    if kind == "t":
        return element.text or ""
    if not element.tag.startswith(MATH):
        # runs of the host's own, such as a tracked insertion in an equation
        return "" if kind in {"del", "delText", "rPr", "instrText"} else _own_text(element) + _content(element)
    return _content(element)


def _own_text(element: Any) -> str:
    return (element.text or "") if _name(element) == "t" else ""


def _content(element: Any) -> str:
    children = (child for child in element if isinstance(child.tag, str) and _name(child) not in _OMITTED)
    return "".join(linear(child) for child in children)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _part(element: Any, name: str) -> str:
    found = element.find(MATH + name)
    return "" if found is None else _content(found)


def _setting(element: Any, path: str, default: str) -> str:
    found = element.find("/".join(MATH + step for step in path.split("/")))
    return default if found is None else str(found.get(_VALUE, ""))


def _grouped(text: str) -> str:
    """In parentheses, unless it is one number, word or sign."""
    text = text.strip()
    return text if not text or (_ONE_TOKEN.fullmatch(text) and text.count("(") < 2) else f"({text})"


def _fraction(element: Any) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    if _setting(element, "fPr/type", "bar") == "noBar":
        return f"{above} over {below}"
    return f"{_grouped(above)}/{_grouped(below)}"


def _scripts(element: Any) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    scripts = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    base = _part(element, "e")
    return f"{scripts}{base}" if _name(element) == "sPre" else f"{base}{scripts}"


def _root(element: Any) -> str:
    degree = _part(element, "deg")
    return f"√{f'[{degree}]' if degree else ''}{_grouped(_part(element, 'e'))}"


def _operator(element: Any) -> str:
    sign = _setting(element, "naryPr/chr", "∫")
    below, above = _part(element, "sub"), _part(element, "sup")
    limits = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return f"{sign}{limits} {_part(element, 'e')}"


def _delimited(element: Any) -> str:
    opening, closing = (_setting(element, f"dPr/{name}", sign) for name, sign in (("begChr", "("), ("endChr", ")")))
    between = _setting(element, "dPr/sepChr", "|")
    return opening + between.join(_content(each) for each in element.iterchildren(f"{MATH}e")) + closing


def _matrix(element: Any) -> str:
    rows = (row.iterchildren(f"{MATH}e") for row in element.iterchildren(f"{MATH}mr"))
    return "; ".join(", ".join(_content(cell) for cell in row) for row in rows)


def _lines(element: Any) -> str:
    return "; ".join(_content(each) for each in element.iterchildren(f"{MATH}e"))


def _function(element: Any) -> str:
    argument = _part(element, "e")
    between = "" if argument.startswith("(") else " "
    return f"{_part(element, 'fName')}{between}{argument}"


def _limit(element: Any) -> str:
    mark = "_" if _name(element) == "limLow" else "^"
    return f"{_part(element, 'e')}{mark}{_grouped(_part(element, 'lim'))} "


def _accented(element: Any) -> str:
    return f"{_part(element, 'e')}{_setting(element, 'accPr/chr', chr(0x302))}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "f": _fraction,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "sPre": _scripts,
    "rad": _root,
    "nary": _operator,
    "d": _delimited,
    "m": _matrix,
    "eqArr": _lines,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
    "acc": _accented,
}
