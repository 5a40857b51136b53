"""Holds and the history as text for people. Each function takes the JSON form of one result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from tasks_lib.registry.history import Entry
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
    for entry in map(Entry.model_validate, result["entries"]):
        head = Text.assemble((minute(entry.at), "dim"), "  ", (entry.title, "bold"), f"  by {entry.who}")
        console.print(head, soft_wrap=True)
        for line in (entry.why, entry.told_changes, entry.reason):
            if line:
                console.print(Text(f"    {line}", style="dim"), soft_wrap=True)
    if not result["entries"]:
        console.print("Nothing has happened yet: run `llmops deploy`.")
    console.print(Text(f"Runs of ingest, dataset and monitor are in {result['runs']}.", style="dim"), soft_wrap=True)
    for failed in result["failed_runs"]:
        console.print(failed_run(failed), soft_wrap=True)


def _live(result: Result) -> str:
    version, live = result["production_version"], result["live"]
    if version is None:
        return f"{result['model']}: nothing is in production."
    if live is None:
        return (
            f"{result['model']}: version {version} is in production, and no run put it there: "
            "an alias was moved by hand in MLflow."
        )
    entry = Entry.model_validate(live)
    return f"{result['model']}: version {version} is in production since {minute(entry.at)}, by {entry.who}."


def since(entry: Result) -> str:
    """When and by whom a version came into production, and why; for `status`."""
    live = Entry.model_validate(entry)
    told = f"since {minute(live.at)}: {live.title}, by {live.who}{f': {live.why}' if live.why else ''}"
    return f"{told}; {live.told_changes}" if live.changed else told


def failed_run(failed: Result) -> Text:
    """A run that failed in Prefect, on a line."""
    line = f"  failed {at(failed['at'])}: {failed['name']}: {failed['message']} ({failed['url']})"
    return Text(line, style="red")


def at(moment: str) -> str:
    """A moment of a result, to the minute."""
    return minute(datetime.fromisoformat(moment))


def audit(console: Console, result: Result) -> None:
    """A line for each thing that was done, the oldest first, and what vouches for them."""
    for line in result["lines"]:
        told = line["told"]
        gone = " [dim](some of it was forgotten)[/]" if line["digests"].keys() - told.keys() else ""
        head = Text.assemble((at(line["at"]), "dim"), "  ", (line["what"], "bold"), f"  {told.get('about', '')}")
        console.print(head, f"by {told.get('by', 'somebody')}{gone}", soft_wrap=True)
        if told.get("before") or told.get("after"):
            change = f"    {told.get('before', '–')} → {told.get('after', '–')}"
            console.print(Text(change, style="dim"), soft_wrap=True)
        for name in ("approved_by", "why", "comment", "changed", "reason"):
            if told.get(name):
                console.print(Text(f"    {name.replace('_', ' ')}: {told[name]}", style="dim"), soft_wrap=True)
    if not result["head"]:
        console.print("Nothing was done yet that the audit tells.")
        return
    console.print(f"The chain of {result['checked']} lines holds. Its head, to be kept elsewhere: {result['head']}")


def retention(console: Console, result: Result) -> None:
    """What went by age, or would."""
    verb = "would go" if result["dry_run"] else "deleted"
    for name in ("traces", "reports"):
        before = result[f"{name}_before"]
        if before:
            console.print(f"{result['model']}: {result[name]} {name} from before {at(before)} {verb}")
        else:
            console.print(f"{result['model']}: {name} are kept, whatever their age (retention.{name}_days)")
