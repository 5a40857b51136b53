"""Groundedness: what the passages of an answer support."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks_lib.assistant.contract.answer import Source
from tasks_lib.assistant.embedders.minilm import MiniLM
from tasks_lib.assistant.groundedness import groundedness, sentence_support

TEXT = "Employees get 25 days of annual leave. Unused days expire at the end of March."
SOURCES = [Source(document="leave.md", start=0, end=len(TEXT), score=1.0, content=TEXT, heading="Annual leave")]


class Counting:
    """Embeds, and counts the texts."""

    def __init__(self) -> None:
        self.texts = 0
        self.embedder = MiniLM()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        return np.asarray(self.embedder.embed(list(texts)), dtype=np.float32)


@pytest.mark.parametrize(
    ("response", "share"),
    [
        ("You get 25 days of annual leave a year.", 1.0),
        ("Days that were not taken lapse when March ends.", 1.0),
        ("You get 28 days of annual leave a year.", 0.0),
        ("You get 25 days of leave. Penguins invented the steam engine in Brazil.", 0.5),
        ("Yes.", None),
    ],
)
def test_groundedness_is_the_share_of_sentences_that_the_guardrail_lets_through(
    response: str, share: float | None
) -> None:
    assert groundedness(response, SOURCES, Counting()) == share


def test_a_number_of_the_question_is_known() -> None:
    said = "In 2031 employees get 25 days of annual leave."
    assert groundedness(said, SOURCES, Counting()) == 0.0
    assert groundedness(said, SOURCES, Counting(), question="What holds in 2031?") == 1.0


def test_a_sentence_with_an_invented_number_is_not_compared_by_meaning() -> None:
    said, embed = "Penguins invented 77 steam engines in Brazil.", Counting()
    assert groundedness(said, SOURCES, embed) == 0.0
    assert embed.texts == 0
    ((start, end, support),) = sentence_support(said, SOURCES, embed)
    assert (said[start:end], embed.texts) == (said, 3)
    assert support is not None
    assert support <= 0.2
