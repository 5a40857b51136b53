"""Results of the verbs around the loop as text for people. Each function takes the JSON form of one result."""

from collections.abc import Sequence

from rich.console import Console
from rich.json import JSON
from rich.table import Column, Table
from rich.text import Text

from flows.command import render_documents, render_history
from flows.command.rendering import Result, local_path, print_bullets, print_languages


def status(console: Console, result: Result) -> None:
    """The live version, its index and the last runs; a table where there are several assistants."""
    if result["assistants"]:
        _assistants(console, result["assistants"])
        return
    live = result["production"]
    if live:
        console.print(f"[bold]Live[/] {live['model_uri']} [dim]{live['llm']}, {live['embedder']}[/]")
        if result["live"]:
            console.print(Text(f"  {render_history.since(result['live'])}"), soft_wrap=True)
    index = result["index"]
    if index:
        console.print(
            f"  index: {index['name']} version {index['version']}, {index['chunks']} chunks, follows {index['follow']}"
        )
        print_languages(console, index["languages"])
        render_documents.of_index(console, index)
    if result["dataset"]:
        waiting = result["proposed_questions"]
        told = f", and {waiting} proposed questions that wait for a person" if waiting else ""
        console.print(f"  evaluation set: {result['dataset']}{told}")
    _counted(console, result)
    print_bullets(console, result["reasons"])
    for failed in result["failed_runs"]:
        console.print(render_history.failed_run(failed), soft_wrap=True)
    for name, link in result["links"].items():
        console.print(Text(f"  {name}: {link}"), soft_wrap=True)


def _counted(console: Console, result: Result) -> None:
    """What the month took, and the last runs."""
    if result["spending"]:
        console.print(Text(f"  {_spending(result['spending'])}"), soft_wrap=True)
    for name in ("last_gate", "last_ingest", "last_monitoring"):
        run = result[name]
        if run:
            line = f"  {name.replace('_', ' ')}: {render_history.at(run['at'])} {_outcome(run['summary'])}".rstrip()
            console.print(Text(line), soft_wrap=True)


def _spending(month: Result) -> str:
    """Answers, tokens and cost of the month, with what they may be."""
    told = [f"{month['answers']:,} answers"]
    for unit, shown in (("tokens", f"{month['tokens']:,} tokens"), ("cost", f"cost {month['cost']:.4g}")):
        budget = month[f"{unit}_budget"]
        told.append(
            shown if budget is None else f"{shown} of {budget:,g}" if unit == "cost" else f"{shown} of {budget:,}"
        )
    return f"month {month['month']}: {', '.join(told)}"


def _outcome(summary: Result) -> str:
    """What a run came to: decision and reason of a gate, verdict of a monitoring, counts of an ingest."""
    if "ingest_source" in summary:
        counts = ", ".join(f"{int(summary.get(name, 0))} {name}" for name in ("added", "updated", "deleted", "failed"))
        named = f": {summary['changed']}" if summary.get("changed") else ""
        return f"{counts} of {summary['ingest_source']}{named}"
    if "decision" not in summary:
        window = [render_history.at(summary[end]) for end in ("since", "until") if end in summary]
        told = f" (traces from {' to '.join(window)})" if window else ""
        return f"{summary.get('verdict', '')}{told}".replace("_", " ")
    version = f"version {summary['version']}: " if "version" in summary else ""
    return f"{version}{summary['decision']}{': ' if summary.get('reasons') else ''}{summary.get('reasons', '')}"


def _assistants(console: Console, rows: Sequence[Result]) -> None:
    table = Table("assistant", "production", "collection", "last gate", "last monitoring")
    for row in rows:
        version = f"version {row['production']}" if row["production"] else "–"
        cells = (row[name] or "–" for name in ("collection", "last_gate", "last_monitoring"))
        table.add_row(row["assistant"], version, *cells)
    console.print(table)
    console.print("[dim]`llmops status --assistant NAME` tells more of one.[/]")


def pipeline_names(console: Console, result: Result) -> None:
    """A table of pipelines."""
    table = Table("pipeline", "from … to …")
    for name, does in result.items():
        table.add_row(name, does)
    console.print(table)


def pipelines(console: Console, result: Result) -> None:
    """Pipelines as they are, so that a file takes them: no colours, no broken lines."""
    for text in result["pipelines"].values():
        console.out(text, end="", highlight=False)


def indexes(console: Console, result: Result) -> None:
    """A table of indexes."""
    if result["dropped"]:
        console.print(f"dropped {result['dropped']}")
    table = Table(Column("index", no_wrap=True), "version", "sources", "documents", "chunks", "needed by")
    for row in result["indexes"]:
        table.add_row(
            row["name"],
            row["version"] or row["problem"],
            str(len(row["sources"])),
            str(row["documents"]),
            str(row["chunks"]),
            ", ".join([*row["needed_by"], *row["pinned_by"], *row["questions"]]) or "–",
        )
    console.print(table)


def index_sources(console: Console, result: Result) -> None:
    """A table of sources."""
    table = Table(Column("source", overflow="fold"), "documents", "chunks", "index")
    for row in result["sources"]:
        table.add_row(
            Text(local_path(row["source"])), str(row["documents"]), str(row["chunks"]), Text(row["index"], style="dim")
        )
    console.print(table)


def schema(console: Console, result: Result) -> None:
    """Coloured JSON."""
    console.print(JSON.from_data(dict(result)))


def bootstrap(console: Console, result: Result) -> None:
    """What was created, updated and left unchanged."""
    for name in result["created"]:
        console.print(f"[green]created[/] {name}")
    for name in result["updated"]:
        console.print(f"[yellow]updated[/] {name}")
    console.print(f"[dim]unchanged: {len(result['unchanged'])}[/]")
    for warning in result["warnings"]:
        console.print(Text(warning, style="yellow"), soft_wrap=True)


def doctor(console: Console, result: Result) -> None:
    """A row for each check."""
    for check in result["checks"]:
        mark = "[green]✓[/]" if check["ok"] else "[red]✗[/]"
        console.print(mark, Text(f"{check['name']}: {check['detail']}"))
        if check["hint"]:
            console.print(Text(f"    {check['hint']}", style="dim"))


def up(console: Console, result: Result) -> None:
    """Addresses of what runs."""
    for name, address in result["addresses"].items():
        console.print(f"  {name}: {address}")
    for name, reason in result["pending"].items():
        console.print(Text(f"  {name}: {reason}"), soft_wrap=True)
    console.print(Text(f"  log: {result['log']}"), soft_wrap=True)
    console.print("[dim]Press Ctrl+C to stop everything.[/]")
