"""Questions that need a clarification first: asking back is right, an answer or a bare refusal is not."""

import pytest

from tasks_lib.dataset.examples import example_of
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate.answer_metrics import Row, answer_rate, asks_back, right_or_refused
from tasks_lib.gate.known import known_alone
from tasks_lib.gate.scorers import required_metrics
from tests.tasks_lib.registry import fakes

UNCLEAR = example_of("clarification", "What about the limit?")


def row(response: str, *, refused: bool = False) -> Row:
    said = {"response": response, "source_documents": [], "refused": refused, "guardrails": []}
    return Row.of(UNCLEAR, said, Similarity(fakes.FakePlatform().embedder("any")))


@pytest.mark.parametrize(
    "response",
    [
        "The limit of what?",
        "Do you mean hotels or meals? ",
        "什么的限额\uff1f",
        "ما الحد؟",
        'Which one ("hotel" or "meal"?)',
    ],
)
def test_asking_back_is_right_whether_it_counts_as_a_refusal_or_not(response: str) -> None:
    assert asks_back(response)
    assert right_or_refused(row(response)) == right_or_refused(row(response, refused=True)) == 1.0


@pytest.mark.parametrize("response", ["The limit is 120 euros.", "Is it? It is 120 euros.", "I cannot say.", ""])
def test_an_answer_or_a_bare_refusal_is_wrong(response: str) -> None:
    assert right_or_refused(row(response)) == 0.0


def test_only_what_applies_is_asked_of_it() -> None:
    assert answer_rate(row("The limit of what?")) is None
    assert required_metrics(UNCLEAR) == {"right_or_refused", "guardrail_accuracy"}
    assert not list(known_alone([UNCLEAR]))
