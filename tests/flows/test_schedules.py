"""Configured sources become schedules, and what people change in Prefect stays."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.cli.deploy._schedules import _schedule_config_to_deployment_schedule
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

from flows import ingest as ingesting
from flows.ingest import ingest
from flows.orchestration.deployments import for_pool
from flows.orchestration.prefect_file import Deployment, Schedule, prefect_file, read_prefect_file
from flows.orchestration.schedules import PREFIX, changed_by_people, managed, merged, parameters_of, with_sources
from flows.origin import Origin
from tasks_lib.config.load import load_settings
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.ingestion.sources.named import with_chosen_source

WIKI: dict[str, Any] = {"name": "wiki", "source": "/srv/wiki", "include": ["*.md"], "schedule": {"cron": "0 5 * * 1-5"}}
HR: dict[str, Any] = {"name": "hr", "source": "s3://acme/hr", "schedule": {"interval": 86400, "active": False}}
BY_HAND: dict[str, Any] = {"name": "archive", "source": "/srv/archive"}
CRONS = st.sampled_from(["0 5 * * 1-5", "*/10 * * * *", "0 0 1 * *"]).map(
    lambda cron: CronSchedule(cron=cron, timezone="UTC")
)
TIMES = (
    CRONS
    | st.integers(60, 10**6).map(lambda seconds: IntervalSchedule(interval=seconds))
    | st.just(RRuleSchedule(rrule="FREQ=DAILY;BYHOUR=4", timezone="Europe/Berlin"))
)
SLUGS = st.sampled_from([None, "mine", "hourly", "source-wiki", "source-hr", "source-gone"])
ON_SERVER = st.lists(
    st.builds(
        DeploymentSchedule,
        schedule=TIMES,
        active=st.booleans(),
        slug=SLUGS,
        parameters=st.sampled_from([{}, {"assistant": "docs"}]),
    ),
    unique_by=lambda schedule: schedule.slug or id(schedule),
    max_size=5,
)


def configured(*sources: dict[str, Any], **other: Any) -> Settings:
    return Settings.model_validate({"ingest": {"sources": list(sources)}, **other})


def planned(settings: Settings) -> Deployment:
    deployments = with_sources(for_pool(read_prefect_file(prefect_file()), "laptop", "process", None), settings)
    return next(deployment for deployment in deployments if deployment.name == "ingest")


def again(shown: list[dict[str, Any]]) -> list[DeploymentSchedule]:
    """What the server holds after Prefect's command has read them."""
    return [DeploymentSchedule(**_schedule_config_to_deployment_schedule(one)) for one in shown]


def test_each_source_with_a_schedule_gets_one_with_parameters_of_its_own() -> None:
    settings = configured(WIKI, HR, BY_HAND, collection="acme", chunking={"tokens": 100})
    shown = {schedule.slug: schedule for schedule in planned(settings).schedules}
    assert shown.keys() == {"hourly", "source-wiki", "source-hr"}
    wiki, hr = shown["source-wiki"], shown["source-hr"]
    assert wiki.parameters == {
        "settings": {
            "collection": "acme",
            "chunking": {"tokens": 100},
            "ingest": {"source": "/srv/wiki", "include": ["*.md"]},
        }
    }
    assert (wiki.as_prefect(), wiki.active) == (CronSchedule(cron="0 5 * * 1-5", timezone="UTC"), True)
    assert (hr.parameters["settings"]["ingest"], hr.active) == ({"source": "s3://acme/hr"}, False)
    for schedule in (wiki, hr):
        ingest.validate_parameters(schedule.parameters)
    assert planned(settings) == planned(settings)


@pytest.mark.parametrize(
    ("schedule", "told"),
    [({"cron": "0 25 * * *"}, "schedule.cron"), ({"cron": "0 5 * * *", "timezone": "Europe/Berln"}, "timezone")],
)
def test_a_wrong_schedule_is_refused_with_its_key(schedule: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ingest.sources.1.schedule") as refused:
        planned(configured(WIKI, HR | {"schedule": schedule}))
    assert told in refused.value.message


def test_sources_are_refused_that_share_a_name_or_have_no_times() -> None:
    with pytest.raises(ConfigurationError, match="two sources have the same name: wiki"):
        load_settings(overrides=["ingest.sources=[{name: wiki, source: a}, {name: wiki, source: b}]"])
    with pytest.raises(ConfigurationError, match="either `cron` or `interval`"):
        load_settings(overrides=["ingest.sources=[{name: wiki, source: a, schedule: {timezone: UTC}}]"])


@given(ON_SERVER)
@settings(deadline=None)
def test_times_switches_and_schedules_of_people_survive_any_number_of_bootstraps(
    on_server: list[DeploymentSchedule],
) -> None:
    schedules = planned(configured(WIKI, HR)).schedules
    after = again(merged(schedules, on_server))
    kept = {(one.slug, one.active, str(one.schedule)) for one in on_server if one.slug != "source-gone"}
    assert kept <= {(one.slug, one.active, str(one.schedule)) for one in after}
    assert {one.slug for one in after} >= {schedule.slug for schedule in schedules}
    assert "source-gone" not in {one.slug for one in after}
    assert managed(after, schedules) == parameters_of(schedules)  # so that a second bootstrap changes nothing
    assert _same(again(merged(schedules, after)), after)
    changed = changed_by_people(schedules, on_server)
    assert changed.keys() <= {one.slug for one in on_server}


def _same(one: list[DeploymentSchedule], other: list[DeploymentSchedule]) -> bool:
    return [schedule.model_dump(exclude={"id"}) for schedule in one] == [
        schedule.model_dump(exclude={"id"}) for schedule in other
    ]


def test_without_sources_in_the_configuration_those_on_the_server_stay() -> None:
    own = DeploymentSchedule(schedule=CronSchedule(cron="0 5 * * *"), slug="source-wiki", active=True)
    schedules: list[Schedule] = planned(Settings()).schedules
    assert "source-wiki" in {one.get("slug") for one in merged(schedules, [own])}


def test_a_source_is_chosen_by_its_name_and_never_taken_unasked() -> None:
    settings = configured(WIKI, HR, BY_HAND)
    with pytest.raises(InputError, match="3 sources: wiki, hr, archive") as told:
        with_chosen_source(settings)
    assert "--source NAME" in told.value.hint
    chosen = with_chosen_source(load_settings(flags={"ingest.source": "wiki", "ingest.sources": [WIKI, HR]}))
    assert (chosen.ingest.source, chosen.ingest.include, chosen.ingest.sources) == ("/srv/wiki", ("*.md",), ())
    path = load_settings(flags={"ingest.source": "/elsewhere", "ingest.sources": [WIKI]})
    assert with_chosen_source(path) == path
    assert with_chosen_source(Settings()) == Settings()


@pytest.mark.flow
def test_a_schedule_that_lost_its_source_in_prefect_ingests_no_sample_handbook_instead(
    prefect_harness: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect sets the parameters of a schedule to nothing when its switch is changed, and nothing else."""
    monkeypatch.setenv("LLMOPS_HOME", str(tmp_path / "home"))
    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(
            client.create_flow(ingesting.ingest),
            f"ingest {uuid4()}",
            schedules=[
                DeploymentScheduleCreate(
                    schedule=CronSchedule(cron="0 2 * * *"),
                    slug=f"{PREFIX}wiki",
                    parameters={"settings": {"ingest": {"source": "/srv/wiki"}}},
                )
            ],
        )
        (schedule,) = client.read_deployment_schedules(deployment)
        client.update_deployment_schedule(deployment, schedule.id, active=False)
        (switched,) = client.read_deployment_schedules(deployment)
    assert switched.parameters == {}, "Prefect keeps them now: the refusal may go"
    scheduled = Origin(f"schedule {switched.slug}", attended=False)
    monkeypatch.setattr(ingesting, "origin", lambda: scheduled)
    with pytest.raises(ConfigurationError, match="the schedule 'source-wiki' names no source any more"):
        ingesting.ingest(Settings())
    assert not (tmp_path / "home" / "index").exists()
