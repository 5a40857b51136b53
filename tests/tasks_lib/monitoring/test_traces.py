"""Reading traces: all of the window, nothing else, and what is malformed is counted."""

from datetime import timedelta

import mlflow
import pytest
from mlflow.entities import AssessmentSource, AssessmentSourceType

from tasks_lib.monitoring import traces as module
from tasks_lib.monitoring.traces import Traffic, first_trace_at, read_traffic
from tasks_lib.registry.tracking import connect
from tests.tasks_lib.monitoring.conftest import MONDAY, QuickPlatform, write_trace

WEEK = (MONDAY, MONDAY + timedelta(days=7))


@pytest.fixture(scope="module")
def ids(place: QuickPlatform) -> dict[str, str]:
    """Traces of every kind, by name."""
    at = MONDAY + timedelta(hours=1)
    hours = iter(range(100))

    def write(**changes: object) -> str:
        return write_trace(at + timedelta(hours=next(hours)), **changes)

    written = {
        "answered": write(guardrails=[{"validator": "personal_data", "direction": "output", "action": "mask"}]),
        "refused": write(refused=True),
        "failed": write(error="the store is away"),
        "no_outputs": write(outputs=None),
        "odd_outputs": write(outputs={"answer": 42}),
        "odd_inputs": write(inputs={"question": "?"}),
        "evaluation": write(tags={"llmops.source": "evaluation"}),
        "before": write_trace(MONDAY - timedelta(milliseconds=1)),
        "at_start": write_trace(WEEK[0]),
        "at_end": write_trace(WEEK[1]),
    }
    mlflow.flush_trace_async_logging()
    person = AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="endpoint")
    for value, comment in ((True, "fine"), ("down", "this is not what I asked")):
        mlflow.log_feedback(
            trace_id=written["answered"], name="user_feedback", value=value, rationale=comment, source=person
        )
    return written


@pytest.fixture(scope="module")
def traffic(place: QuickPlatform, ids: dict[str, str]) -> Traffic:
    return read_traffic(connect(place, "rag-assistant"), *WEEK)


def test_only_production_traces_of_the_window_are_read(traffic: Traffic, ids: dict[str, str]) -> None:
    assert {record.trace_id for record in traffic.records} == {
        ids[n] for n in ("answered", "refused", "failed", "at_start")
    }
    assert traffic.total == 7


def test_malformed_traces_are_counted_with_their_reason(traffic: Traffic) -> None:
    assert sum(traffic.malformed.values()) == 3
    assert any("response" in reason for reason in traffic.malformed)


def test_a_record_holds_what_the_assistant_said(traffic: Traffic, ids: dict[str, str]) -> None:
    record = next(record for record in traffic.records if record.trace_id == ids["answered"])
    assert record.question == "How many days of annual leave do I get?"
    assert record.documents == ("leave.md",)
    assert (record.top_score, record.evidence, record.tokens) == (0.8, 0.7, 15)
    assert (record.version, record.index, record.guardrails) == ("1", "documents__test", ("personal_data",))
    assert record.latency_seconds == pytest.approx(0.05, abs=0.002)
    assert record.at == MONDAY + timedelta(hours=1)


def test_the_newest_feedback_of_the_user_counts(traffic: Traffic, ids: dict[str, str]) -> None:
    record = next(record for record in traffic.records if record.trace_id == ids["answered"])
    assert (record.feedback, record.comment) == (0.0, "this is not what I asked")


def test_a_failed_question_is_a_record_with_its_error(traffic: Traffic, ids: dict[str, str]) -> None:
    record = next(record for record in traffic.records if record.trace_id == ids["failed"])
    assert "the store is away" in (record.error or "")
    assert record.question
    assert not record.answered


def test_pages_are_read_to_the_end(place: QuickPlatform, traffic: Traffic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    assert read_traffic(connect(place, "rag-assistant"), *WEEK) == traffic


def test_reported_traces_are_left_out(place: QuickPlatform, ids: dict[str, str]) -> None:
    seen = frozenset({ids["answered"], ids["no_outputs"]})
    found = read_traffic(connect(place, "rag-assistant"), *WEEK, without=seen)
    assert found.total == 5


def test_the_first_trace_is_found(place: QuickPlatform, ids: dict[str, str]) -> None:
    assert first_trace_at(connect(place, "rag-assistant")) == MONDAY - timedelta(milliseconds=1)
