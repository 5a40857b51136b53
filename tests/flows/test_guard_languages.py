"""`llmops guard --languages`: which figures are of which embedder."""

import io

import pytest
from rich.console import Console

from flows.ask import guard_languages
from flows.command import render_guard
from tasks_lib.config.rag import MINILM, MULTILINGUAL_E5
from tasks_lib.config.settings import Settings


def shown(embedder: str) -> str:
    console = Console(file=io.StringIO(), width=160)
    render_guard.guard_languages(console, guard_languages(Settings(embedder=embedder)).model_dump())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(("embedder", "other"), [(MINILM, MULTILINGUAL_E5), (MULTILINGUAL_E5, MINILM)])
def test_a_figure_names_the_embedder_that_it_was_measured_with(embedder: str, other: str) -> None:
    rows = [line.split() for line in shown(embedder).splitlines()]
    named = {row[0]: row[1] for row in rows if row and row[0] in {"injection", "grounding", "topics", "secrets"}}
    own = embedder.removeprefix("local/")
    assert named == {"injection": own, "grounding": own, "topics": own, "secrets": "any"}
    assert f"Also measured: --set embedder={other}" in shown(embedder)


def test_an_embedder_that_nobody_measured_is_said_to_be_unmeasured() -> None:
    text = shown("openai/text-embedding-3-small")
    assert "Nobody has measured grounding and topics with openai/text-embedding-3-small" in text
    assert "topics  " not in text
