"""`llmops history`: who deployed, approved, rolled back and held, when and why."""

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from flows.failed_runs import FailedRun, failed_runs, runs_page
from flows.waiting import as_they_are
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError
from tasks_lib.registry.agreement import require_known
from tasks_lib.registry.history import LONGEST, Entry, read_history, read_live_entry
from tasks_lib.registry.holds import Hold, read_hold
from tasks_lib.registry.tracking import connect


class HistoryResult(BaseModel):
    """What is live and the newest entries."""

    model: str
    production_version: int | None
    live: Entry | None = Field(description="The entry by which production came to be what it is.")
    hold: Hold | None
    entries: list[Entry] = Field(description="Newest first.")
    runs: str = Field(description="Where the runs are that decide nothing: of ingest, dataset and monitor.")
    failed_runs: list[FailedRun] = Field(
        default_factory=list,
        description="Of those, and what crashed, within a day, newest first; empty without PREFECT_API_URL.",
    )


def history(settings: Settings, platform: str = "local", *, limit: int = 20) -> HistoryResult:
    """Read the history of an assistant from its runs in MLflow; nothing is started or changed.

    :raises InputError: If there is no such assistant, or `limit` is out of bounds.
    """
    if not 1 <= limit <= LONGEST:
        raise InputError(f"--limit {limit} is not from 1 to {LONGEST}", hint="Ask for so many entries, newest first.")
    client = connect(resolve_platform(platform), settings.assistant)
    require_known(client)
    alias = settings.gate.aliases["production"]
    named = client.models().get(settings.assistant, {}).get(alias)
    production = int(named) if named else None
    entries = as_they_are(read_history(client, limit))
    told = {entry.flow_run for entry in entries if entry.what == "failed"}
    return HistoryResult(
        model=settings.assistant,
        production_version=production,
        live=read_live_entry(client, production) if production else None,
        hold=read_hold(client, settings.assistant),
        entries=entries,
        runs=runs_page(),
        failed_runs=[run for run in failed_runs() if (run.crashed or not run.decides) and run.flow_run not in told],
    )
