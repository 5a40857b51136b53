"""How the language certificate is shown."""

from rich.console import Console
from rich.table import Table

from flows.command.rendering import Result


def guard_languages(console: Console, result: Result) -> None:
    """A line per validator and language, and what nobody has measured with the embedder."""
    columns = ("validator", "embedder", "language", "found", "false alarms", "measured on")
    table = Table(*columns, box=None, padding=(0, 2, 0, 0))
    for name, own in result["validators"].items():
        embedder = result["embedder"].rpartition("/")[2] if name in result["of_embedder"] else "any"
        for code, row in own.items():
            found = f"{row['recall']:.0%} of {row['texts']}"
            alarms = f"{row['false_alarms']:.1%} of {row['harmless']}"
            table.add_row(name, embedder, code, found, alarms, row["data"])
    console.print(table)
    if result["unmeasured"]:
        missing = " and ".join(result["unmeasured"])
        console.print(f"Nobody has measured {missing} with {result['embedder']}; attempts go by their cue words alone.")
    elsewhere = ", ".join(name for name in result["measured_embedders"] if name != result["embedder"])
    if elsewhere:
        console.print(f"Also measured: --set embedder={elsewhere}", style="dim")
    console.print("A question in another language is answered, logged and counted as unchecked.", style="dim")
    console.print("guardrails.unknown_language: refuse stops it.", style="dim")
