"""`llmops bootstrap` on a real Prefect server: it makes what is missing, mends what differs, and leaves the rest."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun, WorkPool
from prefect.client.schemas.schedules import CronSchedule
from prefect.events import AutomationCore
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks.lancedb import LanceDBStore
from flows import bootstrap as module
from flows.bootstrap import BootstrapResult, bootstrap
from flows.orchestration.job_variables import PoolType
from flows.orchestration.prefect_file import prefect_file
from tasks_lib.config.settings import Settings
from tasks_lib.documents_gate.decision import unasked
from tasks_lib.documents_gate.publish import ReleaseResult, announce, result_of
from tasks_lib.errors import ConfigurationError, LlmopsError
from tests.flows.conftest import POOL, TIMES

FLOWS = ("dataset", "deploy", "forget", "ingest", "monitor", "promote", "release", "retention", "rollback", "tune")


def again(**changed: Any) -> BootstrapResult:
    return bootstrap(POOL, times=TIMES, **changed)


def stored(client: SyncPrefectClient) -> list[Any]:
    """All that bootstrap makes, with the times of its last change."""
    parts = [
        *client.read_work_pools(),
        *client.read_deployments(),
        *client.read_variables(),
        *client.read_automations(),
        *client.read_block_documents(),
        *client.read_block_types(),
    ]
    return [part.model_dump(exclude={"status", "last_polled"}) for part in parts]


@pytest.mark.deployed
def test_everything_is_there_after_the_first_run(
    bootstrapped: BootstrapResult, client: SyncPrefectClient, deployed_home: Path
) -> None:
    assert bootstrapped.deployments == [f"{name}/{name}" for name in FLOWS]
    assert {f"work pool {POOL}", "block llmops-platform/default"} <= set(bootstrapped.created)
    assert f"prefect worker start --pool {POOL}" in bootstrapped.warnings[0]
    pool: WorkPool = client.read_work_pool(POOL)
    assert (pool.type, pool.concurrency_limit) == ("process", 2)
    for name in FLOWS:
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        assert deployment.work_pool_name == POOL
        # a promotion names both of its platforms each time
        assert deployment.parameters == ({} if name == "promote" else {"platform": "local"})
        assert deployment.enforce_parameter_schema
        assert deployment.job_variables["env"]["LLMOPS_HOME"] == str(deployed_home)
        limit = deployment.global_concurrency_limit
        assert (limit and limit.limit) == (None if name in {"deploy", "promote", "release", "tune"} else 1)
        assert not any(schedule.active for schedule in deployment.schedules)


def held(result: ReleaseResult, *, by_gate: bool) -> None:
    """Announce it as a flow does, in one that ends."""

    @flow
    def announcing() -> None:
        announce(result, by_gate=by_gate)

    announcing()


@pytest.mark.deployed
def test_a_run_waits_for_a_person_where_the_gate_held_documents_and_not_where_a_person_did(
    bootstrapped: BootstrapResult, client: SyncPrefectClient
) -> None:
    """The event is sent again while nothing comes of it: a busy server may not know the automation yet."""
    release = client.read_deployment_by_name("release/release")
    of_it = DeploymentFilter(id=DeploymentFilterId(any_=[release.id]))
    result = result_of("docs", "docs__x", "7", "6", unasked("held", "it contradicts another"), [])
    runs: list[FlowRun] = []
    until = time.monotonic() + 120
    while not runs and time.monotonic() < until:
        held(result, by_gate=False)
        held(result, by_gate=True)
        time.sleep(5)
        runs = client.read_flow_runs(deployment_filter=of_it)
    wanted = {"platform": "local", "assistant": "docs", "settings": {"release": {"approve": True}}}
    assert [run.parameters for run in runs] == [wanted] * len(runs)
    assert runs
    for run in runs:
        client.delete_flow_run(run.id)


@pytest.mark.deployed
def test_a_second_run_changes_nothing_and_says_so(bootstrapped: BootstrapResult, client: SyncPrefectClient) -> None:
    before = stored(client)
    second = again()
    assert (second.created, second.updated) == ([], [])
    assert set(second.unchanged) == {*bootstrapped.created, *bootstrapped.updated, *bootstrapped.unchanged}
    assert stored(client) == before


@pytest.mark.deployed
def test_what_differs_is_mended_and_what_a_user_chose_stays(
    bootstrapped: BootstrapResult, client: SyncPrefectClient
) -> None:
    weekly = client.read_deployment_by_name("monitor/monitor")
    client.update_deployment_schedule(weekly.id, weekly.schedules[0].id, active=True)
    client.update_deployment(weekly.id, DeploymentUpdate(description="changed by hand", tags=["mine"]))
    gate = client.read_deployment_by_name("deploy/deploy")
    client.update_deployment(gate.id, DeploymentUpdate(concurrency_limit=1))  # as it was until 0.1
    LanceDBStore(uri="s3://team/index").save("default", overwrite=True)
    automation = client.read_automations_by_name("llmops: deploy on drift")[0]
    kept = automation.model_dump(exclude={"id", "owner_resource"})
    assert not automation.enabled
    changed = AutomationCore.model_validate(kept | {"description": "changed by hand", "enabled": True})
    client.update_automation(automation.id, changed)
    client.delete_variable_by_name("llmops_home")

    mended = again()
    assert mended.created == ["variable llmops_home"]
    assert mended.updated == [
        "deployment deploy/deploy",
        "deployment monitor/monitor",
        "automation llmops: deploy on drift",
    ]
    assert client.read_deployment_by_name("deploy/deploy").global_concurrency_limit is None
    weekly = client.read_deployment_by_name("monitor/monitor")
    assert weekly.tags == ["llmops", "monitoring"]
    assert [schedule.active for schedule in weekly.schedules] == [True]
    assert LanceDBStore.load("default").uri == "s3://team/index"
    automation = client.read_automations_by_name("llmops: deploy on drift")[0]
    assert automation.enabled
    assert automation.description != "changed by hand"
    client.pause_automation(automation.id)

    client.update_deployment_schedule(weekly.id, weekly.schedules[0].id, active=False)


@pytest.mark.deployed
def test_sources_get_schedules_that_a_later_run_does_not_set_back(
    bootstrapped: BootstrapResult, client: SyncPrefectClient
) -> None:
    wiki = {"name": "wiki", "source": "/srv/wiki", "schedule": {"cron": "0 5 * * *"}}
    hr = {"name": "hr", "source": "s3://acme/hr", "schedule": {"interval": 86400}}

    def sources(*given: dict[str, Any]) -> Settings:
        return Settings.model_validate({"ingest": {"sources": given}})

    def schedules() -> dict[str | None, DeploymentSchedule]:
        return {one.slug: one for one in client.read_deployment_by_name("ingest/ingest").schedules}

    assert again(settings=sources(wiki, hr)).updated == ["deployment ingest/ingest"]
    assert not again(settings=sources(wiki, hr)).updated
    made = schedules()
    assert made.keys() == {"hourly", "source-wiki", "source-hr"}
    assert made["source-hr"].parameters == {"settings": {"ingest": {"source": "s3://acme/hr"}}}
    assert (made["source-wiki"].active, made["hourly"].active) == (True, False)

    deployment = client.read_deployment_by_name("ingest/ingest").id
    by_night = CronSchedule(cron="30 2 * * *", timezone="UTC")
    client.update_deployment_schedule(deployment, made["source-wiki"].id, active=False, schedule=by_night)
    client.create_deployment_schedules(deployment, [(CronSchedule(cron="0 0 1 * *"), False)])
    after = again(settings=sources(wiki | {"source": "/srv/wiki-2"}))
    assert after.updated == ["deployment ingest/ingest"]
    assert any(
        "'source-wiki' of ingest/ingest stays as it is in Prefect, cron '30 2" in line for line in after.warnings
    )
    found = schedules()
    assert found.keys() == {"hourly", "source-wiki", None}
    assert (found["source-wiki"].active, found["source-wiki"].schedule) == (False, by_night)
    assert found["source-wiki"].parameters == {"settings": {"ingest": {"source": "/srv/wiki-2"}}}
    assert not again().updated
    assert schedules().keys() == found.keys()

    for slug in ("source-wiki", None):
        client.delete_deployment_schedule(deployment, schedules()[slug].id)


@pytest.mark.deployed
def test_people_are_told_by_the_block_that_is_named(bootstrapped: BootstrapResult, client: SyncPrefectClient) -> None:
    Webhook(url="http://127.0.0.1:9/hook").save("ops", overwrite=True)
    told = again(notify="webhook/ops")
    assert [name for name in told.created if "tell of" in name]
    assert "automation llmops: tell of drift" in told.created
    assert not told.updated
    assert not again(notify="webhook/ops").updated
    with pytest.raises(ConfigurationError, match="'webhook/nobody', which does not exist"):
        again(notify="webhook/nobody")
    with pytest.raises(ConfigurationError, match="cannot notify"):
        again(notify="llmops-platform/default")


@pytest.mark.deployed
def test_a_pool_of_another_type_is_refused_before_anything_changes(
    bootstrapped: BootstrapResult, client: SyncPrefectClient
) -> None:
    before = stored(client)
    with pytest.raises(ConfigurationError, match="is of type 'process', not 'docker'") as refused:
        again(pool_type="docker", image="llmops-flows:1")
    assert "--type process" in refused.value.hint
    assert stored(client) == before


def test_bootstrap_without_a_server_says_how_to_start_one(home: Any) -> None:
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(ConfigurationError, match="PREFECT_API_URL") as refused,
    ):
        bootstrap(POOL)
    assert "prefect server start" in refused.value.hint


def test_bootstrap_with_a_server_that_is_down_names_its_address(home: Any) -> None:
    url = "http://127.0.0.1:9/api"
    with temporary_settings({PREFECT_API_URL: url}), pytest.raises(LlmopsError, match=f"no .* answers at {url}"):
        bootstrap(POOL)


@pytest.mark.parametrize("kind", ["kubernetes", "ecs"])
def test_containers_that_would_lose_the_local_state_are_refused(
    monkeypatch: pytest.MonkeyPatch, kind: PoolType
) -> None:
    monkeypatch.setattr(module, "server_url", lambda: "http://prefect.internal/api")
    with pytest.raises(ConfigurationError, match="keeps its state in each container"):
        bootstrap(POOL, pool_type=kind, image="llmops-flows:1")


def test_an_image_cannot_be_built_where_there_is_no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "server_url", lambda: "http://prefect.internal/api")
    monkeypatch.setattr(module, "prefect_file", lambda: Path(shutil.copy(prefect_file(), tmp_path)))
    with pytest.raises(ConfigurationError, match="no Dockerfile") as refused:
        bootstrap(POOL, pool_type="docker")
    assert "--image" in refused.value.hint


def test_an_image_cannot_be_built_without_the_package_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "server_url", lambda: "http://prefect.internal/api")
    with pytest.raises(ConfigurationError, match="needs the package prefect-docker, which is not installed"):
        bootstrap(POOL, pool_type="docker")
