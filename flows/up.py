"""`llmops up`: a Prefect server, a worker, MLflow and the endpoint on one machine.

What is configured and answers is used as it is: the Prefect server of ``PREFECT_API_URL``, the MLflow server of the
platform. What is configured to be on this machine and does not answer is started there; without configuration both
are started over the state below ``LLMOPS_HOME``. The endpoint starts as soon as something is in production.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from blocks.key_stores import platform_keys
from blocks.local import LOCAL
from blocks.resolve import resolve_platform
from flows.serve import endpoint_port, servable, served_names
from flows.services.interrupts import Interrupts
from flows.services.joint_log import JointLog
from flows.services.ports import Port, require_free
from flows.services.service import (
    Service,
    answers,
    endpoint_server,
    mlflow_server,
    prefect_server,
    repeat_crashed_runs,
    worker,
)
from flows.services.supervisor import Supervisor
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.api_keys import LOOPBACK
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError, LlmopsError, NotDeployedError
from tasks_lib.home import Home

HOST = "127.0.0.1"
API_URL = "PREFECT_API_URL"
NOTHING_LIVE = "nothing is in production yet: it starts once `llmops deploy` has promoted a version"


def up(
    settings: Settings,
    platform: str,
    announce: Callable[[Mapping[str, Any]], None],
    report: Callable[[str], None] | None = None,
    echo: Callable[[str], None] | None = None,
) -> int:
    """Start all services, announce their addresses, supervise them, and stop them on SIGINT, SIGTERM or SIGHUP.

    :param report: Receives what happens to the services, a line at a time.
    :param echo: Receives every line of the log.
    :raises PortError: Before anything is started, if a port is in use.
    :raises PartError: If a part does not start, or keeps dying; by then everything else has been stopped.
    """
    if platform == LOCAL:
        _require_keys(settings, platform)
    home = Home.from_environment().ensure()
    with ExitStack() as stack:
        stack.enter_context(_single_instance(home))
        interrupts = stack.enter_context(Interrupts())
        log = stack.enter_context(closing(JointLog(home.root / "up.log", echo)))
        prefect = _prefect_api(settings)
        _require_ports(settings, platform, prefect)
        stack.enter_context(_prefect_at(prefect.url))
        try:
            with Supervisor(log, interrupts, report) as supervisor:
                addresses, endpoint = _start(settings, platform, supervisor, home, prefect)
                pending = {} if endpoint.service else {"endpoint": NOTHING_LIVE}
                announce({"addresses": addresses, "pending": pending, "pool": settings.up.pool, "log": str(log.path)})
                supervisor.watch(lambda: _tend(endpoint, settings.up.pool, supervisor.say))
        except KeyboardInterrupt:
            pass
    return 0


def _require_keys(settings: Settings, platform: str) -> None:
    """Other platforms than `local` are looked up when Prefect runs, and so is the place of their keys."""
    platform_keys(settings.serve.host, platform, tokens=settings.serve.oidc is not None)


def _tend(endpoint: "Endpoint", pool: str, say: Callable[[str], None]) -> None:
    endpoint.start_if_live()
    repeat_crashed_runs(pool, say)


def _start(
    settings: Settings, platform: str, supervisor: Supervisor, home: Home, prefect: "PrefectApi"
) -> tuple[dict[str, str], "Endpoint"]:
    """Start Prefect first, which holds the platforms; then MLflow, which holds the registry; then the others."""
    from flows.bootstrap import bootstrap

    if prefect.to_start:
        supervisor.start(prefect_server(prefect.url, home.prefect))
    if platform != LOCAL:
        supervisor.wait_healthy()
        _require_keys(settings, platform)
    resolved = resolve_platform(platform)
    tracking, server = _mlflow(settings, resolved, home)
    if server:
        supervisor.start(server)
    supervisor.wait_healthy()
    endpoint = Endpoint(settings, resolved, supervisor)
    endpoint.start_if_live()
    supervisor.say("updating the deployments")
    bootstrap(settings.up.pool, platform, settings=settings)
    supervisor.start(worker(prefect.url, settings.up.pool, supervisor.say))
    supervisor.wait_healthy()
    addresses = {"prefect": prefect.url.removesuffix("/api"), "mlflow": tracking}
    return addresses | ({"endpoint": str(endpoint.service.address)} if endpoint.service else {}), endpoint


@dataclass(frozen=True)
class PrefectApi:
    """Address of Prefect's API, and whether a server is to be started there."""

    url: str
    to_start: bool


class Endpoint:
    """The endpoint, started once a version is in production."""

    def __init__(self, settings: Settings, platform: Platform, supervisor: Supervisor) -> None:
        self._settings = settings
        self._platform = platform
        self._supervisor = supervisor
        self.service: Service | None = None

    def start_if_live(self) -> None:
        """Start the endpoint if a version is in production: of one assistant, where there are several.

        :raises ConfigurationError: If the platform cannot supply the version's models.
        """
        if self.service:
            return
        try:
            names = served_names(self._settings, self._platform)
            live = servable(self._settings, self._platform, names, self._supervisor.say)
        except NotDeployedError:
            return
        self.service = endpoint_server(self._settings, self._platform.name, names)
        uris = ", ".join(version.uri for version in live)
        self._supervisor.say(f"the endpoint starts at {self.service.address} with {uris}")
        self._supervisor.start(self.service)


@contextmanager
def _single_instance(home: Home) -> Iterator[None]:
    """One `up` for a home: two would run two servers over one database.

    :raises ConfigurationError: If there is another.
    """
    lock = FileLock(home.locks / "up.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigurationError(
            f"`llmops up` runs already on {home.root}", hint="Stop it, or set LLMOPS_HOME to another folder."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _prefect_at(url: str) -> Iterator[None]:
    """Set the Prefect server of this process and its children to `url`."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    before = os.environ.get(API_URL)
    os.environ[API_URL] = url
    try:
        with temporary_settings({PREFECT_API_URL: url}):
            yield
    finally:
        os.environ.pop(API_URL)
        if before is not None:
            os.environ[API_URL] = before


def _prefect_api(settings: Settings) -> PrefectApi:
    """The API of the configured Prefect server, else of one to start on this machine.

    :raises LlmopsError: If a server elsewhere is configured, and does not answer.
    """
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()
    if not url:
        return PrefectApi(f"http://{HOST}:{settings.up.prefect_port}/api", to_start=True)
    url = str(url).rstrip("/")
    if answers(f"{url}/health"):
        return PrefectApi(url, to_start=False)
    _require_local(url, "Prefect", API_URL)
    return PrefectApi(url, to_start=True)


def _mlflow(settings: Settings, platform: Platform, home: Home) -> tuple[str, Service | None]:
    """Address of MLflow, and the server to start there, if none is configured that answers.

    :raises LlmopsError: If a server elsewhere is configured, and does not answer.
    :raises PortError: If the port is in use.
    """
    backend, url = platform.tracking_uri(), f"http://{HOST}:{settings.up.mlflow_port}"
    if backend.startswith(("http://", "https://")):
        url = backend.rstrip("/")
        if answers(f"{url}/health"):
            return url, None
        _require_local(url, "MLflow", "the platform's tracking")
        from blocks.sqlite_tracking import ensure_sqlite_tracking

        backend = os.environ.get("MLFLOW_BACKEND_STORE_URI") or ensure_sqlite_tracking(home)
    if platform.name != LOCAL:
        require_free([_port_of("MLflow", url, "change it in the platform's tracking, or set up.mlflow_port")])
    home.mlflow_artifacts.mkdir(parents=True, exist_ok=True)
    return url, mlflow_server(url, backend, home.mlflow_artifacts)


def _require_local(url: str, what: str, origin: str) -> None:
    if urlsplit(url).hostname not in LOOPBACK or urlsplit(url).scheme != "http":
        raise LlmopsError(
            f"no {what} server answers at {url}, which {origin} names", hint=f"Start it, or correct {origin}."
        )


def _require_ports(settings: Settings, platform: str, prefect: PrefectApi) -> None:
    """Refuse ports in use. Where MLflow listens on a saved platform is known only from its block in Prefect."""
    ports = [endpoint_port(settings)]
    if platform == LOCAL:
        ports.insert(0, Port("MLflow", HOST, settings.up.mlflow_port, "choose another with --mlflow-port"))
    if prefect.to_start:
        change = f"change {API_URL}" if os.environ.get(API_URL) else "choose another with --prefect-port"
        ports.insert(0, _port_of("Prefect", prefect.url, change))
    require_free(ports)


def _port_of(part: str, url: str, change: str) -> Port:
    address = urlsplit(url)
    return Port(part, address.hostname or HOST, address.port or 80, change)
