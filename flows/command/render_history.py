"""Holds and the history as text for people. Each function takes the JSON form of one result."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from tasks_lib.registry.holds import Hold

Result = Mapping[str, Any]


def hold(console: Console, result: Result) -> None:
    """Whether the assistant is on hold now."""
    model, held, released = result["model"], result["hold"], result["released"]
    if held:
        placed = Hold.model_validate(held)
        console.print(Text(f"{model}: {placed}. {placed.way_out}"), soft_wrap=True)
    elif released:
        console.print(Text(f"{model}: released. It was: {Hold.model_validate(released)}"), soft_wrap=True)
    else:
        console.print(f"{model} was not on hold.")
