"""The difference of two versions as text for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

Result = Mapping[str, Any]
LISTED = 20
"""Files, documents and questions that are told; --json has all."""
LONGEST = 100


def diff(console: Console, result: Result) -> None:
    """Each part that is another one; what is the same is said in one line."""
    before, after = result["before"], result["after"]
    console.print(Text(f"{result['model']}: {_named(before)} → {_named(after)}", style="bold"), soft_wrap=True)
    same = []
    for name, told in (
        ("configuration", _configuration(result)),
        ("prompt", result["prompt"]),
        ("code", _code(result)),
        (f"documents ({_both(before, after, 'index_version')})", _listed(result["documents"], "document")),
        (f"questions ({_both(before, after, 'dataset')})", _listed(result["questions"], "question")),
    ):
        if told:
            console.print(Text(f"{name}:", style="bold"), soft_wrap=True)
            for line in told:
                console.print(Text(f"  {line}"), soft_wrap=True)
        elif told is not None:
            same.append(name.partition(" ")[0])
    for note in result["notes"]:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    if same:
        console.print(f"The same: {', '.join(same)}.")
    _figures(console, result)


def _named(version: Result) -> str:
    aliases = f" ({', '.join(version['aliases'])})" if version["aliases"] else ""
    decision = f", {version['decision']}" if version["decision"] else ""
    return f"version {version['version']}{aliases}{decision}"


def _both(before: Result, after: Result, name: str) -> str:
    one, other = before[name] or "none", after[name] or "none"
    return one if one == other else f"{one} → {other}"


def _configuration(result: Result) -> list[str]:
    return [f"{each['name']}: {_short(each['before'])} → {_short(each['after'])}" for each in result["configuration"]]


def _code(result: Result) -> list[str]:
    lines = [f"{each['change']} {each['path']} (+{each['plus']} −{each['minus']})" for each in result["code"]]
    return _cut(lines)


def _listed(found: list[Result] | None, name: str) -> list[str] | None:
    return None if found is None else _cut([f"{each['change']} {_short(each[name])}" for each in found])


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - LISTED
    return lines if more <= 0 else [*lines[:LISTED], f"… and {more} more"]


def _short(value: object) -> str:
    text = " ".join(str("–" if value is None else value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _figures(console: Console, result: Result) -> None:
    if not result["figures"]:
        console.print("Neither was measured by a gate.")
        return
    table = Table("figure", "before", "after", "difference")
    for each in result["figures"]:
        one, other = each["before"], each["after"]
        by = "" if one is None or other is None else f"{other - one:+.4g}"
        table.add_row(each["metric"], *("–" if value is None else f"{value:.4g}" for value in (one, other)), by)
    console.print(table)
    if not result["same_questions"]:
        console.print("They were measured on other questions: the differences compare nothing.")
