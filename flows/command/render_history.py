"""Holds and the history as text for people. Each function takes the JSON form of one result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from tasks_lib.registry.holds import Hold
from tasks_lib.registry.moments import minute

Result = Mapping[str, Any]


def hold(console: Console, result: Result) -> None:
    """Whether the assistant is on hold now."""
    model, held, released = result["model"], result["hold"], result["released"]
    if held:
        placed = Hold.model_validate(held)
        console.print(Text(f"{model}: {placed}. {placed.way_out}"), soft_wrap=True)
    elif released:
        console.print(Text(f"{model}: released. It was: {Hold.model_validate(released)}"), soft_wrap=True)
    else:
        console.print(f"{model} was not on hold.")


def history(console: Console, result: Result) -> None:
    """What is live and since when, then an entry on a line or two."""
    console.print(Text(_live(result)), soft_wrap=True)
    if result["hold"]:
        console.print(Text(str(Hold.model_validate(result["hold"]))), soft_wrap=True)
    for entry in result["entries"]:
        head = Text.assemble((at(entry["at"]), "dim"), "  ", (_what(entry), "bold"), f"  by {_who(entry)}")
        console.print(head, soft_wrap=True)
        for line in (entry["why"], entry["reason"]):
            if line:
                console.print(Text(f"    {line}", style="dim"), soft_wrap=True)
    if not result["entries"]:
        console.print("Nothing has happened yet: run `llmops deploy`.")


def _live(result: Result) -> str:
    version, live = result["production_version"], result["live"]
    if version is None:
        return f"{result['model']}: nothing is in production."
    if live is None:
        return (
            f"{result['model']}: version {version} is in production, and no run put it there: "
            "an alias was moved by hand in MLflow."
        )
    return f"{result['model']}: version {version} is in production since {at(live['at'])}, by {_who(live)}."


def since(entry: Result) -> str:
    """When and by whom a version came into production, and why; for `status`."""
    why = f": {entry['why']}" if entry["why"] else ""
    return f"since {at(entry['at'])}: {_what(entry)}, by {_who(entry)}{why}"


def _what(entry: Result) -> str:
    if entry["what"] == "rolled back":
        return f"rolled back from version {entry['from_version']} to {entry['version']}"
    return f"{entry['what']}, version {entry['version']}" if entry["version"] else str(entry["what"])


def _who(entry: Result) -> str:
    if not entry["approved_by"]:
        return str(entry["by"])
    verb = "denied" if entry["what"] == "rejected" else "approved"
    comment = f" ({entry['comment']})" if entry["comment"] else ""
    return f"{entry['by']}, {verb} by {entry['approved_by']}{comment}"


def at(moment: str) -> str:
    """A moment of a result, to the minute."""
    return minute(datetime.fromisoformat(moment))
