"""The Prefect work pool, its concurrency limit and its workers."""

from typing import TYPE_CHECKING

from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    WorkerFilter,
    WorkerFilterStatus,
)
from prefect.client.schemas.objects import WorkerStatus, WorkPool
from prefect.exceptions import ObjectNotFound

from flows.orchestration.changes import Changes
from flows.orchestration.job_variables import PoolType, base_job_template
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

TAG = "llmops"
"""Tag of every deployment of this project, and of each of its flow runs."""
RUNS_AT_ONCE: dict[PoolType, int] = {"process": 2, "docker": 2, "kubernetes": 10, "ecs": 10}
"""Limit of a new pool. Runs on one machine share its cores, and each takes 1-2 GB; a cluster adds machines."""
DESCRIPTION = "Flows of LLMOps: ingest, dataset, deploy, promote, tune, monitor, release, rollback."


def ensure_pool(client: "SyncPrefectClient", name: str, kind: PoolType, changes: Changes) -> None:
    """Create the work pool if it is missing; an existing one keeps its limit, template and description.

    :raises ConfigurationError: If there is one of another type.
    """
    try:
        existing = client.read_work_pool(name)
    except ObjectNotFound:
        existing = None
    if existing and existing.type != kind:
        raise ConfigurationError(
            f"work pool {name!r} exists and is of type {existing.type!r}, not {kind!r}",
            hint=f"Name another pool with --pool, or its type with --type {existing.type}.",
        )
    if changes.note(f"work pool {name}", existing and kind, kind):
        client.create_work_pool(
            WorkPoolCreate(
                name=name,
                type=kind,
                description=DESCRIPTION,
                base_job_template=base_job_template(kind),
                concurrency_limit=RUNS_AT_ONCE[kind],
            )
        )


def has_worker(client: "SyncPrefectClient", name: str) -> bool:
    """Whether a worker polls the work pool."""
    online = WorkerFilter(status=WorkerFilterStatus(any_=[WorkerStatus.ONLINE]))
    return bool(client.read_workers_for_work_pool(name, worker_filter=online))


def deployed_pools(client: "SyncPrefectClient") -> list[WorkPool]:
    """The work pools of this project's deployments."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    names = {deployment.work_pool_name for deployment in client.read_deployments(deployment_filter=tagged)}
    return [client.read_work_pool(name) for name in sorted(filter(None, names))]


def worker_hint(name: str, kind: str) -> str:
    """The hint how to start a worker."""
    package = {"process": "", "ecs": "prefect-aws"}.get(kind, f"prefect-{kind}")
    needs = f" (needs the package {package})" if package else ""
    return f"Start one: `prefect worker start --pool {name} --type {kind}`{needs}."
