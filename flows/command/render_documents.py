"""What became of documents as text for people. Each function takes the JSON form of one result."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

Result = Mapping[str, Any]
COLOURS = {"released": "green", "held": "red", "undecided": "yellow", "rolled back": "yellow"}
SHOWN = 10
"""Documents of a kind that are named."""


def release(console: Console, result: Result) -> None:
    """The decision, its reasons, what changed and what is kept out."""
    decision = result["decision"]
    console.print(
        f"[bold]Documents[/] of {result['assistant']}: [bold {COLOURS.get(decision, 'white')}]{decision}[/] "
        f"[dim]{result['index']} state {result['state']}, {result['released_state']} is read[/]"
    )
    for reason in result["reasons"]:
        console.print(Text(f"  - {reason}"), soft_wrap=True)
    for kind, paths in result["changes"].items():
        if paths:
            console.print(Text(f"  {kind}: {_named(paths)}"), soft_wrap=True)
    if result["quarantined"]:
        console.print(Text(f"  in quarantine: {_named(result['quarantined'])}"), soft_wrap=True)
    if decision in {"held", "undecided"}:
        console.print("  `llmops release --all`, or `--without DOCUMENT`, decides otherwise", markup=False)


def settled(console: Console, result: Result) -> None:
    """What became of proposed questions."""
    console.print(
        f"[bold]Evaluation set[/] {result['dataset']} [dim]version {result['version']}[/]: {result['taken']} proposed "
        f"questions taken in, {result['dropped']} dropped; now {result['examples']} and {result['proposed']} proposed"
    )


def change(console: Console, result: Result) -> None:
    """An ingest in two lines, and what was decided about it."""
    console.print(
        f"[bold]Index[/] {result['index']} [dim]version {result['index_version']}[/]: {result['added']} added, "
        f"{result['updated']} updated, {result['deleted']} deleted"
    )
    of_ingest(console, result)


def of_ingest(console: Console, result: Result) -> None:
    """What is kept out, and what the documents' gate decided about an ingest."""
    if result["forgotten"]:
        console.print(f"  forgotten, kept out: {result['forgotten']}")
    if result["quarantined"]:
        console.print(
            Text(f"  in quarantine, left as they were: {_named(result['quarantined'])}", style="yellow"), soft_wrap=True
        )
    decision = result["decision"]
    if decision:
        console.print(
            f"  [bold {COLOURS.get(decision, 'white')}]{decision}[/]: state {result['released_state']} is read"
        )
        for reason in result["reasons"]:
            console.print(Text(f"    - {reason}"), soft_wrap=True)
    if decision in {"held", "undecided"}:
        console.print(
            "    correct the documents and ingest again, or decide otherwise: `llmops release --all`, or "
            "`--without DOCUMENT`",
            markup=False,
            soft_wrap=True,
        )


def of_index(console: Console, index: Result) -> None:
    """For `status`: the state that waits, and what is kept out."""
    if index["quarantine"]:
        console.print(Text(f"  in quarantine: {_named(index['quarantine'])}"), soft_wrap=True)


def premerge(console: Console, result: Result) -> None:
    """The decision, and why."""
    colour = {"passed": "green", "rejected": "red"}.get(result["decision"], "yellow")
    console.print(
        f"[bold]Change[/] {result['base'][:12]} … {result['head'][:12]}: [bold {colour}]{result['decision']}[/]"
    )
    for reason in result["reasons"]:
        console.print(Text(f"  - {reason}"), soft_wrap=True)
    for each in result["documents"]:
        asked = each["questions"]
        console.print(f"  documents: {each['decision']}, {asked['asked']} of {asked['of']} questions asked again")
    if result["version"]:
        console.print(f"  version: {result['version']['decision']}")


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - SHOWN:,} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more
