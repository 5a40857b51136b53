"""Run a verb: progress on stderr, only the result on stdout."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from pydantic import BaseModel
from rich.console import Console

from flows.command.environment import ensure_state
from flows.command.options import Options
from flows.command.output import Renderer, only_results_on_stdout, print_result, say
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tasks_lib.progress import LinePerMinute, Listener, listening


def start(options: Options, flags: Mapping[str, Any] | None = None) -> Settings:
    """Validate the configuration, then create the embedded state; comes before anything heavy is imported."""
    settings = options.settings(flags)
    ensure_state(Home.from_environment())
    return settings


def execute(work: Callable[[], BaseModel], render: Renderer, options: Options) -> dict[str, Any]:
    """Run `work`, print its result and return it as JSON types."""
    with only_results_on_stdout(), showing_progress(render.__name__):
        result = work().model_dump(mode="json")
    print_result(result, render, as_json=options.json)
    return result


@contextmanager
def showing_progress(verb: str) -> Iterator[None]:
    """Time that has passed and a bar for each step on stderr, if that is a terminal; else lines, see `LinePerMinute`.

    :param verb: What runs; it moves from the first moment on, while packages load and servers start.
    """
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with _bars(verb, console) as show, listening(show):
            yield
        return
    with LinePerMinute(verb, lambda line: say(f"· {line}")) as lines, listening(lines):
        yield


@contextmanager
def _bars(verb: str, console: Console) -> Iterator[Listener]:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        whole = progress.add_task(f"[bold]{verb}", total=None, count="")
        bars: dict[str, Any] = {}
        lock = Lock()

        def show(step: str, done: int, total: int | None) -> None:
            with lock:
                if step not in bars:
                    bars[step] = progress.add_task(step, total=total, count="")
                count = f"{done:,}" if total is None else "" if total == 1 else f"{done:,}/{total:,}"
                progress.update(bars[step], completed=done, total=total, count=count)

        yield show
        progress.update(whole, total=1, completed=1)
