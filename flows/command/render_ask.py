"""Answers and passages as text for people. Each function takes the JSON form of one result."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from flows.command.rendering import Result, figure

SHOWN_SOURCES = 4


def ask(console: Console, result: Result) -> None:
    """The answer and its sources."""
    console.print(Text(result["response"], style="yellow" if result["refused"] else "bold"))
    if not result["refused"]:
        _sources_of_answer(console, result["sources"], result["language"])
    console.print(f"[dim]{result['model_uri']}, trace {result['trace_id']}[/]")


def _sources_of_answer(console: Console, rows: Sequence[Result], asked_in: str | None) -> None:
    """The sources that the answer was taken from, and how many others were found; the best where that is not known."""
    used = [row for row in rows if row.get("used")]
    sources(console, used or rows[:SHOWN_SOURCES], asked_in)
    if others := len(rows) - len(used) if used else 0:
        console.print(f"  [dim]also found: {others} more; `--json` lists them[/]")


def search(console: Console, result: Result) -> None:
    """The retrieved passages."""
    console.print(Text(f"? {result['query']}", style="bold"))
    sources(console, result["results"], result["language"])


def sources(console: Console, rows: Iterable[Result], asked_in: str | None = None) -> None:
    """One line a passage: where it is, how it scored, how it begins; its language where one asked in another."""
    for number, row in enumerate(rows, start=1):
        source = row["document"]
        if row.get("page"):
            source += f", page {row['page']}"
        if row.get("heading"):
            source += f" > {row['heading']}"
        if asked_in and row.get("language") not in {None, asked_in}:
            source += f" [{row['language']}]"
        excerpt = " ".join(line for line in row["content"].splitlines() if not line.startswith("#"))
        excerpt = " ".join(excerpt.split())
        line = Text.assemble((f"  [{number}] {source} ", "cyan"), (f"({row['score']:.2f}) ", "dim"), excerpt[:160])
        console.print(line, no_wrap=True, overflow="ellipsis")


def guard(console: Console, result: Result) -> None:
    """The action and each hit."""
    console.print(f"[bold]{result['action']}[/]")
    for hit in result["hits"]:
        span = f"characters {hit['start']}-{hit['end']}" if hit.get("start") is not None else "whole text"
        console.print(f"  {hit['validator']}: {hit['kind']}, {span}, score {figure(hit['score'])}", markup=False)
    if result["action"] == "mask":
        console.print(Text(f"  let through: {result['text']}"))
