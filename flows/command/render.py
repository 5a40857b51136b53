"""Results as text for people. Each function takes the JSON form of one result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from rich.console import Console
from rich.json import JSON
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from flows.command import render_documents, render_history

Result = Mapping[str, Any]

SHOWN_SOURCES = 4
SHOWN_DOUBTS = 10
COLOURS = {
    "promote": "green",
    "unchanged": "green",
    "reject": "red",
    "undecided": "yellow",
    "healthy": "green",
    "drifted": "yellow",
    "not_enough_traffic": "yellow",
    "failed": "red",
}

READS = {
    "latest": "it reads the documents as they are now: a rollback of a version brings none back",
    "gated": "it reads the documents that are released: `llmops rollback --documents` takes them back",
}
"""What a version follows → what a rollback to it does not change."""


def ingest(console: Console, result: Result) -> None:
    """Where from, counts, and each failed file with its reason."""
    title = "Plan" if result.get("dry_run") else "Index"
    version = result["index_version"] or "none yet"
    console.print(f"[bold]{title}[/] {result['index']} [dim]version {version}[/]")
    former = f" (until now {_local_path(result['renamed_from'])})" if result["renamed_from"] else ""
    console.print(Text(f"  source: {_local_path(result['source'])}{former}"), soft_wrap=True)
    console.print(
        f"  documents: {result['added']} added, {result['updated']} updated, {result['unchanged']} unchanged, "
        f"{result['deleted']} deleted, {len(result['failed'])} failed"
    )
    console.print(
        f"  chunks: {result['chunks']} in the index, {result['embedded_chunks']} embedded, {result['seconds']:.1f} s"
    )
    _print_languages(console, result["languages"])
    for failure in result["failed"]:
        console.print(Text(f"  ! {failure['path']}: {failure['reason']}", style="yellow"))
    for doubt in result["doubtful"][:SHOWN_DOUBTS]:
        console.print(Text(f"  ? {doubt['path']}: {doubt['reason']}", style="yellow"))
    if len(result["doubtful"]) > SHOWN_DOUBTS:
        console.print(f"  ? {len(result['doubtful']) - SHOWN_DOUBTS} more; --json names them all")
    if result["skipped"]:
        console.print(Text(f"  skipped, not understood: {_skipped(result['skipped'])}", style="yellow"))
    _print_access(console, result.get("access"))
    render_documents.of_ingest(console, result)
    for warning in result["warnings"]:
        console.print(Text(f"  ! {warning}", style="yellow"))


def _print_languages(console: Console, languages: Mapping[str, float]) -> None:
    if languages:
        console.print(f"  languages: {', '.join(f'{name} {share:.0%}' for name, share in languages.items())}")


def _print_access(console: Console, access: Result | None) -> None:
    if access is None:
        return
    console.print(f"  access: {access['restricted']} not for everybody, {access['changed']} changed")
    for problem in access["problems"]:
        told = f"  ! {problem['path']}: {problem['reason']}; nobody sees what it speaks of"
        console.print(Text(told, style="yellow"), soft_wrap=True)


def _skipped(files: list[Result]) -> str:
    named = [
        f"{each['count']} {each['suffix'] or 'without suffix'} ({each['example']})" for each in files[:SHOWN_DOUBTS]
    ]
    return ", ".join(named) + (", …; --json names them all" if len(files) > SHOWN_DOUBTS else "")


def inspection(console: Console, result: Result) -> None:
    """The text of one file, its chunks, and what is suspicious."""
    console.print(Text(f"{result['document']}  ({result['format']}, title {result['title'] or 'none'})", style="bold"))
    console.print(Text(result["text"]), soft_wrap=True)
    for number, chunk in enumerate(result["chunks"], start=1):
        place = f"page {chunk['page']}, " if chunk["page"] else ""
        label = f"chunk {number}: {place}characters {chunk['start']} to {chunk['end']}, {chunk['tokens']} tokens"
        console.print(Text(f"{label}, below {chunk['heading'] or 'no heading'}", style="bold"))
        console.print(Text(chunk["content"]), soft_wrap=True)
    for warning in result["warnings"]:
        console.print(Text(f"  ? {warning}", style="yellow"))
    if not result["warnings"]:
        console.print("  nothing suspicious")


def dataset(console: Console, result: Result) -> None:
    """How many questions of which kind, and what was turned away."""
    version = "none yet" if result["version"] is None else result["version"]
    console.print(f"[bold]Evaluation set[/] {result['dataset']} [dim]version {version}[/]")
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result["by_kind"].items())
    console.print(f"  {result['examples']} questions: {kinds}")
    if result.get("made_by"):
        ways = ", ".join(f"{count} {way.replace('_', ' ')}" for way, count in result["made_by"].items())
        console.print(f"  made from: {ways}")
    if result["rejected"]:
        rejected = ", ".join(f"{count} {reason}" for reason, count in result["rejected"].items())
        console.print(f"  turned away: {rejected}", markup=False)
        for reason, question in result.get("turned_away", {}).items():
            console.print(Text(f"    {reason}, such as {question!r}", style="dim"))
    if result.get("note"):
        _print_bullets(console, [result["note"]])


def questions(console: Console, result: Result) -> None:
    """Questions of a set, each with its answer and the passages that hold it."""
    console.print(
        f"[bold]Evaluation set[/] {result['dataset']} [dim]version {result['version']}[/]: "
        f"{result['shown']} of {result['examples']} questions"
        + (f" and {result['proposed']} that are proposed" if result["proposed"] else "")
    )
    for question in result["questions"]:
        made = question["made_by"] and f", from a {question['made_by'].replace('_', ' ')}"
        made += question["proposed_with"] and f", proposed with state {question['proposed_with']}"
        console.print(Text(f"{question['id']}  ({question['kind'].replace('_', ' ')}{made})", style="dim"))
        for message in question["messages"]:
            console.print(Text(f"  {'asked' if message['role'] == 'user' else 'told'}: {message['content']}"))
        console.print(Text(f"  answer: {question['answer'] or '(a refusal)'}", style="green"))
        for reference in question["references"]:
            place = f"{reference['document']}, characters {reference['start']} to {reference['end']}"
            console.print(Text(f"  {place}: {' '.join(reference['content'].split())}", style="dim"), soft_wrap=True)


def deploy(console: Console, result: Result) -> None:
    """The verdict, its reasons and the metrics; or what a deployment would take."""
    if result["estimate"]:
        _estimate(console, result["estimate"])
        return
    colour = COLOURS.get(result["decision"], "white")
    version = f" version {result['version']}" if result["version"] else ""
    console.print(f"[bold]Gate[/] {result['model']}{version}: [bold {colour}]{result['decision']}[/]")
    _print_bullets(console, result["reasons"])
    if result["metrics"]:
        console.print(_metrics(result["metrics"]))
    console.print(f"  production: version {result['production_version'] or '–'}")


def _estimate(console: Console, expected: Result) -> None:
    cost = "unknown cost" if expected["cost"] is None else f"cost {expected['cost']:g}"
    console.print(f"[bold]Estimate[/] about {expected['minutes']:g} minutes, {cost} ({expected['basis']})")
    console.print(
        f"  {expected['questions']} questions, {expected['calls']} answers, "
        f"{expected['language_model_calls']} of them by a language model; at most {expected['judge_calls']} judgements"
    )
    _print_bullets(console, expected["assumptions"])


def tune(console: Console, result: Result) -> None:
    """Trials, best first, and the gate's decision; without trials only what would help."""
    if not result["trials"]:
        deploy(console, result["deploy"])
        return
    table = Table(title="Trials", title_justify="left")
    columns = list(dict.fromkeys(key for trial in result["trials"] for key in trial))
    for column in columns:
        table.add_column(column)
    for trial in result["trials"]:
        table.add_row(*(_number(trial.get(column)) for column in columns))
    console.print(table)
    console.print("[bold]Best[/]", result["best"])
    if result["deploy"]:
        deploy(console, result["deploy"])


def rollback(console: Console, result: Result) -> None:
    """From where to where."""
    console.print(
        f"[bold]Production[/] of {result['model']}: version {result['from_version']} → {result['to_version']}"
    )
    if told := READS.get(result["follows"]):
        console.print(f"  {told}", markup=False)
    console.print("  automatic deployments are on hold until you deploy, or run `llmops hold --release`", markup=False)


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
        console.print(f"  {hit['validator']}: {hit['kind']}, {span}, score {_number(hit['score'])}", markup=False)
    if result["action"] == "mask":
        console.print(Text(f"  let through: {result['text']}"))


def monitor(console: Console, result: Result) -> None:
    """The verdict, what drifted and where the report is."""
    colour = COLOURS.get(result["verdict"], "white")
    verdict = result["verdict"].replace("_", " ")
    if result["verdict"] == "healthy" and not result["is_judged"]:
        verdict, colour = "healthy as far as it was measured, not judged", "yellow"
    console.print(f"[bold]Monitoring[/] {result['traces']} traces: [bold {colour}]{verdict}[/]")
    _print_bullets(console, result.get("reasons") or [])
    if result["drifted"]:
        console.print(f"  drifted: {', '.join(result['drifted'])}")
    if result["report"]:
        console.print(Text(f"  report: {_local_path(result['report'])}"), soft_wrap=True)


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
        _print_languages(console, index["languages"])
        render_documents.of_index(console, index)
    if result["dataset"]:
        waiting = result["proposed_questions"]
        told = f", and {waiting} proposed questions that wait for a person" if waiting else ""
        console.print(f"  evaluation set: {result['dataset']}{told}")
    for name in ("last_gate", "last_ingest", "last_monitoring"):
        run = result[name]
        if run:
            line = f"  {name.replace('_', ' ')}: {render_history.at(run['at'])} {_outcome(run['summary'])}".rstrip()
            console.print(Text(line), soft_wrap=True)
    _print_bullets(console, result["reasons"])
    for failed in result["failed_runs"]:
        console.print(render_history.failed_run(failed), soft_wrap=True)
    for name, link in result["links"].items():
        console.print(Text(f"  {name}: {link}"), soft_wrap=True)


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
            Text(_local_path(row["source"])), str(row["documents"]), str(row["chunks"]), Text(row["index"], style="dim")
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


def demo(console: Console, result: Result) -> None:
    """The whole loop, for a newcomer: each step under the command that does it alone."""
    from flows.demo import BAD_PAGE, QUESTION

    steps: tuple[tuple[str, str, str, Callable[[Console, Result], None]], ...] = (
        ("ingest", "llmops ingest", "documents into the index", ingest),
        ("dataset", "llmops dataset", "questions that a version must answer", dataset),
        ("deploy", "llmops deploy", "a version through the gate", deploy),
        ("ask", f"llmops ask '{QUESTION}'", "production answers", ask),
        ("good_change", "llmops ingest --source notices", "a new page that harms no answer", render_documents.change),
        ("bad_change", "llmops ingest --source notices", "a page with a wrong figure", render_documents.change),
        ("left_out", f"llmops release --without {BAD_PAGE[0]}", "what a person decides", render_documents.release),
        ("monitor", "llmops monitor", f"{result['traffic']} questions of simulated traffic", monitor),
    )
    for number, (name, command, what, show) in enumerate(steps, start=1):
        console.print()
        console.print(Text.assemble((f" {number} ", "reverse"), " ", (command, "bold cyan"), (f"  # {what}", "dim")))
        show(console, result[name])
    console.print()
    console.print(f"[bold green]Done[/] in {result['seconds']:.0f} seconds. Next:")
    console.print("  llmops ask 'your question'", "  llmops ingest --source your-folder", "  llmops serve", sep="\n")


def _print_bullets(console: Console, lines: Iterable[str]) -> None:
    """Indented on a terminal, where they wrap; each whole on a line elsewhere."""
    for line in lines:
        text = Text(f"• {line}")
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, 2)))
        else:
            console.print(Text("  ").append(text), soft_wrap=True)


def _metrics(metrics: Result) -> Table:
    """Those that have a value, with what they mean."""
    from tasks_lib.gate.scorers import title_of

    table = Table("metric", "value", "meaning", box=None, padding=(0, 2))
    table.columns[2].style = "dim"
    for name, value in metrics.items():
        if value is not None:
            table.add_row(name, _number(value), title_of(name))
    return table


def _number(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _local_path(uri: str) -> str:
    parsed = urlparse(uri)
    return str(Path(unquote(parsed.path))) if parsed.scheme == "file" else uri
