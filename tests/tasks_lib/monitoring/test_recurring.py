"""The same questions asked again after the documents changed: what the report says of both."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.settings import Settings
from tasks_lib.ingestion.publish import log_run
from tasks_lib.ingestion.result import IngestPlan, IngestResult
from tasks_lib.monitoring import record as record_module
from tasks_lib.monitoring import tasks
from tasks_lib.monitoring.documents import changes_of
from tasks_lib.monitoring.recurring import PastAnswer, losses, pairs, recurring_questions
from tasks_lib.monitoring.result import IndexState, MonitorResult
from tasks_lib.monitoring.traces import TraceRecord
from tasks_lib.registry.tracking import connect, run_of
from tests.tasks_lib.monitoring.conftest import MONDAY, QuickPlatform, WordEmbedder, score, write_trace

QUESTION = "How many days of annual leave do I get?"
LEAVE = "Everybody gets 27 days of annual leave, says the handbook."
BEFORE = PastAnswer(QUESTION, LEAVE, refused=False, documents=("leave.md",), scores={"groundedness": 1.0})


def record(number: int = 0, **changes: Any) -> TraceRecord:
    fields = {"question": QUESTION, "response": LEAVE, "passages": (LEAVE,), "documents": ("leave.md",)}
    return TraceRecord(f"tr-{number}", MONDAY + timedelta(hours=number), **{**fields, **changes})


def why(now: TraceRecord, before: PastAnswer = BEFORE) -> list[str]:
    scores = score([now], WordEmbedder())
    return losses(scores, pairs(scores, [before])).get(0, [])


NEW = "Everybody gets 31 days of annual leave, says the handbook."
WRONG = "Bicycles and motorcycles are parked behind the northern warehouse."
ELSEWHERE = record(documents=("pay.md", "rooms.md"))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            record(response="I do not know.", refused=True, passages=()),
            "refused now; the answer was: “Everybody gets 27",
        ),
        (record(response=NEW, passages=(NEW,)), "other numbers; the answer was: “Everybody gets 27"),
        (ELSEWHERE, "no longer from leave.md, but from pay.md"),
        (record(response=WRONG), "Groundedness fell from 1.00 to 0.00"),
    ],
)
def test_what_was_right_and_no_longer_is_is_told_with_what_was_lost(now: TraceRecord, said: str) -> None:
    assert why(now)[0].startswith(said)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (record(), BEFORE),
        (record(question="Another question?", response=NEW), BEFORE),
        (record(response=NEW, passages=(NEW,)), replace(BEFORE, scores={"groundedness": 1.0, "feedback": 0.0})),
        (record(), replace(BEFORE, refused=True)),
        (record(question=f"  {QUESTION}\n"), BEFORE),
    ],
)
def test_nothing_is_lost_where_nothing_was_right_or_nothing_changed(now: TraceRecord, before: PastAnswer) -> None:
    assert why(now, before) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), max_size=30))
def test_each_question_counts_once_with_its_newest_answers(asked: list[tuple[int, bool, bool]]) -> None:
    past = [PastAnswer(f"question {n}?", "yes", refused=before) for n, before, _ in asked if n % 2]
    records = [record(at, question=f"question {n}?", refused=now) for at, (n, _, now) in enumerate(asked)]
    scores = score(records, WordEmbedder()) if records else score([record(question="x?")], WordEmbedder())
    was = {n: before for n, before, _ in asked if n % 2}
    now = {n: refused for n, _, refused in asked if n % 2}

    found = recurring_questions(scores, pairs(scores, past))

    assert found.asked == len(was)
    assert found.refused_now == sum(now[n] and not was[n] for n in was)
    assert found.answered_now == sum(was[n] and not now[n] for n in was)
    assert (found.p_value is None) == (found.refused_now + found.answered_now == 0)
    assert found.p_value is None or np.isfinite(found.p_value)


def test_changes_of_documents_are_named_up_to_a_few() -> None:
    state = IndexState(
        index="i", version="4", at=datetime(2026, 3, 2, tzinfo=UTC), inside=True, deleted=1, deleted_documents=["a.md"],
        updated=4, updated_documents=["b.md", "c.md", "d.md", "e.md"], added=2,
    )  # fmt: skip
    assert changes_of(state) == "1 deleted (a.md); 4 changed (b.md, c.md, d.md, …); 2 added"


def monitor(place: QuickPlatform, settings: Settings) -> MonitorResult:
    window = tasks.open_window.fn(place, settings)
    traffic = tasks.read_traces.fn(place, window, settings)
    scores = tasks.score_traces.fn(place, traffic, settings)
    analysis = tasks.compare_window.fn(place, window, traffic, scores, settings)
    result = tasks.record_window.fn(place, window, analysis, settings, time.monotonic())
    tasks.keep_report.fn(place, result, settings)
    return result


def ask_all(start: datetime, days: int, *, pension: bool) -> None:
    """The same sixty questions, whose passages say what the documents say."""
    for number in range(60):
        question = f"How many days of leave are there in department {number}?" if number else "What is my pension?"
        text = f"In department {number} there are {days} days of leave in every year."
        gone = question == "What is my pension?" and not pension
        changes: dict[str, Any] = {"response": "I do not know.", "refused": True} if gone else {}
        write_trace(start + timedelta(minutes=number), question=question, passage=text, **changes)
    mlflow.flush_trace_async_logging()


def test_a_deleted_page_and_a_changed_number_are_told(place: QuickPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "evidently_snapshot", lambda *_: None)
    now = datetime.now(UTC)
    ask_all(now - timedelta(days=10), 27, pension=True)
    first = monitor(place, Settings(monitor=MonitorConfig(until=now - timedelta(days=5), assessed_traces=0)))
    documents = IngestPlan(update=["annual-leave.md"], delete=["pension.pdf"])
    sync = IngestResult(
        index="documents__test", index_version="8", source="file:///handbook", updated=1, deleted=1, documents=documents
    )
    log_run(sync, place, "rag-assistant")
    ask_all(now - timedelta(days=2), 31, pension=False)

    second = monitor(place, Settings(monitor=MonitorConfig(assessed_traces=0)))

    assert first.recurring.asked == 0
    assert second.recurring.asked == 60
    assert (second.recurring.refused_now, second.recurring.other_numbers) == (1, 59)
    [state] = second.index_states
    assert (state.version, state.deleted_documents, state.updated_documents) == (
        "8",
        ["pension.pdf"],
        ["annual-leave.md"],
    )
    worst = second.worst[0]
    assert (worst.question, worst.why[0].split(";")[0]) == ("What is my pension?", "right before: refused now")
    assert "right before: other numbers; the answer was" in second.worst[1].why[0]
    assert any("60 questions were asked before" in reason for reason in second.reasons)
    assert any("1 deleted (pension.pdf); 1 changed (annual-leave.md)" in reason for reason in second.reasons)
    html = Path(second.report).read_text(encoding="utf-8")
    assert second.drifted == [], second.reasons
    for shown in ("Not judged", "documents__test version 8", "The same questions as before", "pension.pdf"):
        assert shown in html
    assert "Still as good" not in html


def decided(place: QuickPlatform, state: str, decision: str, reason: str) -> None:
    """As the documents' gate records it, or a person's rollback."""
    tags = {"llmops.documents": decision, "llmops.index": "documents__test", "llmops.index_version": state}
    with run_of(connect(place, "rag-assistant"), "documents", {**tags, "llmops.reasons": reason}):
        pass


def test_the_report_says_which_documents_were_read_and_which_were_held(
    place: QuickPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_module, "evidently_snapshot", lambda *_: None)
    for version, name in (("8", "leave.md"), ("9", "tariff.md"), ("10", "pay.md")):
        sync = IngestResult(
            index="documents__test", index_version=version, source="s", updated=1, documents=IngestPlan(update=[name])
        )
        log_run(sync, place, "rag-assistant")
    decided(place, "8", "released", "nothing got worse")
    decided(place, "9", "released", "by ann")
    decided(place, "8", "rolled back", "the old tariff holds")
    decided(place, "10", "held", "pay.md contradicts leave.md; more")
    ask_all(datetime.now(UTC) - timedelta(days=2), 27, pension=True)

    result = monitor(place, Settings(monitor=MonitorConfig(assessed_traces=0)))

    assert [(state.version, state.decision, state.read) for state in result.index_states[-3:]] == [
        ("8", "released", True),
        ("9", "rolled back", False),
        ("10", "held", False),
    ]
    assert "documents of s changed: 1 changed (leave.md)" in result.reasons
    assert "documents of s were rolled back: 1 changed (tariff.md): the old tariff holds" in result.reasons
    assert "documents of s were held: 1 changed (pay.md): pay.md contradicts leave.md" in result.reasons
    html = Path(result.report).read_text(encoding="utf-8")
    assert "held: pay.md contradicts leave.md" in html
