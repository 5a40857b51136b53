"""Weeks of traffic, monitored one after the other on a real MLflow."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.monitoring import record as record_module
from tasks_lib.monitoring import tasks
from tasks_lib.monitoring.assess import ASSESSED
from tasks_lib.monitoring.report.artifacts import read_table
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.window import past_windows
from tasks_lib.registry.tracking import connect, run_of
from tests.tasks_lib.monitoring.conftest import MONDAY, QuickPlatform, write_trace, write_week

WEEK = timedelta(days=7)
TRACES = 32


def monitor(place: QuickPlatform, **config: Any) -> MonitorResult:
    """The steps of the flow, without Prefect."""
    settings = Settings(monitor=MonitorConfig(**{"assessed_traces": 0, **config}))
    started = time.monotonic()
    window = tasks.open_window.fn(place, settings)
    if window.stored_run:
        result = tasks.read_stored.fn(place, window.stored_run, settings)
    else:
        traffic = tasks.read_traces.fn(place, window, settings)
        scores = tasks.score_traces.fn(place, traffic, settings)
        analysis = tasks.compare_window.fn(place, window, traffic, scores, settings)
        result = tasks.record_window.fn(place, window, analysis, settings, started)
    tasks.keep_report.fn(place, result, settings)
    return result


def leave_out_evidently(patch: pytest.MonkeyPatch) -> None:
    """Leave out the part of the report that takes seconds, where the test is not about it."""
    patch.setattr(record_module, "evidently_snapshot", lambda *_: None)


@pytest.fixture
def no_evidently(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_evidently(monkeypatch)


def week(number: int) -> dict[str, datetime]:
    return {"since": MONDAY + number * WEEK, "until": MONDAY + (number + 1) * WEEK}


@pytest.fixture(scope="module")
def first(place: QuickPlatform) -> MonitorResult:
    """The first week: good answers, nothing to compare with, some traces assessed."""
    write_week(MONDAY, TRACES, seed=1)
    return monitor(place, until=week(0)["until"], assessed_traces=3)


@pytest.fixture(scope="module")
def second(place: QuickPlatform, first: MonitorResult) -> MonitorResult:
    """The second week: the same kind of traffic, and one trace of the first week that came late."""
    write_trace(week(0)["until"] - timedelta(hours=1))
    write_week(week(1)["since"], TRACES, seed=2)
    return monitor(place, until=week(1)["until"])


@pytest.fixture(scope="module")
def third(place: QuickPlatform, second: MonitorResult) -> MonitorResult:
    """The third week: the passages are about something else."""
    write_week(week(2)["since"], TRACES, seed=3, passage="A bicycle costs 900 euros.", response="Ships sail at noon.")
    with pytest.MonkeyPatch.context() as patch:
        leave_out_evidently(patch)
        return monitor(place, **week(2))


def test_the_first_window_is_healthy_and_says_that_nothing_was_compared(first: MonitorResult) -> None:
    assert (first.verdict, first.traces, first.drifted) == ("healthy", TRACES, [])
    assert "no reference yet" in first.reference
    assert {change["status"] for change in first.changes} == {"no_reference"}
    assert first.metrics["groundedness"] > 0.9
    assert (first.version, first.index) == ("1", "documents__test")


def test_report_and_tables_are_artifacts_and_a_copy_lies_in_the_home(
    place: QuickPlatform, first: MonitorResult
) -> None:
    client = connect(place, "rag-assistant")
    names = {artifact.path for artifact in client.list_artifacts(first.run_id)}
    tables = {
        "scores.parquet",
        "questions.parquet",
        "answers.parquet",
        "metrics.parquet",
        "metrics.prom",
        "candidates.jsonl",
    }
    assert names == {"report", "result.json", *tables}
    pages = {artifact.path for artifact in client.list_artifacts(first.run_id, "report")}
    evidently = {"evidently.html", "evidently.json", "evidently-snapshot.json"}
    assert pages == {f"report/{name}" for name in ("index.html", "summary.md", *evidently)}
    assert "Not judged" in Path(first.report).read_text(encoding="utf-8")
    assert Path(first.report).with_name("evidently.html").is_file()
    assert len(read_table(client, first.run_id, "scores.parquet")) == TRACES
    metrics = pd.read_parquet(client.download_artifacts(first.run_id, "metrics.parquet"))
    assert {"metric", "value", "p_adjusted", "effect", "until"} <= set(metrics.columns)


def test_evidently_opens_the_workspace(place: QuickPlatform, second: MonitorResult) -> None:
    from evidently.ui.workspace import Workspace

    workspace = Workspace(str(place.home.root / "evidently"))
    project = workspace.search_project("rag-assistant")[0]
    before = workspace.list_runs(project.id)
    assert len(before) >= 2
    tasks.keep_report.fn(place, second, Settings())
    assert workspace.list_runs(project.id) == before


def test_scores_are_written_back_as_assessments(place: QuickPlatform, first: MonitorResult) -> None:
    client = connect(place, "rag-assistant")
    ids = read_table(client, first.run_id, "scores.parquet")["trace_id"]
    found = [trace.info.assessments for trace_id in ids if (trace := client.get_trace(trace_id)).info.assessments]
    assert first.assessed == len(found) == 3
    assert {assessment.name for assessment in found[0]} == set(ASSESSED)
    assert client.get_run(first.run_id).data.metrics["groundedness"] == pytest.approx(first.metrics["groundedness"])


def test_unchanged_traffic_is_healthy_beside_the_window_before(second: MonitorResult) -> None:
    assert (second.verdict, second.drifted) == ("healthy", [])
    assert "last 1 healthy window" in second.reference
    assert any(change["p_adjusted"] is not None for change in second.changes)


def test_a_late_trace_joins_the_next_window(second: MonitorResult) -> None:
    assert (second.traces, second.late) == (TRACES + 1, 1)
    assert second.since == week(1)["since"]


def test_what_dropped_is_named_with_the_worst_answers(third: MonitorResult) -> None:
    assert third.verdict == "drifted"
    assert {"groundedness", "coverage"} <= set(third.drifted)
    assert third.worst
    assert third.worst[0].response == "Ships sail at noon."
    assert "last 2 healthy windows" in third.reference


def test_the_same_window_again_is_the_same_report(place: QuickPlatform, third: MonitorResult) -> None:
    write_trace(week(2)["since"] + timedelta(hours=1))
    mlflow.flush_trace_async_logging()
    again = monitor(place, **week(2))
    assert again.stored
    assert again.model_copy(update={"stored": False}) == third


def test_a_lost_copy_of_the_report_comes_back(place: QuickPlatform, third: MonitorResult) -> None:
    Path(third.report).unlink()
    assert Path(monitor(place, **week(2)).report).is_file()


@pytest.mark.usefixtures("no_evidently")
def test_too_little_traffic_stays_open_and_counts_again(place: QuickPlatform, third: MonitorResult) -> None:
    write_week(week(3)["since"], 5, seed=4)
    few = monitor(place, until=week(4)["since"])
    assert few.verdict == "not_enough_traffic"
    assert few.traces == 5 + few.late
    assert few.metrics["groundedness"] > 0.9
    again = monitor(place, until=week(4)["since"], minimum_traces=few.traces)
    assert (again.since, again.traces, again.verdict) == (
        few.since,
        few.traces,
        "drifted" if again.drifted else "healthy",
    )


def test_no_traffic_has_a_clear_reason(place: QuickPlatform) -> None:
    nothing = monitor(place, since=MONDAY - 3 * WEEK, until=MONDAY - 2 * WEEK)
    assert (nothing.verdict, nothing.traces, nothing.metrics, nothing.changes) == ("not_enough_traffic", 0, {}, [])
    assert "no production trace" in nothing.reasons[0]
    assert Path(nothing.report).is_file()


def test_a_window_of_failures_failed(place: QuickPlatform) -> None:
    start = MONDAY - 5 * WEEK
    for hour in range(4):
        write_trace(start + timedelta(hours=hour), error="the store is away")
    mlflow.flush_trace_async_logging()
    failed = monitor(place, since=start, until=start + WEEK)
    assert (failed.verdict, failed.drifted) == ("failed", ["error"])
    assert "the store is away" in failed.reasons[0]
    assert failed.errors == {"RuntimeError: the store is away": 4}


def test_a_window_of_malformed_traces_failed(place: QuickPlatform) -> None:
    start = MONDAY - 7 * WEEK
    write_trace(start, outputs=None)
    mlflow.flush_trace_async_logging()
    failed = monitor(place, since=start, until=start + WEEK)
    assert (failed.verdict, failed.traces) == ("failed", 1)
    assert "could be read" in failed.reasons[0]


@pytest.mark.usefixtures("no_evidently")
@pytest.mark.parametrize("step", ["write_tables", "_tags"])
def test_a_crash_half_way_leaves_no_half_report(
    place: QuickPlatform, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    start = MONDAY - {"write_tables": 9, "_tags": 13}[step] * WEEK
    ids = write_week(start, 31, seed=5)
    client = connect(place, "rag-assistant")
    before = len(past_windows(client))
    reports = set(place.home.reports.iterdir())

    def crash(*arguments: Any) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(record_module, step, crash)
        with pytest.raises(OSError, match="no space"):
            monitor(place, since=start, until=start + WEEK, assessed_traces=2)
    assert len(past_windows(client)) == before
    assert set(place.home.reports.iterdir()) == reports
    after = monitor(place, since=start, until=start + WEEK)
    assert (after.stored, after.verdict) == (False, "healthy")
    assert len(past_windows(client)) == before + 1
    assert len([trace_id for trace_id in ids if client.get_trace(trace_id).info.assessments]) == 2


@pytest.mark.usefixtures("no_evidently")
def test_a_step_that_is_tried_again_writes_no_assessment_twice(
    place: QuickPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = MONDAY - 15 * WEEK
    ids = write_week(start, 30, seed=7)
    settings = Settings(monitor=MonitorConfig(since=start, until=start + WEEK, assessed_traces=2))
    window = tasks.open_window.fn(place, settings)
    traffic = tasks.read_traces.fn(place, window, settings)
    analysis = tasks.compare_window.fn(
        place, window, traffic, tasks.score_traces.fn(place, traffic, settings), settings
    )
    with monkeypatch.context() as patch:
        patch.setattr(record_module, "write_tables", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.record_window.fn(place, window, analysis, settings, 0.0)
    assert tasks.record_window.fn(place, window, analysis, settings, 0.0).assessed == 2
    client = connect(place, "rag-assistant")
    named = [[each.name for each in client.get_trace(trace_id).info.assessments] for trace_id in ids]
    assert sorted(map(len, named))[-3:] == [0, len(ASSESSED), len(ASSESSED)]
    assert all(len(set(names)) == len(names) for names in named)


@pytest.mark.usefixtures("no_evidently")
def test_the_evaluation_is_the_reference_until_there_are_windows(place: QuickPlatform) -> None:
    start = MONDAY - 11 * WEEK
    rows = [
        {
            "example_id": str(n),
            "kind": kind,
            "question": "?",
            "values": {"groundedness": 1.0, "latency_seconds": 0.05 + n / 1e4},
        }
        for n in range(40)
        for kind in ("answerable", "unanswerable")
    ]
    measured = {"version": 9, "primary": "right_or_refused", "expected_rows": 80, "rows": rows}
    with run_of(connect(place, "rag-assistant"), "deploy", {"llmops.version": "9"}):
        mlflow.log_dict({"candidate": measured, "production": None}, "report.json")
    tags = {"llmops.model_version": "9", "llmops.index": "other"}
    write_week(start, 40, seed=6, tags=tags, response="Ships sail at noon.")
    found = monitor(place, since=start, until=start + WEEK)
    assert "evaluation of version 9 (40 answerable questions)" in found.reference
    assert found.drifted == ["groundedness"]
    compared = {change["metric"] for change in found.changes if change["status"] != "no_reference"}
    assert compared == {"groundedness", "latency_seconds"}


def test_two_runs_at_once_wait_for_each_other(place: QuickPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr(tasks, "LOCK_SECONDS", 0.1)
    lock = FileLock(Home.from_environment().locks / "monitor.lock")
    with lock, pytest.raises(LlmopsError, match="another monitoring run"), tasks.one_at_a_time("rag-assistant"):
        pass


def test_moments_are_utc(first: MonitorResult) -> None:
    assert first.until.tzinfo == UTC or first.until.utcoffset() == timedelta(0)
