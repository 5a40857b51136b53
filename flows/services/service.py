"""The parts of `llmops up`: their commands, and their health checks."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from flows.command.environment import TERSE, prefect_database
from flows.serve import endpoint_url, serve_command, serve_environment
from flows.services.joint_log import MASKED, PASSWORD
from tasks_lib.config.settings import Settings

ASK_SECONDS = 5.0
PREFECT_DATABASE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
MLFLOW_ENVIRONMENT = {
    # one process answers a machine's few users; the job runner would be four more of them
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_WORKERS": "1",
}


@dataclass(frozen=True)
class Service:
    """One process.

    :param healthy: Its health check; called from any thread, never raises.
    :param address: Where a person finds it; `None` if it has no page.
    :param prepare: Called before each start; never raises.
    :param needs: What it cannot start without, as a hint where it logs only that a connection was refused.
    :param stop_seconds: How long it may take to end after SIGTERM.
    """

    name: str
    command: list[str]
    healthy: Callable[[], bool]
    environment: Mapping[str, str]
    address: str | None = None
    stop_seconds: float = 20.0
    folder: Path | None = None
    needs: str = ""
    prepare: Callable[[], None] | None = None


def prefect_server(url: str, home: Path) -> Service:
    """The Prefect server at the API address `url`, with the state of `home` unless the environment says otherwise."""
    address = urlsplit(url)
    command = [sys.executable, "-m", "prefect", "server", "start"]
    command += ["--host", str(address.hostname), "--port", str(address.port)]
    state = os.environ.get("PREFECT_HOME") or str(home)
    environment = {"PREFECT_HOME": state, "PREFECT_API_URL": url, **prefect_database(Path(state))}
    return Service(
        "prefect",
        command,
        lambda: answers(f"{url}/health"),
        _verbose_environment(environment),
        url.removesuffix("/api"),
        needs=_database(os.environ.get(PREFECT_DATABASE, ""), PREFECT_DATABASE),
    )


def mlflow_server(url: str, backend: str, artifacts: Path) -> Service:
    """The MLflow server at `url` over the database `backend`, which may hold a password: no argument shows it."""
    address = urlsplit(url)
    command = [sys.executable, "-m", "mlflow", "server", "--host", str(address.hostname), "--port", str(address.port)]
    defaults = MLFLOW_ENVIRONMENT | {"MLFLOW_ARTIFACTS_DESTINATION": artifacts.as_uri()}
    environment = {name: os.environ.get(name) or value for name, value in defaults.items()}
    environment["MLFLOW_BACKEND_STORE_URI"] = backend
    # the folder, because the server makes files where it is started
    return Service(
        "mlflow",
        command,
        lambda: answers(f"{url}/health"),
        _verbose_environment(environment),
        url,
        folder=artifacts,
        needs=_database(backend, "MLFLOW_BACKEND_STORE_URI"),
    )


def worker(url: str, pool: str, say: Callable[[str], None]) -> Service:
    """A Prefect worker of the work pool. When it stops, it waits for the flow runs that it has begun.

    Before it starts, runs that ended with the last one are made to begin again, and told to `say`.
    """
    from prefect.client.orchestration import get_client

    from flows.orchestration.leftovers import release, worker_name

    name = worker_name()
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--name", name]

    def online() -> bool:
        try:
            with get_client(sync_client=True) as client:
                workers = client.read_workers_for_work_pool(pool)
        except Exception:  # noqa: BLE001  (whatever is wrong with the server is not wrong with the worker)
            return True
        return any(one.name == name and one.status == "ONLINE" for one in workers)

    def prepare() -> None:
        try:
            with get_client(sync_client=True) as client:
                released = release(client, pool)
        except Exception as error:  # noqa: BLE001  (an automation does it later)
            say(f"runs of the last worker could not be looked for: {error}")
            return
        for run in released:
            say(f"{run.name} ended with its worker: it begins again")

    return Service("worker", command, online, _verbose_environment({"PREFECT_API_URL": url}), prepare=prepare)


def repeat_crashed_runs(pool: str, say: Callable[[str], None]) -> None:
    """Queue crashed runs again that no automation has; the next look does what this one cannot."""
    from prefect.client.orchestration import get_client

    from flows.orchestration.leftovers import repeat_crashed

    try:
        with get_client(sync_client=True) as client:
            for run in repeat_crashed(client, pool):
                say(f"{run.name} had crashed: it begins again")
    except Exception:  # noqa: BLE001  (whatever is wrong with the server is told by its own health)
        return


def endpoint_server(settings: Settings, platform: str, assistants: Sequence[str]) -> Service:
    """`llmops serve` of these assistants as a child."""
    url = endpoint_url(settings)
    environment = serve_environment(settings, platform)
    command = serve_command(settings, assistants)
    return Service("endpoint", command, lambda: answers(f"{url}/ready"), environment, url)


def _database(url: str, variable: str) -> str:
    """What to say of a database that is a server; a file says enough itself."""
    if not url or url.startswith("sqlite"):
        return ""
    return f"Its database is {PASSWORD.sub(MASKED, url)} ({variable}): is it up, and are name and password right? "


def answers(url: str) -> bool:
    """Whether a GET succeeds."""
    try:
        return httpx.get(url, timeout=ASK_SECONDS).is_success
    except httpx.HTTPError:
        return False


def _verbose_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the log levels of a server: without what the command sets to be terse."""
    inherited = {name: value for name, value in os.environ.items() if TERSE.get(name) != value}
    return {**inherited, "PREFECT_CLI_PROMPT": "false", "PYTHONUNBUFFERED": "1", **environment}
