"""Results of the loop as text for people. Each function takes the JSON form of one result."""

from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.command import render_documents
from flows.command.render_ask import ask
from flows.command.rendering import COLOURS, Result, figure, local_path, metrics_table, print_bullets, print_languages

SHOWN_DOUBTS = 10
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
    former = f" (until now {local_path(result['renamed_from'])})" if result["renamed_from"] else ""
    console.print(Text(f"  source: {local_path(result['source'])}{former}"), soft_wrap=True)
    console.print(
        f"  documents: {result['added']} added, {result['updated']} updated, {result['unchanged']} unchanged, "
        f"{result['deleted']} deleted, {len(result['failed'])} failed"
    )
    console.print(
        f"  chunks: {result['chunks']} in the index, {result['embedded_chunks']} embedded, {result['seconds']:.1f} s"
    )
    print_languages(console, result["languages"])
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
        print_bullets(console, [result["note"]])


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
    print_bullets(console, result["reasons"])
    if result["metrics"]:
        console.print(metrics_table(result["metrics"]))
    console.print(f"  production: version {result['production_version'] or '–'}")


def promote(console: Console, result: Result) -> None:
    """Where from and where to, what did not come along, and the verdict of the gate there."""
    console.print(f"[bold]Copied[/] version {result['from_version']} of {result['from_platform']}", end=" ")
    console.print(f"to {result['to_platform']}")
    for missing in result["missing"]:
        console.print(Text(f"  ! not there any more: {missing}", style="yellow"))
    deploy(console, result)


def _estimate(console: Console, expected: Result) -> None:
    cost = "unknown cost" if expected["cost"] is None else f"cost {expected['cost']:g}"
    console.print(f"[bold]Estimate[/] about {expected['minutes']:g} minutes, {cost} ({expected['basis']})")
    console.print(
        f"  {expected['questions']} questions, {expected['calls']} answers, "
        f"{expected['language_model_calls']} of them by a language model; at most {expected['judge_calls']} judgements"
    )
    print_bullets(console, expected["assumptions"])


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
        table.add_row(*(figure(trial.get(column)) for column in columns))
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


def monitor(console: Console, result: Result) -> None:
    """The verdict, what drifted and where the report is."""
    colour = COLOURS.get(result["verdict"], "white")
    verdict = result["verdict"].replace("_", " ")
    if result["verdict"] == "healthy" and not result["is_judged"]:
        verdict, colour = "healthy as far as it was measured, not judged", "yellow"
    console.print(f"[bold]Monitoring[/] {result['traces']} traces: [bold {colour}]{verdict}[/]")
    print_bullets(console, result.get("reasons") or [])
    if result["drifted"]:
        console.print(f"  drifted: {', '.join(result['drifted'])}")
    if result["report"]:
        console.print(Text(f"  report: {local_path(result['report'])}"), soft_wrap=True)


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
