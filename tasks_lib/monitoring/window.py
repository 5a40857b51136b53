"""Which traffic a run looks at: from where the last closed window ended until now, or as asked.

A run that reached a verdict on its traffic covers its window: the next one starts where it ended. A window with too
little traffic stays open, its traces count again in the next run. An explicit window is closed by its first report.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tasks_lib.config.monitor import MonitorConfig
from tasks_lib.errors import InputError
from tasks_lib.monitoring.report.artifacts import SCORES_FILE, read_table
from tasks_lib.monitoring.traces import first_trace_at
from tasks_lib.registry.tracking import last_runs

if TYPE_CHECKING:
    from mlflow.entities import Run

    from tasks_lib.registry.assistant_client import AssistantClient

VERB = "monitor"
SINCE_TAG = "llmops.since"
UNTIL_TAG = "llmops.until"
CLOSED_TAG = "llmops.closed"
COVERS_TAG = "llmops.covers"
PUBLISHED_TAG = "llmops.published"
"""`false` until the report is where people look for it and Prefect has been told."""
VERDICT_TAG = "llmops.verdict"
VERSION_TAG = "llmops.version"
INDEX_TAG = "llmops.index"

ALL_RUNS = 10_000


@dataclass(frozen=True)
class PastWindow:
    """A finished monitoring run."""

    run_id: str
    since: datetime
    until: datetime
    verdict: str
    closed: bool
    covers: bool
    version: str
    index: str
    metrics: dict[str, float]
    published: bool = True


@dataclass(frozen=True)
class Window:
    """The window of one run, [since, until)."""

    since: datetime
    until: datetime
    explicit: bool
    """Its start was given: exactly these traces, whether reported before or not."""
    late_since: datetime
    """From here on, traces that no covering window has seen belong to this one."""
    stored_run: str | None = None
    """The run that has closed this very window."""
    neighbours: tuple[str, ...] = ()
    """Runs whose windows overlap the search for late traces."""
    unpublished: tuple[str, ...] = ()
    """Runs that ended between their verdict and telling of it."""

    @property
    def label(self) -> str:
        """Both ends, for people."""
        return f"{self.since:%Y-%m-%d %H:%M} – {self.until:%Y-%m-%d %H:%M} UTC"


def past_windows(client: "AssistantClient") -> list[PastWindow]:
    """All finished monitoring runs, oldest window first."""
    windows = [window for run in last_runs(client, VERB, limit=ALL_RUNS) if (window := _past_window(run))]
    return sorted(windows, key=lambda window: (window.until, window.since))


def choose_window(client: "AssistantClient", config: MonitorConfig, now: datetime | None = None) -> Window:
    """The window that `config` asks for.

    :raises InputError: If it ends in the future, or starts there.
    """
    now = now or datetime.now(UTC)
    _require_past(config, now)
    past = past_windows(client)
    until = (config.until or now).astimezone(UTC)
    unpublished = tuple(w.run_id for w in past if w.covers and not w.published)
    if config.since:
        since = config.since.astimezone(UTC)
        stored = next((w for w in reversed(past) if w.closed and (w.since, w.until) == (since, until)), None)
        stored_run = stored.run_id if stored else None
        return Window(since, until, explicit=True, late_since=since, stored_run=stored_run, unpublished=unpublished)
    known = [window for window in past if window.until <= now]  # a clock that was ahead must not hold up the next ones
    since = watermark(known, first_trace_at(client)) or until
    since = since if config.until else min(since, until)
    if since > until:
        raise InputError(
            f"the traffic until {until.isoformat()} is reported already: the next window starts {since.isoformat()}",
            hint="Give both --since and --until to see an earlier window again.",
        )
    late_since = since - timedelta(hours=config.late_hours)
    neighbours = tuple(w.run_id for w in past if w.covers and w.until > late_since and w.since < until)
    return Window(since, until, explicit=False, late_since=late_since, neighbours=neighbours, unpublished=unpublished)


def watermark(past: list[PastWindow], first_trace: datetime | None) -> datetime | None:
    """The moment up to which covering windows have seen the traffic without a gap; `None` without traffic."""
    mark = first_trace
    for window in sorted((w for w in past if w.covers), key=lambda w: w.since):
        if mark is None or window.since <= mark:
            mark = window.until if mark is None else max(mark, window.until)
    return mark


def reported_traces(client: "AssistantClient", window: Window) -> frozenset[str]:
    """Ids of the traces that covering windows near `window` have reported."""
    ids: set[str] = set()
    for run_id in window.neighbours:
        ids.update(read_table(client, run_id, SCORES_FILE)["trace_id"])
    return frozenset(ids)


def iso(moment: datetime) -> str:
    """UTC with milliseconds, as the tags hold it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _past_window(run: "Run") -> PastWindow | None:
    tags = run.data.tags
    if SINCE_TAG not in tags or UNTIL_TAG not in tags:
        return None
    return PastWindow(
        run_id=run.info.run_id,
        since=datetime.fromisoformat(tags[SINCE_TAG]),
        until=datetime.fromisoformat(tags[UNTIL_TAG]),
        verdict=tags.get(VERDICT_TAG, ""),
        closed=tags.get(CLOSED_TAG) == "true",
        covers=tags.get(COVERS_TAG) == "true",
        version=tags.get(VERSION_TAG, ""),
        index=tags.get(INDEX_TAG, ""),
        metrics=dict(run.data.metrics),
        published=tags.get(PUBLISHED_TAG) != "false",
    )


def _require_past(config: MonitorConfig, now: datetime) -> None:
    for name, moment in (("since", config.since), ("until", config.until)):
        if moment and moment > now:
            raise InputError(
                f"monitor.{name} {moment.isoformat()} lies in the future: its traffic has not happened yet",
                hint=f"Leave --{name} out, or give a moment before {now.isoformat(timespec='seconds')}.",
            )
