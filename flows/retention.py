"""Flow `retention`: traces and reports that are old enough are deleted."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from flows.naming import concluded, named_by_assistant
from flows.origin import origin
from flows.verb import flow
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.forgetting.databases import redact_database
from tasks_lib.forgetting.needles import Needles
from tasks_lib.home import Home
from tasks_lib.monitoring.ageing import delete_old_traces, delete_report, old_reports, old_traces
from tasks_lib.registry.agreement import require_known
from tasks_lib.registry.audit import write_audit
from tasks_lib.registry.tracking import connect

__all__ = ["RetentionResult", "retention"]

LONGEST_SECONDS = 3600


class RetentionResult(BaseModel):
    """What went by age; of a dry run, what would go."""

    model: str
    dry_run: bool
    traces_before: datetime | None = Field(description="Traces that began before it; null where all are kept.")
    traces: int
    reports_before: datetime | None = Field(description="Reports of windows before it; null where all are kept.")
    reports: int


@flow(
    name="retention",
    flow_run_name=named_by_assistant("retention"),
    description="Delete traces and reports that are older than the configuration lets them become.",
    timeout_seconds=LONGEST_SECONDS,
)
def retention(
    settings: Settings | None = None,
    platform: str = "local",
    assistant: str | None = None,
    *,
    dry_run: bool = False,
) -> RetentionResult:
    """Delete what is older than `retention.traces_days` and `retention.reports_days`.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        dry_run: Only count what would go.

    :raises UnknownAssistantError: If there is no such assistant.
    """
    settings = for_assistant(settings, assistant)
    client = connect(resolve_platform(platform), settings.assistant)
    require_known(client)
    home = Home.from_environment()
    traces_before, reports_before = _moments(settings)
    found = old_reports(client, reports_before) if reports_before else []
    traces = 0
    if traces_before:
        traces = old_traces(client, traces_before) if dry_run else delete_old_traces(client, traces_before)
    for run_id in found if not dry_run else []:
        delete_report(client, run_id, home)
    result = RetentionResult(
        model=settings.assistant,
        dry_run=dry_run,
        traces_before=traces_before,
        traces=traces,
        reports_before=reports_before,
        reports=len(found),
    )
    if not dry_run and (traces or found):
        if client.tracking_uri.startswith("sqlite") and home.mlflow_database.exists():
            redact_database(home.mlflow_database, Needles())  # what was deleted leaves the file
        after = f"{traces} traces and {len(found)} reports deleted"
        write_audit(home, "retention", {"by": origin().by, "about": settings.assistant, "after": after})
    verb = "would delete" if dry_run else "deleted"
    return concluded(result, f"{settings.assistant}: {verb} {traces} traces, {len(found)} reports")


def _moments(settings: Settings) -> tuple[datetime | None, datetime | None]:
    now, config = datetime.now(UTC), settings.retention
    days = (config.traces_days, config.reports_days)
    traces, reports = (now - timedelta(days=number) if number else None for number in days)
    return traces, reports
