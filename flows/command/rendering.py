"""What the texts of several verbs are made of."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Result = Mapping[str, Any]
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


def print_bullets(console: Console, lines: Iterable[str]) -> None:
    """Indented on a terminal, where they wrap; each whole on a line elsewhere."""
    for line in lines:
        text = Text(f"• {line}")
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, 2)))
        else:
            console.print(Text("  ").append(text), soft_wrap=True)


def print_languages(console: Console, languages: Mapping[str, float]) -> None:
    """Languages of documents with their shares."""
    if languages:
        console.print(f"  languages: {', '.join(f'{name} {share:.0%}' for name, share in languages.items())}")


def metrics_table(metrics: Result) -> Table:
    """Those that have a value, with what they mean."""
    from tasks_lib.gate.scorers import title_of

    table = Table("metric", "value", "meaning", box=None, padding=(0, 2))
    table.columns[2].style = "dim"
    for name, value in metrics.items():
        if value is not None:
            table.add_row(name, figure(value), title_of(name))
    return table


def figure(value: Any) -> str:
    """Three digits of a float; a dash for nothing."""
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def local_path(uri: str) -> str:
    """The path of a `file:` URI; other URIs stay what they are."""
    parsed = urlparse(uri)
    return str(Path(unquote(parsed.path))) if parsed.scheme == "file" else uri
