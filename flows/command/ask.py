"""The verbs that answer at once and start no Prefect server on `local`: ask, search, guard."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from flows.command import render_ask, render_guard
from flows.command.jsonl import read_column
from flows.command.options import DEFAULTS, Groups, Options, each_group
from flows.command.output import Renderer, only_results_on_stdout, print_json, print_result
from flows.command.running import execute, showing_progress, start
from tasks_lib.errors import InputError
from tasks_lib.text.forms import encodable

Answers = Callable[[list[str]], Iterator[dict[str, Any]]]


Where = Annotated[
    tuple[str, ...],
    Parameter(
        negative="", help="Condition that passages meet, as `document=guides/*` or `page>=3`; repeat it for more."
    ),
]


def ask(
    question: Annotated[str, Parameter(help="The question.")],
    *,
    where: Where = (),
    groups: Groups = (),
    options: Options = DEFAULTS,
) -> int:
    """Ask the production version one question."""
    settings = start(options)
    from flows.ask import answers

    replies = answers([encodable(question)], settings, options.platform, where, each_group(groups))
    with only_results_on_stdout(), showing_progress("ask"):
        answer = next(replies)
    try:
        print_result(answer.model_dump(mode="json"), render_ask.ask, as_json=options.json)
    finally:
        with only_results_on_stdout():
            replies.close()  # its trace is stored behind the answer
    return 0


def search(
    query: Annotated[str | None, Parameter(help="The query.")] = None,
    *,
    file: Annotated[Path | None, Parameter(help="JSON Lines, CSV or TSV with `question`; one result a line.")] = None,
    where: Where = (),
    groups: Groups = (),
    options: Options = DEFAULTS,
) -> int:
    """Retrieve passages for a query; needs no deployment."""
    settings = start(options)
    queries = _texts(query, file, "question")
    from flows.ask import search as run

    rag = settings.rag if options.configured else None
    _answer_each(
        lambda texts: run(texts, rag, settings, options.platform, where, each_group(groups)),
        queries,
        file,
        render_ask.search,
        options,
    )
    return 0


def guard(
    text: Annotated[str | None, Parameter(help="Text to check.")] = None,
    *,
    file: Annotated[Path | None, Parameter(help="JSON Lines, CSV or TSV with `text`; one result a line.")] = None,
    direction: Annotated[
        Literal["input", "output"], Parameter(show_default=True, help="A question or an answer.")
    ] = "input",
    languages: Annotated[
        bool, Parameter(negative="", help="Print how well each validator does in each language, and check nothing.")
    ] = False,
    options: Options = DEFAULTS,
) -> int:
    """Check a text with the guardrails."""
    settings = start(options)
    if languages:
        if text is not None or file is not None:
            raise InputError("--languages checks no text", hint="Give either a text or --languages.")
        from flows.ask import guard_languages

        execute(lambda: guard_languages(settings), render_guard.guard_languages, options)
        return 0
    texts = _texts(text, file, "text")
    if text is not None and not text.strip():
        raise InputError("the text is empty", hint="Give a question, or an answer with --direction output.")
    from flows.ask import guard as run

    _answer_each(
        lambda items: run(items, direction, settings, options.platform), texts, file, render_ask.guard, options
    )
    return 0


def _texts(text: str | None, file: Path | None, column: str) -> list[str]:
    if (text is None) == (file is None):
        raise InputError(f"give either one {column} or --file", hint=f"--file takes rows with {column!r}.")
    return [encodable(text)] if text is not None else read_column(Path(str(file)), column)


def _answer_each(answers: Answers, texts: list[str], file: Path | None, show: Renderer, options: Options) -> None:
    with only_results_on_stdout(), showing_progress(show.__name__):
        rows = answers(texts)
        row = next(rows, None)
    if file is None and row is not None:
        print_result(row, show, as_json=options.json)
        return
    while row is not None:
        if options.json:
            print_json(row)
        else:
            print_result(row, show, as_json=False)
        with only_results_on_stdout():
            row = next(rows, None)
