"""Receipts of erasure as text for people. Each function takes the JSON form of one result."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

Result = Mapping[str, Any]


def forget(console: Console, result: Result) -> None:
    """What was taken out, and what could not be."""
    kind, digest = result["kind"], result["digest"]
    if result["done"] and "let_in" in result:
        console.print(f"The {kind} [dim]{digest}[/] may come in again with the next ingest.")
        return
    head = "Forgotten" if result["done"] else "Would be forgotten"
    again = ", where an interrupted run had stopped" if result["resumed"] else ""
    console.print(f"[bold]{head}[/]: {kind} [dim]{digest}[/]{again}")
    for each in result["removed"]:
        console.print(Text(f"  {each['place']}: {each['count']} {each['what']}"), soft_wrap=True)
    if not result["removed"]:
        console.print("  nothing was found")
    if result["kept_out"]:
        console.print("  it is kept out of the indexes until `llmops forget … --let-in`")
    console.print("Not reached:")
    for each in result["remains"]:
        console.print(Text(f"  {each['place']}: {each['why']}", style="dim"), soft_wrap=True)
