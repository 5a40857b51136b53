"""Create and update the deployments of prefect.yaml on the Prefect server, with `prefect deploy`."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from prefect.utilities.callables import parameter_schema
from prefect.utilities.templating import find_placeholders

from flows.orchestration.changes import Changes
from flows.orchestration.job_variables import PoolType
from flows.orchestration.prefect_file import Deployment, PoolDefinition, PrefectFile
from flows.orchestration.schedules import changed_by_people, managed, merged, parameters_of
from tasks_lib.errors import LlmopsError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

VARIABLE = "prefect.variables."


def for_pool(file: PrefectFile, name: str, kind: PoolType, image: str | None) -> list[Deployment]:
    """The deployments of the file as they are for one pool; where they are deployed from means nothing to them.

    :param kind: Type of the pool.
    :param image: An image that exists; none is built then.
    """
    pool = file.definitions.pools[kind]
    variables = pool.work_pool.job_variables | ({"image": image} if image else {})
    run_on = pool.work_pool.model_copy(update={"name": name, "job_variables": variables})
    pool = pool.model_copy(update={"work_pool": run_on, "pull": file.definitions.where_it_is})
    if image:
        pool = pool.model_copy(update={"build": [], "push": []})
    update = {name: getattr(pool, name) for name in PoolDefinition.model_fields}
    return [deployment.model_copy(update=update) for deployment in file.deployments]


def ensure_deployments(
    client: "SyncPrefectClient",
    deployments: list[Deployment],
    values: Mapping[str, str],
    folder: Path,
    changes: Changes,
) -> None:
    """Create missing deployments and update those that differ; what people changed of schedules in Prefect stays.

    Prefect replaces the schedules of what is deployed, so that what is right already must be left alone.

    :param values: Prefect variables.
    :param folder: Where build steps run.
    :raises LlmopsError: If Prefect's command fails.
    """
    due = []
    for deployment in deployments:
        on_server = _read(client, deployment.full_name)
        before = None if on_server is None else _state(on_server, deployment)
        # an image that is built may hold other code than the last one
        wanted = None if deployment.build else _wanted(deployment, values)
        if changes.note(f"deployment {deployment.full_name}", before, wanted):
            due.append(_as_yaml(deployment, on_server))
    if due:
        _deploy(due, folder)


def _read(client: "SyncPrefectClient", name: str) -> "DeploymentResponse | None":
    try:
        return client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


def _state(on_server: "DeploymentResponse", planned: Deployment) -> dict[str, Any]:
    limit, options = on_server.global_concurrency_limit, on_server.concurrency_options
    return {
        "entrypoint": on_server.entrypoint,
        "description": on_server.description,
        "tags": sorted(on_server.tags),
        "parameters": on_server.parameters,
        "schema": on_server.parameter_openapi_schema,
        "pull": on_server.pull_steps or [],
        "pool": on_server.work_pool_name,
        "job_variables": on_server.job_variables,
        "limit": (limit.limit, options.collision_strategy if options else None) if limit else None,
        "schedules": managed(on_server.schedules, planned.schedules),
    }


def _wanted(deployment: Deployment, values: Mapping[str, str]) -> dict[str, Any]:
    limit = deployment.concurrency_limit
    schema = parameter_schema(deployment.flow).model_dump(mode="json", exclude_unset=True)
    return {
        "entrypoint": deployment.entrypoint,
        "description": deployment.description,
        "tags": sorted(deployment.tags),
        "parameters": _filled(deployment.parameters, values),
        "schema": schema,
        "pull": deployment.pull,
        "pool": deployment.work_pool.name,
        "job_variables": _filled(deployment.work_pool.job_variables, values),
        "limit": (limit.limit, limit.collision_strategy) if limit else None,
        "schedules": parameters_of(deployment.schedules),
    }


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """`template` with its placeholders replaced by the values of the Prefect variables."""
    if isinstance(template, Mapping):
        return {name: _filled(part, values) for name, part in template.items()}
    if isinstance(template, list):
        return [_filled(part, values) for part in template]
    if isinstance(template, str):
        for placeholder in find_placeholders(template):
            template = template.replace(placeholder.full_match, values[placeholder.name.removeprefix(VARIABLE)])
    return template


def _as_yaml(deployment: Deployment, on_server: "DeploymentResponse | None") -> dict[str, Any]:
    shown: dict[str, Any] = deepcopy(deployment.model_dump(mode="json", exclude_unset=True))
    shown["schedules"] = merged(deployment.schedules, on_server.schedules if on_server else ())
    return shown


def kept_schedules(client: "SyncPrefectClient", deployments: list[Deployment]) -> list[str]:
    """A sentence for each planned schedule whose times are others on the server, where they stay."""
    return [
        f"The schedule {slug!r} of {deployment.full_name} stays as it is in Prefect, {times}: delete it there to take "
        "that of the configuration."
        for deployment in deployments
        if (on_server := _read(client, deployment.full_name))
        for slug, times in changed_by_people(deployment.schedules, on_server.schedules).items()
    ]


def variables_of(deployments: list[Deployment]) -> set[str]:
    """Names of the Prefect variables that the deployments read."""
    placeholders = find_placeholders([deployment.model_dump(mode="json") for deployment in deployments])
    return {one.name.removeprefix(VARIABLE) for one in placeholders if one.name.startswith(VARIABLE)}


def _deploy(deployments: list[dict[str, Any]], folder: Path) -> None:
    # Prefect's settings may come from a profile, which is not in the environment
    settings = get_current_settings().to_environment_variables(exclude_unset=True, include_secrets=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "prefect.yaml"
        path.write_text(yaml.safe_dump({"name": "llmops-flows", "deployments": deployments}), encoding="utf-8")
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(path)]
        done = subprocess.run(  # noqa: S603  (our own arguments)
            command,
            env={**os.environ, **settings, "PREFECT_CLI_PROMPT": "false"},
            cwd=folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise LlmopsError(f"`prefect deploy --all` failed: {lines[-1] if lines else done.returncode}")
