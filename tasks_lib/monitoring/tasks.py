"""The Prefect tasks of monitoring."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import task
from prefect.task_runners import TaskRunner

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home, at_home
from tasks_lib.monitoring.analyse import Analysis, analyse, prevailing
from tasks_lib.monitoring.documents import index_states
from tasks_lib.monitoring.pipeline import scoring_pipeline
from tasks_lib.monitoring.publish import publish, report_address
from tasks_lib.monitoring.record import keep, record, stored_result
from tasks_lib.monitoring.reference import load_reference
from tasks_lib.monitoring.result import MonitorResult
from tasks_lib.monitoring.scores import Scores, joined, sample_rows, score
from tasks_lib.monitoring.traces import TraceRecord, Traffic, read_traffic
from tasks_lib.monitoring.window import PUBLISHED_TAG, Window, choose_window, past_windows, reported_traces
from tasks_lib.registry.retries import again
from tasks_lib.registry.tracking import connect

LOCK_SECONDS = 600.0


@task(name="open-window", **again())
def open_window(platform: Platform, settings: Settings) -> Window:
    """Decide which traffic this run looks at."""
    return choose_window(connect(platform, settings.assistant), settings.monitor)


@task(name="stored-report", **again())
def read_stored(platform: Platform, run_id: str, settings: Settings) -> MonitorResult:
    """Read the report of a window that is closed."""
    return stored_result(connect(platform, settings.assistant), run_id, Home.from_environment())


@task(name="read-traces", persist_result=False, **again())
def read_traces(platform: Platform, window: Window, settings: Settings) -> Traffic:
    """Read the window's production traces, and the late ones that no window has seen."""
    client = connect(platform, settings.assistant)
    reported = reported_traces(client, window)
    return read_traffic(client, window.late_since, window.until, without=reported)


@task(name="score-traces", persist_result=False, **again(1))
def score_traces(platform: Platform, traffic: Traffic, settings: Settings) -> Scores:
    """Score every trace; the costly scorers look at a sample if one is asked for."""
    config = settings.monitor
    return _scored(platform, traffic.records, sample_rows(len(traffic.records), config.sample, config.seed), settings)


@task(name="score-batch", persist_result=False, **again(1))
def score_batch(platform: Platform, records: list[TraceRecord], rows: list[int], settings: Settings) -> Scores:
    """Score some of the traces; the costly scorers look at those in `rows`."""
    return _scored(platform, records, rows, settings)


def score_traces_on(runner: TaskRunner[Any], platform: Platform, traffic: Traffic, settings: Settings) -> Scores:
    """As :func:`score_traces`, in batches that are tasks of `runner`."""
    config, records = settings.monitor, traffic.records
    chosen = sample_rows(len(records), config.sample, config.seed)
    batches = []
    for first in range(0, max(len(records), 1), config.batch_traces):
        rows = [row - first for row in chosen if first <= row < first + config.batch_traces]
        batch = {"records": records[first : first + config.batch_traces], "rows": rows}
        batches.append(runner.submit(score_batch, {"platform": platform, "settings": settings, **batch}))
    return joined([batch.result() for batch in batches])


def _scored(platform: Platform, records: list[TraceRecord], rows: list[int], settings: Settings) -> Scores:
    return score(scoring_pipeline(platform, settings), records, rows)


@task(name="compare", persist_result=False, **again())
def compare_window(
    platform: Platform, window: Window, traffic: Traffic, scores: Scores, settings: Settings
) -> Analysis:
    """Find the reference and the states of the index, and compare."""
    client = connect(platform, settings.assistant)
    version, index = prevailing(traffic.records)
    reference = load_reference(
        client,
        past_windows(client),
        window,
        version=version,
        index=index,
        config=settings.monitor,
    )
    read = sorted({record.index for record in traffic.records if record.index})
    return analyse(window, traffic, scores, reference, settings.monitor, index_states(client, read, window))


@task(name="record", persist_result=False, **again(1))
def record_window(
    platform: Platform, window: Window, analysis: Analysis, settings: Settings, started: float
) -> MonitorResult:
    """Write assessments, report and verdict."""
    client = connect(platform, settings.assistant)
    return record(client, window, analysis, settings.monitor, Home.from_environment().ensure(), started)


@task(name="keep", persist_result=False, **again())
def keep_report(platform: Platform, result: MonitorResult, settings: Settings) -> None:
    """Copy the report to the home, and add it to Evidently's workspace."""
    keep(connect(platform, settings.assistant), result, Home.from_environment().ensure())


@task(name="publish-window", **again())
def publish_window(platform: Platform, result: MonitorResult, settings: Settings) -> None:
    """Artifacts, and the event if something got worse."""
    client = connect(platform, settings.assistant)
    publish(result, settings.assistant, report_address(client, result))
    client.set_tag(result.run_id, PUBLISHED_TAG, "true")


@contextmanager
def one_at_a_time(assistant: str) -> Iterator[None]:
    """Hold the right to monitor an assistant: two runs at once would both report the same window.

    :raises LlmopsError: If another run keeps it for more than ten minutes.
    """
    from filelock import FileLock, Timeout

    path = Home.from_environment().ensure().locks / f"{at_home('monitor', assistant)}.lock"
    try:
        with FileLock(path, timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise LlmopsError(
            f"another monitoring run has held {str(path)!r} for more than {LOCK_SECONDS:.0f} s",
            hint="Wait until it ends, or stop it.",
        ) from error
