"""The verbs of `llmops forget`."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from flows.command import render_forget as render
from flows.command.examples import epilogue
from flows.command.options import DEFAULTS, Options
from flows.command.output import ask_person, say
from flows.command.running import execute, start
from tasks_lib.errors import InputError

if TYPE_CHECKING:
    from tasks_lib.forgetting.receipt import Kind, Removed

Yes = Annotated[bool, Parameter(negative="", help="Do it unasked; without a terminal nothing is done else.")]
DryRun = Annotated[bool, Parameter(negative="", help="Only list what would go.")]
LetIn = Annotated[bool, Parameter(negative="", help="Let it come in again with the next ingest.")]

forget = App(
    name="forget",
    help="Take a document, a person's value or traces out of everything that was written.",
    help_epilogue=epilogue("forget"),
)


@forget.command
def document(
    path: Annotated[str, Parameter(help="As `llmops search` shows it, below its source.")],
    *,
    source: Annotated[str | None, Parameter(help="Its source, where several have the path.")] = None,
    let_in: LetIn = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: Options = DEFAULTS,
) -> int:
    """Forget a document, in every state of every index and wherever it was quoted; it is not ingested again."""
    if let_in:
        return _allow_again(options, path=path, source=source)
    return _forget("document", path, options, source=source, dry_run=dry_run, yes=yes)


@forget.command
def text(
    value: Annotated[
        str | None, Parameter(help="A name, a number, an address; without it, a line of standard input.")
    ] = None,
    *,
    let_in: LetIn = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: Options = DEFAULTS,
) -> int:
    """Forget a person's value wherever it stands, and black it out of what is ingested from now on."""
    given = sys.stdin.readline().rstrip("\n") if value is None else value
    if let_in:
        return _allow_again(options, value=given)
    return _forget("text", given, options, dry_run=dry_run, yes=yes)


@forget.command
def trace(
    trace_id: Annotated[str, Parameter(name="ID", help="Of the answer, as `ask` and the endpoint tell it.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: Options = DEFAULTS,
) -> int:
    """Forget one answer, with what was asked."""
    return _forget("trace", trace_id, options, dry_run=dry_run, yes=yes)


@forget.command
def user(
    name: Annotated[str, Parameter(help="Holder of a key, or the pseudonym on the traces.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: Options = DEFAULTS,
) -> int:
    """Forget all answers that somebody was given, with what was asked."""
    return _forget("user", name, options, dry_run=dry_run, yes=yes)


def _forget(kind: "Kind", what: str, options: Options, *, source: str | None = None, dry_run: bool, yes: bool) -> int:
    settings = start(options)
    from flows.erasure import erase

    execute(
        lambda: erase(
            kind, what, settings, options.platform, source=source, dry_run=dry_run, consent=_consent(kind, yes=yes)
        ),
        render.forget,
        options,
    )
    return 0


def _allow_again(
    options: Options, *, path: str | None = None, source: str | None = None, value: str | None = None
) -> int:
    start(options)
    from flows.erasure import allow_again

    execute(lambda: allow_again(path, source, value), render.forget, options)
    return 0


def _consent(kind: str, *, yes: bool) -> "Callable[[list[Removed]], bool]":
    def asked(found: "list[Removed]") -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise InputError(
                f"{sum(each.count for each in found)} things of this {kind} were found, and nobody is there to say yes",
                hint="Look at them with --dry-run, then run it with --yes.",
            )
        say(f"Of this {kind} there are:")
        for each in found:
            say(f"  {each.place}: {each.count} {each.what}")
        return ask_person("Take all of it out? It cannot be brought back.")

    return asked
