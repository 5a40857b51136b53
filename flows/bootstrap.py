"""`llmops bootstrap`: create blocks, variables, work pool, deployments and automations on a Prefect server."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from blocks.local import LOCAL
from blocks.resolve import resolve_platform
from flows.orchestration.automations import Times, automations, ensure_automations
from flows.orchestration.changes import Changes
from flows.orchestration.defaults import ensure_block_types, ensure_default_blocks, ensure_variables
from flows.orchestration.deployments import ensure_deployments, for_pool, kept_schedules, variables_of
from flows.orchestration.job_variables import PoolType
from flows.orchestration.notifications import Notifier
from flows.orchestration.pool import ensure_pool, has_worker, worker_hint
from flows.orchestration.prefect_file import (
    API_URL,
    HOME,
    IMAGE,
    PLATFORM,
    Deployment,
    prefect_file,
    read_prefect_file,
)
from flows.orchestration.schedules import with_sources
from flows.orchestration.steps import missing_packages
from tasks_lib.config.api_keys import LOOPBACK
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, LlmopsError
from tasks_lib.home import Home

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

DEPLOY = "deploy/deploy"
RELEASE = "release/release"
IMAGE_NAME = "llmops-flows"
TIMES = Times()


class BootstrapResult(BaseModel):
    """What was created, updated and left unchanged."""

    pool: str
    type: PoolType
    platform: str
    created: list[str] = Field(default_factory=list)
    updated: list[str] = Field(default_factory=list)
    unchanged: list[str] = Field(default_factory=list)
    deployments: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


def bootstrap(
    pool: str,
    platform: str = LOCAL,
    *,
    pool_type: PoolType = "process",
    image: str | None = None,
    notify: str | None = None,
    settings: Settings | None = None,
    times: Times = TIMES,
) -> BootstrapResult:
    """Create or update block types, default blocks, variables, the work pool, deployments and automations.

    :param image: Image that container pools run; without it, prefect.yaml's steps build one.
    :param notify: Slug of the block that notifies of drift, rejected versions and runs that are not retried any more.
    :param settings: Whose `ingest.sources` get the schedules that they name, with these settings as parameters.
    :raises ConfigurationError: If no Prefect server is configured (what an embedded one holds would vanish with it),
        prefect.yaml is wrong, the pool is of another type, or containers would keep their state in themselves.
    :raises LlmopsError: If the server does not answer, or Prefect's own command fails.
    """
    url = server_url()
    path = prefect_file()
    _require_state_outside(platform, pool_type)
    resolve_platform(platform)
    deployments = with_sources(for_pool(read_prefect_file(path), pool, pool_type, image), settings or Settings())
    _require_builder(deployments, path.parent)
    known = {
        PLATFORM: platform,
        HOME: str(Home.from_environment().root),
        IMAGE: IMAGE_NAME,
        API_URL: url,
    }
    values = {name: known[name] for name in sorted(variables_of(deployments))}
    changes = Changes()
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        notifier = Notifier.named(client, notify) if notify else None
        ensure_pool(client, pool, pool_type, changes)
        ensure_block_types(client, changes)
        ensure_default_blocks(client, changes)
        ensure_variables(client, values, changes)
        ensure_deployments(client, deployments, values, path.parent, changes)
        deploy = client.read_deployment_by_name(DEPLOY)
        release = client.read_deployment_by_name(RELEASE)
        ensure_automations(client, automations(deploy.id, release.id, times, notifier), changes)
        warnings = [*_warnings(client, pool, pool_type, url), *kept_schedules(client, deployments)]
    return BootstrapResult(
        pool=pool,
        type=pool_type,
        platform=platform,
        created=changes.created,
        updated=changes.updated,
        unchanged=changes.unchanged,
        deployments=sorted(deployment.full_name for deployment in deployments),
        warnings=warnings,
    )


def _require_state_outside(platform: str, kind: PoolType) -> None:
    if platform == LOCAL and kind in {"kubernetes", "ecs"}:
        raise ConfigurationError(
            f"platform 'local' keeps its state in each container of a {kind} pool, where it vanishes",
            hint="Save a block `LLMOps platform` with a store and a tracking server, and name it with --platform.",
        )


def _require_builder(deployments: list[Deployment], folder: Path) -> None:
    """Refuse to build an image without a Dockerfile or the packages of the build steps."""
    steps = [step for deployment in deployments for step in (*deployment.build, *deployment.push)]
    if steps and not (folder / "Dockerfile").is_file():
        raise ConfigurationError(
            f"there is no Dockerfile in {str(folder)!r} to build an image from",
            hint="Name an image that exists with --image, or run bootstrap in a checkout.",
        )
    missing = missing_packages(steps)
    if missing:
        raise ConfigurationError(
            f"building an image needs the package {', '.join(missing)}, which is not installed",
            hint=f"Install it with `pip install {' '.join(missing)}`, or name an image that exists with --image.",
        )


def server_url() -> str:
    """The API of the configured Prefect server, which answers.

    :raises ConfigurationError: If none is configured.
    :raises LlmopsError: If it does not answer.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    url: str | None = PREFECT_API_URL.value()
    if not url:
        raise ConfigurationError(
            "bootstrap needs a running Prefect server, and neither PREFECT_API_URL nor the Prefect profile names one",
            hint="Run `llmops up`, or `prefect server start` and export PREFECT_API_URL=http://127.0.0.1:4200/api.",
        )
    with get_client(sync_client=True) as client:
        try:
            answer = client._client.get("/health")  # noqa: SLF001  (`api_healthcheck` swallows what went wrong)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise LlmopsError(
                f"no Prefect server answers at {url}: {error}",
                hint="Start it with `prefect server start`, or correct PREFECT_API_URL.",
            ) from error
    return url.rstrip("/")


def _warnings(client: "SyncPrefectClient", pool: str, kind: PoolType, url: str) -> list[str]:
    warnings = []
    if not has_worker(client, pool):
        warnings.append(f"No worker polls the pool {pool!r}: runs stay late until one does. {worker_hint(pool, kind)}")
    if kind in {"kubernetes", "ecs"} and urlsplit(url).hostname in LOOPBACK:
        warnings.append(
            f"Containers of a {kind} pool cannot reach {url}: run bootstrap with the PREFECT_API_URL that they see."
        )
    return warnings
