"""Flow `monitor`: score production traces, compare them with the reference window and report drift."""

import time

from blocks.resolve import resolve_platform
from flows.naming import concluded, named_by_assistant
from flows.runners import task_runner
from flows.verb import flow
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.monitoring.result import MonitorResult, verdict_title
from tasks_lib.monitoring.scores import Scores
from tasks_lib.monitoring.tasks import (
    compare_window,
    keep_report,
    one_at_a_time,
    open_window,
    publish_window,
    read_stored,
    read_traces,
    record_window,
    score_traces,
    score_traces_on,
)
from tasks_lib.monitoring.traces import Traffic
from tasks_lib.registry.agreement import require_production
from tasks_lib.untraversed import untraversed

__all__ = ["MonitorResult", "monitor"]

LONGEST_SECONDS = 6 * 3600


@flow(
    name="monitor",
    flow_run_name=named_by_assistant("monitor"),
    description="Score production traces, compare them with the reference and report.",
    timeout_seconds=LONGEST_SECONDS,
)
def monitor(settings: Settings | None = None, platform: str = "local", assistant: str | None = None) -> MonitorResult:
    """Read the window's traces, score them, compare them with the reference, report, and publish the result.

    A window that is closed already gives its stored report. What an interrupted run recorded and did not publish is
    published first.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.

    :raises InputError: If the window lies in the future, there is no such assistant, or its production reads another
        collection than the one that is given.
    """
    started = time.monotonic()
    settings = for_assistant(settings, assistant)
    resolved = resolve_platform(platform)
    require_production(resolved, settings)
    with one_at_a_time(settings.assistant):
        window = open_window(resolved, settings)
        for run in window.unpublished:
            _publish(resolved, read_stored(resolved, run, settings), settings)
        if window.stored_run:
            stored = read_stored(resolved, window.stored_run, settings)
            keep_report(resolved, stored, settings)
            return _concluded(stored, settings)
        read = read_traces(resolved, window, settings)
        traffic, scores = untraversed(read), untraversed(_scored(resolved, read, settings))
        analysis = untraversed(compare_window(resolved, window, traffic, scores, settings))
        result = record_window(resolved, window, analysis, settings, started)
        _publish(resolved, result, settings)
    return _concluded(result, settings)


def _concluded(result: MonitorResult, settings: Settings) -> MonitorResult:
    """End the run with the verdict as its name, and the first reason in its message."""
    title = f"{settings.assistant}: {verdict_title(result.verdict, result.drifted)}"
    return concluded(result, title, f"{title}: {result.reasons[0]}" if result.reasons else title)


def _scored(platform: Platform, traffic: Traffic, settings: Settings) -> Scores:
    if settings.monitor.task_runner == "threads":
        return score_traces(platform, untraversed(traffic), settings)
    with task_runner(settings.monitor) as runner:
        return score_traces_on(runner, platform, traffic, settings)


def _publish(platform: Platform, result: MonitorResult, settings: Settings) -> None:
    keep_report(platform, result, settings)
    publish_window(platform, result, settings)
