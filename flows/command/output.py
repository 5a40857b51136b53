"""What the command prints: with ``--json`` one object on stdout, text otherwise; everything else goes to stderr."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from rich.console import Console

from tasks_lib.errors import LlmopsError

PIPED_COLUMNS = 160
Renderer = Callable[[Console, Mapping[str, Any]], None]


@contextmanager
def only_results_on_stdout() -> Iterator[None]:
    """While a verb runs, drop what libraries print for notebooks and send what child processes print to stderr."""
    sys.stdout.flush()
    try:
        real = sys.stdout.fileno() == 1
    except (OSError, ValueError):
        real = False
    saved = os.dup(1) if real else None
    try:
        if saved is not None:
            os.dup2(2, 1)
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        if saved is not None:
            os.dup2(saved, 1)
            os.close(saved)


def print_result(result: Mapping[str, Any], render: Renderer, *, as_json: bool) -> None:
    """Print one result."""
    if as_json:
        print_json(result)
    else:
        render(Console(highlight=False, width=None if sys.stdout.isatty() else piped_width()), result)


def piped_width() -> int:
    """Columns where there is no terminal: wide, so that names are whole for `grep`; `COLUMNS` says otherwise."""
    return int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else PIPED_COLUMNS


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """A line on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def ask_person(question: str) -> bool:
    """Whether somebody at the terminal says yes; no where there is none."""
    if not sys.stdin.isatty():
        return False
    from rich.prompt import Confirm

    return Confirm.ask(question, console=Console(stderr=True, highlight=False), default=False)


def print_error(error: LlmopsError, *, as_json: bool) -> None:
    """The error on stderr, and with ``--json`` as an object on stdout."""
    if as_json:
        print_json({"error": error.as_dict()})
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("[bold red]error:[/]", end=" ")
    console.print(error.message, markup=False)
    if error.hint:
        console.print("[bold]hint:[/]", end=" ")
        console.print(error.hint, markup=False)
