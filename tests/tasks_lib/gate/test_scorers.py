"""What one answer is worth."""

from typing import Any

import pytest

from tasks_lib.assistant.contract.answer import Answer, GuardrailDecision, Message, Source, Usage
from tasks_lib.dataset.examples import Example, Reference
from tasks_lib.dataset.similarity import Similarity
from tasks_lib.gate.answer_metrics import Row
from tasks_lib.gate.scorers import METRICS, required_metrics

SENTENCE = "Full-time employees receive 27 days of annual leave per calendar year."


@pytest.fixture
def similarity(word_embedder: Any) -> Similarity:
    return Similarity(word_embedder)


def question(kind: str = "answerable", answer: str = "27 days", *, with_reference: bool = True) -> Example:
    references = (Reference(document="leave.md", start=100, end=170, content=SENTENCE, source="s"),)
    refusing = kind in {"unanswerable", "off_topic"}
    return Example(
        id=kind,
        kind=kind,
        messages=(Message(role="user", content="How many days of leave do employees get?"),),
        answer="" if refusing else answer,
        references=references if with_reference and not refusing else (),
    )


def reply(response: str = SENTENCE, *, start: int = 80, document: str = "leave.md", **more: Any) -> dict[str, Any]:
    source = Source(document=document, start=start, end=start + 200, score=1.0, content=SENTENCE, source="s")
    return {**Answer(response=response, source_documents=[source], **more).payload(), "latency_seconds": 0.25}


def source(content: str) -> Source:
    """A passage."""
    return Source(document="a.md", start=0, end=len(content), score=1.0, content=content)


def answered(response: str, *sources: Source) -> Row:
    """An answer to a question, with the passages that it was made from."""
    example = Example(id="1", kind="answerable", messages=[Message(role="user", content="How much?")])
    return Row(example, Answer(response=response, source_documents=list(sources)), 0.1, Similarity(None))  # type: ignore[arg-type]


def score(example: Example, payload: Any, similarity: Similarity) -> dict[str, float | None]:
    """All our metrics of one row."""
    row = Row.of(example, payload, similarity)
    return {name: metric.function(row) for name, metric in METRICS.items()}


def test_a_right_answer_with_the_right_source_scores_one(similarity: Similarity) -> None:
    found = score(question(), reply(usage=Usage(input_tokens=7, output_tokens=3, cost=0.01)), similarity)

    assert found["right_or_refused"] == 1
    assert found["retrieval_recall"] == 1
    assert found["retrieval_precision"] == pytest.approx(70 / 200)
    assert found["retrieval_mrr"] == found["retrieval_ndcg"] == found["groundedness"] == found["answer_rate"] == 1
    assert found["semantic_similarity"] == pytest.approx(1)
    assert 0 < found["answer_f1"] < 1
    assert found["refusal_accuracy"] is None
    assert (found["latency_seconds"], found["input_tokens"], found["output_tokens"], found["cost"]) == (
        0.25,
        7,
        3,
        0.01,
    )


@pytest.mark.parametrize(
    "payload",
    [
        reply("Full-time employees receive 30 days of annual leave per calendar year."),
        reply("Our company values every single person and works hard for a bright future."),
        reply(document="other.md"),
        reply(start=5000),
        reply("I do not know.", refused=True),
    ],
    ids=["wrong number", "fluent paragraph", "wrong document", "wrong place", "refusal"],
)
def test_wrong_answers_and_wrong_sources_are_not_right(payload: Any, similarity: Similarity) -> None:
    assert score(question(), payload, similarity)["right_or_refused"] == 0


def test_a_reordered_statement_with_the_same_numbers_is_right_and_its_negation_is_not(similarity: Similarity) -> None:
    gold = "Employees who leave get the bonus of 100 euros paid in March."
    example = question(answer=gold, with_reference=False)

    assert score(example, reply("The 100 euros bonus gets paid in March to employees"), similarity)["right_or_refused"]
    assert not score(example, reply("The 100 euros are never paid in April"), similarity)["right_or_refused"]


@pytest.mark.parametrize("kind", ["unanswerable", "off_topic"])
def test_a_question_that_must_be_refused_is_right_only_when_refused(kind: str, similarity: Similarity) -> None:
    refused = score(question(kind), reply("No.", refused=True), similarity)
    answered = score(question(kind), reply(), similarity)

    assert (refused["right_or_refused"], refused["refusal_accuracy"]) == (1, 1)
    assert (answered["right_or_refused"], answered["refusal_accuracy"]) == (0, 0)
    assert refused["answer_rate"] is refused["answer_f1"] is refused["retrieval_recall"] is None


@pytest.mark.parametrize("payload", [None, {"error": "timeout"}, {"response": 5, "source_documents": "none"}, {}])
@pytest.mark.parametrize("kind", ["answerable", "unanswerable", "off_topic", "follow_up"])
def test_a_failed_row_scores_zero_in_every_metric_that_it_must_have(
    payload: Any, kind: str, similarity: Similarity
) -> None:
    example = question(kind)
    found = score(example, payload, similarity)

    assert {found[name] for name in required_metrics(example)} == {0}
    assert found["groundedness"] == 0


@pytest.mark.parametrize("kind", ["answerable", "unanswerable", "off_topic", "follow_up"])
@pytest.mark.parametrize("refused", [True, False])
def test_required_metrics_have_a_value_whatever_was_answered(kind: str, refused: bool, similarity: Similarity) -> None:
    example = question(kind)
    found = score(example, reply(refused=refused), similarity)

    assert {name for name in required_metrics(example) if found[name] is None} == set()


def test_groundedness_is_the_share_of_supported_sentences(similarity: Similarity) -> None:
    said = f"{SENTENCE} The canteen serves 14 kinds of soup on Fridays."

    assert score(question(), reply(said), similarity)["groundedness"] == 0.5
    assert score(question(), reply("Employees receive 28 days of annual leave."), similarity)["groundedness"] == 0
    assert score(question(), reply(refused=True), similarity)["groundedness"] is None


def test_the_line_that_introduces_an_uncertain_answer_needs_no_support(similarity: Similarity) -> None:
    lead = "Die Dokumente sagen dazu Folgendes:"
    assert score(question(), reply(f"{lead}\n{SENTENCE}", uncertain=True), similarity)["groundedness"] == 1
    assert score(question(), reply(f"{lead}\n{SENTENCE}"), similarity)["groundedness"] == 0.5


def test_a_guardrail_that_stops_a_harmless_question_is_wrong(similarity: Similarity) -> None:
    stopped = GuardrailDecision(validator="topics", direction="input", action="refuse")
    payload = reply("Stopped.", refused=True, guardrails=[stopped])

    assert score(question(), payload, similarity)["guardrail_accuracy"] == 0
    assert score(question(), reply(), similarity)["guardrail_accuracy"] == 1
    assert score(question("off_topic"), payload, similarity)["guardrail_accuracy"] is None
