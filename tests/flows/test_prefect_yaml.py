"""prefect.yaml is right, and a typo anywhere in it is refused: Prefect itself would deploy it without a word."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.orchestration.automations import Times
from flows.orchestration.deployments import for_pool, variables_of
from flows.orchestration.job_variables import PoolType
from flows.orchestration.pool import TAG
from flows.orchestration.prefect_file import VARIABLES, PrefectFile, prefect_file, read_prefect_file
from tasks_lib.errors import ConfigurationError
from tasks_lib.quiet import QUIET

File = dict[str, Any]
CONTAINERS: list[PoolType] = ["docker", "kubernetes", "ecs"]


@pytest.fixture(scope="module")
def file() -> PrefectFile:
    return read_prefect_file(prefect_file())


@pytest.fixture(scope="module")
def written_out() -> str:
    """The file as JSON, which is YAML without anchors: a mutation hits one place."""
    return json.dumps(yaml.safe_load(prefect_file().read_text()))


@pytest.fixture
def content(written_out: str) -> File:
    loaded: File = json.loads(written_out)
    return loaded


def test_every_flow_that_runs_by_itself_is_deployed(file: PrefectFile) -> None:
    flows = {path.stem for path in (prefect_file().parent / "flows").glob("*.py") if "\n@flow(" in path.read_text()}
    assert {deployment.name for deployment in file.deployments} == flows
    assert flows >= {"ingest", "dataset", "deploy", "monitor", "rollback", "tune"}


def test_every_deployment_has_the_tag_that_automations_look_for(file: PrefectFile) -> None:
    assert all(TAG in deployment.tags for deployment in file.deployments)


def test_schedules_wait_until_someone_switches_them_on(file: PrefectFile) -> None:
    planned = {deployment.name: deployment.schedules for deployment in file.deployments if deployment.schedules}
    assert set(planned) == {"ingest", "monitor", "retention"}
    assert not any(schedule.active for schedules in planned.values() for schedule in schedules)
    assert planned["monitor"][0].cron
    assert planned["monitor"][0].timezone != "UTC"
    assert planned["ingest"][0].interval


def test_flows_run_in_a_quiet_environment_and_send_heartbeats_before_they_are_missed(file: PrefectFile) -> None:
    for pool in file.definitions.pools.values():
        env = pool.work_pool.job_variables["env"]
        assert {name: env[name] for name in QUIET} == QUIET
        assert "LLMOPS_HOME" in env
        rest = {name for name in env if not name.startswith("PREFECT_")} - {*QUIET, "LLMOPS_HOME"}
        assert not rest
        assert 2 * int(env["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) < Times().silence.total_seconds()


def test_each_variable_is_read_by_some_pool(file: PrefectFile) -> None:
    read = {name for kind in file.definitions.pools for name in variables_of(for_pool(file, "laptop", kind, None))}
    assert read == VARIABLES


@pytest.mark.parametrize("kind", CONTAINERS)
def test_container_pools_build_an_image_or_take_the_one_they_are_given(file: PrefectFile, kind: PoolType) -> None:
    built = for_pool(file, "laptop", kind, None)[0]
    assert built.build
    assert built.work_pool.job_variables["image"] == "{{ image.image }}"
    given = for_pool(file, "laptop", kind, "registry.example/llmops:1")[0]
    assert (given.build, given.push) == ([], [])
    assert given.work_pool.job_variables["image"] == "registry.example/llmops:1"
    assert given.work_pool.job_variables["env"] == built.work_pool.job_variables["env"]


def test_containers_take_nothing_of_the_machine_that_deploys(file: PrefectFile) -> None:
    for kind in CONTAINERS:
        env = file.definitions.pools[kind].work_pool.job_variables["env"]
        assert env["LLMOPS_HOME"] == "/data"
        assert env["PREFECT_HOME"].startswith("/data/")
        assert env["PREFECT_API_URL"] == "{{ prefect.variables.llmops_api_url }}"


def deployment(content: File, name: str) -> File:
    found: File = next(found for found in content["deployments"] if found["name"] == name)
    return found


def variables(content: File, kind: str) -> File:
    found: File = content["definitions"]["pools"][kind]["work_pool"]["job_variables"]
    return found


TYPOS: dict[str, tuple[Callable[[File], Any], str]] = {
    "key of the file": (lambda file: file.update(deployment=[]), "deployment: Extra"),
    "key of a deployment": (lambda file: deployment(file, "ingest").update(shedules=[]), "shedules: Extra"),
    "key of a schedule": (lambda file: _schedule(file).update(timezon="UTC"), "timezon: Extra"),
    "key of a work pool": (lambda file: deployment(file, "tune")["work_pool"].update(queue="x"), "queue: Extra"),
    "key of a limit": (lambda file: _limit(file).update(strategy="ENQUEUE"), "strategy: Extra"),
    "definition": (lambda file: file["definitions"].update(enviroment={}), "enviroment: Extra"),
    "type of a pool": (lambda file: file["definitions"]["pools"].update(doker={}), "doker"),
    "strategy": (lambda file: _limit(file).update(collision_strategy="QUEUE"), "collision_strategy"),
    "limit": (lambda file: _limit(file).update(limit=0), "limit"),
    "cron": (lambda file: _schedule(file).update(cron="0 25 * * 1"), "cron"),
    "day of a cron": (lambda file: _schedule(file).update(cron="0 6 * * MOO"), "cron"),
    "cron and interval": (lambda file: _schedule(file).update(interval=60), "either `cron` or `interval`"),
    "interval": (lambda file: _schedule(file, "ingest").update(interval=0), "interval"),
    "anchor": (lambda file: _schedule(file, "ingest").update(anchor_date="2026-13-01"), "month must be"),
    "timezone": (lambda file: _schedule(file).update(timezone="Europe/Berln"), "timezone"),
    "timezone of an interval": (lambda file: _schedule(file, "ingest").update(timezone="UTZ"), "timezone"),
    "module": (lambda file: deployment(file, "deploy").update(entrypoint="flows.deply.deploy"), "cannot be imported"),
    "flow": (lambda file: deployment(file, "deploy").update(entrypoint="flows.deploy.deploi"), "cannot be imported"),
    "no flow": (lambda file: deployment(file, "deploy").update(entrypoint="flows.deploy.CODE_PATHS"), "is no flow"),
    "parameter": (
        lambda file: deployment(file, "deploy")["parameters"].update(plattform="x"),
        "no parameter plattform",
    ),
    "type of a parameter": (lambda file: deployment(file, "rollback")["parameters"].update(to="v"), "to: Input"),
    "key of the settings": (
        lambda file: deployment(file, "ingest")["parameters"].update(settings={"ingest": {"sorce": "x"}}),
        "sorce",
    ),
    "parameter of a schedule": (lambda file: _schedule(file).update(parameters={"until": 1}), "no parameter until"),
    "settings of a schedule": (
        lambda file: _schedule(file).update(parameters={"settings": {"monitor": {"alpha": 7}}}),
        "alpha",
    ),
    "variable": (
        lambda file: deployment(file, "tune")["parameters"].update(platform="{{ prefect.variables.llmops_platfrm }}"),
        "llmops_platfrm",
    ),
    "output of a step": (lambda file: variables(file, "docker").update(image="{{ image.imag }}"), "image.imag "),
    "step": (
        lambda file: file["definitions"]["push"].append({"prefect_docker.deployments.steps.push_image": {}}),
        "there is no step",
    ),
    "step of Prefect": (
        lambda file: deployment(file, "tune")["pull"].append({"prefect.deployments.steps.git_clon": {}}),
        "there is no step",
    ),
    "input of a step": (lambda file: _build(file).update(dockerfil="Dockerfile"), "takes no dockerfil"),
    "job variable": (lambda file: variables(file, "ecs").update(memry=512), "no job variable memry"),
    "type of a job variable": (lambda file: variables(file, "ecs").update(cpu="2 vCPU"), "job variable cpu"),
    "launch type": (lambda file: variables(file, "ecs").update(launch_type="FARGAT"), "launch_type"),
    "pull policy": (lambda file: variables(file, "kubernetes").update(image_pull_policy="Sometimes"), "pull_policy"),
    "setting of Prefect": (
        lambda file: variables(file, "process")["env"].update(PREFECT_FLOWS_HEARTBEAT_FREQENCY="30"),
        "no setting PREFECT_FLOWS_HEARTBEAT_FREQENCY",
    ),
    "number in the environment": (lambda file: variables(file, "docker")["env"].update(DO_NOT_TRACK=1), "DO_NOT_TRACK"),
    "same name twice": (lambda file: file["deployments"].append(deployment(file, "tune")), "the same name"),
    "no description": (lambda file: deployment(file, "tune").pop("description"), "description: Field required"),
}


def _schedule(file: File, of: str = "monitor") -> File:
    found: File = deployment(file, of)["schedules"][0]
    return found


def _limit(file: File) -> File:
    found: File = deployment(file, "ingest")["concurrency_limit"]
    return found


def _build(file: File) -> File:
    step: dict[str, File] = file["definitions"]["pools"]["ecs"]["build"][0]
    return next(iter(step.values()))


def test_what_may_wait_a_day_for_a_person_keeps_no_other_run_waiting(file: PrefectFile) -> None:
    """Prefect ends a paused run that has a place of its deployment's limit."""
    unlimited = {each.name for each in file.deployments if each.concurrency_limit is None}
    assert unlimited == {"deploy", "promote", "release", "tune"}


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_is_refused_and_named(content: File, tmp_path: Path, typo: str) -> None:
    plant, told = TYPOS[typo]
    plant(content)
    path = tmp_path / "prefect.yaml"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigurationError) as refused:
        read_prefect_file(path)
    assert told in refused.value.message
    assert str(path) in refused.value.message


def test_the_copy_without_a_typo_is_taken(content: File, tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(json.dumps(content))
    assert read_prefect_file(path) == read_prefect_file(prefect_file())


def test_what_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text("deployments: [")
    with pytest.raises(ConfigurationError, match="is no YAML"):
        read_prefect_file(path)
