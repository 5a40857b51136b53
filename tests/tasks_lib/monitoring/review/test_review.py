"""The review queue and the evaluation set that follows from labels, on a real tracking store."""

from datetime import UTC, datetime, timedelta
from typing import Any

import mlflow
import pytest
from mlflow.entities import AssessmentSource

from tasks_lib.assistant.contract.answer import Message
from tasks_lib.dataset import datasets
from tasks_lib.dataset.examples import example_of
from tasks_lib.errors import InputError
from tasks_lib.gate.judge import CORRECTNESS
from tasks_lib.monitoring.review.next_set import apply, next_set
from tasks_lib.monitoring.review.queue import Passage, ReviewItem, labels_by_trace, review_queue
from tasks_lib.registry.labels import Label, LabelVerdict, lot, write_label
from tasks_lib.registry.tracking import activate, connect
from tests.tasks_lib.monitoring.conftest import write_trace

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def client(place: Any) -> Any:
    client = connect(place, "rag-assistant")
    activate(client)
    return client


def feedback(trace_id: str, name: str, value: Any, kind: str = "HUMAN") -> None:
    source = AssessmentSource(source_type=kind, source_id="user")
    mlflow.log_feedback(trace_id=trace_id, name=name, value=value, source=source, rationale="said so")


def test_the_queue_takes_turns_between_what_seems_wrong_and_what_is_drawn(client: Any) -> None:
    by_users = {"disliked", "contradicted"}
    names = ["disliked", "unsure", "judged", "contradicted", *(f"plain {n}" for n in range(4))]
    ids = {}
    for n, name in enumerate(names):
        tags = {"llmops.source": "production" if name in by_users else "evaluation"}
        ids[name] = write_trace(AT + timedelta(minutes=n), question=f"{name}?", tags=tags)
    write_trace(AT, question="broken?", error="no index")
    mlflow.flush_trace_async_logging()
    feedback(ids["disliked"], "thumbs", False)
    feedback(ids["unsure"], CORRECTNESS, 0.5, "LLM_JUDGE")
    feedback(ids["judged"], CORRECTNESS, 0.95, "LLM_JUDGE")
    feedback(ids["contradicted"], CORRECTNESS, 0.9, "LLM_JUDGE")
    feedback(ids["contradicted"], "thumbs", False)
    queue = review_queue(client, "ada")
    assert {item.trace_id for item in queue} == set(ids.values())
    why = {item.trace_id: item.why for item in queue}
    assert why[ids["disliked"]] == ["bad feedback"]
    assert why[ids["unsure"]] == ["low confidence"]
    assert why[ids["contradicted"]] == ["bad feedback", "disagreement"]
    assert why[ids["judged"]] == why[ids["plain 0"]] == ["drawn at random"]
    assert queue[0].why[0] == "bad feedback"
    evaluated = sorted((ids[name] for name in ids if name not in by_users), key=lot)
    assert queue[1].trace_id == evaluated[0]
    shown = next(item for item in queue if item.trace_id == ids["judged"])
    assert (shown.judge, shown.judge_reason, shown.origin) == (0.95, "said so", "evaluation")
    assert shown.passages[0].document == "leave.md"

    write_label(Label(ids["disliked"], "ada", "wrong"))
    assert ids["disliked"] not in {item.trace_id for item in review_queue(client, "ada")}
    assert ids["disliked"] in {item.trace_id for item in review_queue(client, "bo")}
    write_label(Label(ids["disliked"], "bo", "wrong"))
    assert ids["disliked"] not in {item.trace_id for item in review_queue(client, "cy")}
    write_label(Label(ids["plain 0"], "ada", "right"))
    write_label(Label(ids["plain 0"], "bo", "wrong"))
    contested = next(item for item in review_queue(client, "cy") if item.trace_id == ids["plain 0"])
    assert contested.why == ["disagreement"]
    assert len(labels_by_trace(client)[ids["plain 0"]]) == 2


def test_labels_make_the_next_version_of_the_set(client: Any) -> None:
    kept, gone = example_of("answerable", "plain 1?", "old"), example_of("answerable", "plain 2?", "old")
    datasets.save(client, "reviewed", [kept, gone], index="i", index_version="1", origin="import")
    by_question = {item.messages[-1].content: item for item in review_queue(client, "dee")}
    write_label(Label(by_question["plain 1?"].trace_id, "dee", "wrong", better="28 days of annual leave"))
    write_label(Label(by_question["plain 2?"].trace_id, "dee", "not_a_question"))
    write_label(Label(by_question["plain 3?"].trace_id, "dee", "right"))
    made = next_set(client, "reviewed")
    assert (made.dataset, made.added, made.changed, made.removed) == ("reviewed:2", 1, 1, 1)
    after = {example.question: example for example in datasets.load(client, "reviewed").examples}
    assert set(after) == {"plain 1?", "plain 3?"}
    assert (after["plain 1?"].answer, after["plain 1?"].references[0].document) == (
        "28 days of annual leave",
        "leave.md",
    )
    assert next_set(client, "reviewed").version == 2
    with pytest.raises(InputError, match="no dataset 'absent'"):
        next_set(client, "absent")


def item(question: str, response: str = "At nine.", *, refused: bool = False, history: str = "") -> ReviewItem:
    before = [Message(role="user", content=history), Message(role="assistant", content="Yes.")] if history else []
    return ReviewItem(
        trace_id="tr-0",
        messages=[*before, Message(role="user", content=question)],
        response=response,
        refused=refused,
        passages=[Passage(document="d.md", content="It opens at nine.", start=0, end=17)],
        why=["drawn at random"],
        origin="evaluation",
    )


def said(*verdicts: LabelVerdict, better: str = "") -> list[Label]:
    return [Label("tr-0", f"person {n}", verdict, better=better) for n, verdict in enumerate(verdicts)]


@pytest.mark.parametrize(
    ("reviewed", "labels", "outcome", "kind"),
    [
        (item("New?"), said("right"), "added", "answerable"),
        (item("New?", history="Before?"), said("right"), "added", "follow_up"),
        (item("New?", refused=True), said("right"), "added", "unanswerable"),
        (item("New?", refused=True), said("wrong", better="at nine"), "added", "answerable"),
        (item("New?"), said("wrong"), "wrong, without a better answer", ""),
        (item("New?"), said("right", "wrong"), "people disagree", ""),
        (item("New?"), said("not_a_question"), "no question of the set", ""),
        (item("Known?"), said("right"), "confirmed", "answerable"),
        (item("Known?"), said("not_a_question", "not_a_question", "right"), "removed", ""),
        (item("Known?"), said("wrong", better="at nine"), "changed", "answerable"),
        (item("Refused?"), said("wrong", better="at nine"), "changed", "answerable"),
    ],
)
def test_what_people_say_decides_what_becomes_of_a_question(
    reviewed: ReviewItem, labels: list[Label], outcome: str, kind: str
) -> None:
    base = [example_of("answerable", "Known?", "at ten"), example_of("unanswerable", "Refused?")]
    after, counted = apply(base, [(reviewed, labels)])
    assert counted == {outcome: 1}
    found = {example.question: example.kind for example in after}
    assert found.get(reviewed.messages[-1].content, "") == kind


def test_of_several_answers_to_one_question_the_first_that_says_something_counts() -> None:
    both = [(item("New?"), said("right")), (item("New?"), said("not_a_question"))]
    after, counted = apply([], both)
    assert [example.question for example in after] == ["New?"]
    assert counted == {"added": 1, "asked twice": 1}
