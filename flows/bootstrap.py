"""`llmops bootstrap`: the work pool and the deployments of prefect.yaml, made once and kept as they are."""

import os
import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from tasks_lib.errors import ConfigurationError, LlmopsError


class BootstrapResult(BaseModel):
    """What was made and what was there before."""

    pool: str
    created: list[str] = Field(default_factory=list)
    existing: list[str] = Field(default_factory=list)
    deployments: list[str] = Field(default_factory=list)


def bootstrap(pool: str, platform: str = "local") -> BootstrapResult:
    """Create the work pool if it is missing, then run `prefect deploy --all` with the project's prefect.yaml.

    :raises ConfigurationError: If no Prefect server is configured: deployments of an embedded one would vanish with it.
    """
    resolve_platform(platform)
    if not os.environ.get("PREFECT_API_URL"):
        raise ConfigurationError(
            "bootstrap needs a running Prefect server, and PREFECT_API_URL is not set",
            hint="Run `llmops up`, or `prefect server start` and export PREFECT_API_URL.",
        )
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    from blocks.collection import register_blocks

    result = BootstrapResult(pool=pool)
    with get_client(sync_client=True) as client:
        known = {kind.slug for kind in client.read_block_types()}
        for slug in register_blocks():
            (result.existing if slug in known else result.created).append(f"block type {slug}")
        if any(found.name == pool for found in client.read_work_pools()):
            result.existing.append(f"work pool {pool}")
        else:
            client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
            result.created.append(f"work pool {pool}")
        before = {deployment.name for deployment in client.read_deployments()}
        _deploy_all(pool)
        result.deployments = sorted(f"{deployment.name}" for deployment in client.read_deployments())
    result.created += [f"deployment {name}" for name in result.deployments if name not in before]
    result.existing += [f"deployment {name}" for name in result.deployments if name in before]
    return result


def prefect_file() -> Path:
    """prefect.yaml of the checkout, or the one that the wheel carries."""
    here = Path(__file__).resolve().parent
    for candidate in (here.parent / "prefect.yaml", here / "prefect.yaml"):
        if candidate.is_file():
            return candidate
    raise ConfigurationError(f"prefect.yaml is missing beside {here}", hint="Install the package again.")


def _deploy_all(pool: str) -> None:
    path = prefect_file()
    environment = {
        **os.environ,
        "LLMOPS_WORK_POOL": pool,
        "LLMOPS_PROJECT": str(path.parent),
        "PREFECT_CLI_PROMPT": "false",
    }
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(path)]
    done = subprocess.run(  # noqa: S603  (our own arguments)
        command, env=environment, cwd=path.parent, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise LlmopsError(f"`prefect deploy --all` failed: {lines[-1] if lines else done.returncode}")
