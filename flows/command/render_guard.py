"""How the language certificate is shown."""

from rich.console import Console
from rich.table import Table

from flows.command.render import Result


def guard_languages(console: Console, result: Result) -> None:
    """A line per validator and language."""
    table = Table("validator", "language", "found", "false alarms", "measured on", box=None, padding=(0, 2, 0, 0))
    for name, own in result["validators"].items():
        for code, row in own.items():
            found = f"{row['recall']:.0%} of {row['texts']}"
            alarms = f"{row['false_alarms']:.1%} of {row['harmless']}"
            table.add_row(name, code, found, alarms, row["data"])
    console.print(table)
    console.print("A question in another language is answered, logged and counted as unchecked.", style="dim")
    console.print("guardrails.unknown_language: refuse stops it.", style="dim")
