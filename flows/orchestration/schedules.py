"""Schedules of deployments: those of the file and of the configured sources, and what people changed in Prefect."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from pydantic import ValidationError

from flows.orchestration.prefect_file import Deployment, Schedule
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError
from tasks_lib.ingestion.sources.named import of_source

if TYPE_CHECKING:
    from prefect.client.schemas.objects import DeploymentSchedule

INGEST = "ingest"
PREFIX = "source-"
"""Begins the slugs of the schedules that stand for configured sources."""
ANCHOR = "2026-01-01T00:00:00+00:00"
"""From where intervals are counted, so that each bootstrap plans the same."""


def with_sources(deployments: Sequence[Deployment], settings: Settings) -> list[Deployment]:
    """The deployments, that of `ingest` with a schedule for each source that has one in the configuration.

    :raises ConfigurationError: For a cron or a timezone that Prefect does not take.
    """
    planned = [
        _planned(settings, number)
        for number, source in enumerate(settings.ingest.sources)
        if source.schedule is not None
    ]
    return [
        deployment.model_copy(update={"schedules": [*deployment.schedules, *planned]})
        if deployment.name == INGEST
        else deployment
        for deployment in deployments
    ]


def _planned(settings: Settings, number: int) -> Schedule:
    source = settings.ingest.sources[number]
    times = source.schedule.model_dump(exclude_none=True) if source.schedule else {}
    if "interval" in times:
        times["anchor_date"] = ANCHOR
    given = of_source(settings, source).model_dump(mode="json", exclude_unset=True)
    try:
        return Schedule.model_validate(
            {
                **times,
                "slug": f"{PREFIX}{source.name}",
                "parameters": {"settings": given},
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["ingest.sources", str(number), "schedule", *map(str, first["loc"])])
        raise ConfigurationError(
            f"{key}: {first['msg'].removeprefix('Value error, ')}", hint="Correct it, then run the command again."
        ) from error


def stale(slug: str | None, planned: Sequence[Schedule]) -> bool:
    """Whether a schedule on the server stands for a source that the configuration, which names others, has no more."""
    ours = {schedule.slug for schedule in planned if schedule.slug.startswith(PREFIX)}
    return bool(ours) and slug is not None and slug.startswith(PREFIX) and slug not in ours


def parameters_of(schedules: Sequence[Schedule]) -> dict[str, Any]:
    """Slug → parameters: what bootstrap decides about a schedule that is there already."""
    return {schedule.slug: schedule.parameters for schedule in schedules}


def managed(on_server: Sequence["DeploymentSchedule"], planned: Sequence[Schedule]) -> dict[str, Any]:
    """The same of those on the server that are planned, or stale."""
    slugs = {schedule.slug for schedule in planned}
    return {
        str(schedule.slug): schedule.parameters
        for schedule in on_server
        if schedule.slug in slugs or stale(schedule.slug, planned)
    }


def merged(planned: Sequence[Schedule], on_server: Sequence["DeploymentSchedule"]) -> list[dict[str, Any]]:
    """The schedules as prefect.yaml writes them: times and switches as they are on the server, where they are there.

    Schedules that somebody added in Prefect stay, those of sources that are gone do not.
    """
    there = {schedule.slug: schedule for schedule in on_server if schedule.slug}
    slugs = {schedule.slug for schedule in planned}
    shown = []
    for schedule in planned:
        own = schedule.model_dump(mode="json", exclude_unset=True)
        kept = {"slug": schedule.slug, "parameters": schedule.parameters}
        shown.append(_as_yaml(there[schedule.slug]) | kept if schedule.slug in there else own)
    added = [one for one in on_server if one.slug not in slugs and not stale(one.slug, planned)]
    return [*shown, *map(_as_yaml, added)]


def changed_by_people(planned: Sequence[Schedule], on_server: Sequence["DeploymentSchedule"]) -> dict[str, str]:
    """Slug → the times on the server, where they are not the planned ones."""
    there = {schedule.slug: schedule.schedule for schedule in on_server}
    return {
        one.slug: _times(there[one.slug])
        for one in planned
        if one.slug in there and there[one.slug] != one.as_prefect()
    }


def _as_yaml(schedule: "DeploymentSchedule") -> dict[str, Any]:
    times = schedule.schedule
    written: dict[str, Any] = times.model_dump(mode="json", exclude_none=True)
    written |= {"active": schedule.active, "parameters": schedule.parameters}
    if isinstance(times, IntervalSchedule):
        written["interval"] = times.interval.total_seconds()
    if schedule.slug:
        written["slug"] = schedule.slug
    return written


def _times(schedule: Any) -> str:
    if isinstance(schedule, CronSchedule):
        return f"cron {schedule.cron!r}"
    if isinstance(schedule, IntervalSchedule):
        return f"every {schedule.interval.total_seconds():g} s"
    return f"rrule {schedule.rrule!r}"
