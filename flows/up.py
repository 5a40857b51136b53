"""`llmops up`: a Prefect server, a worker, MLflow and the endpoint on one machine, stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from blocks.resolve import resolve_platform
from flows.bootstrap import bootstrap
from flows.serve import serve_command, serve_environment
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home
from tasks_lib.progress import advance
from tasks_lib.registry.live import find_live
from tasks_lib.registry.tracking import connect

HOST = "127.0.0.1"
PREFECT_PORT = 4200
MLFLOW_PORT = 5000
POOL = "llmops"
HEALTHY_WITHIN_SECONDS = 180.0
STOP_WITHIN_SECONDS = 30.0


@dataclass
class Service:
    """One process, and the address that answers when it is healthy."""

    name: str
    command: list[str]
    health: str | None
    address: str | None


def up(settings: Settings, platform: str, announce: Callable[[Mapping[str, Any]], None]) -> int:
    """Start everything, print the addresses, wait, and stop everything on SIGINT or SIGTERM."""
    place = resolve_platform(platform)
    home = Home.from_environment().ensure()
    tracking = place.tracking_uri()
    live = find_live(connect(place), settings.gate.model_name, settings.gate.aliases["production"])
    prefect_url = f"http://{HOST}:{PREFECT_PORT}/api"
    os.environ["PREFECT_API_URL"] = prefect_url
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log_path = home.root / "up.log"
    with ExitStack() as stack:
        log = stack.enter_context(log_path.open("ab"))
        running: dict[str, subprocess.Popen[bytes]] = {}
        stack.callback(_stop_all, running)
        try:
            for service in _backends(tracking):
                running[service.name] = _start(service, log, platform)
                _wait_healthy(service, running[service.name])
            bootstrap(POOL, platform)
            for service in _workers(settings, serving=live is not None):
                running[service.name] = _start(service, log, platform)
                _wait_healthy(service, running[service.name])
            addresses = {"prefect": f"http://{HOST}:{PREFECT_PORT}", "mlflow": f"http://{HOST}:{MLFLOW_PORT}"}
            if live is not None:
                addresses["endpoint"] = f"http://{settings.serve.host}:{settings.serve.port}"
            announce({"addresses": addresses, "log": str(log_path), "pool": POOL})
            return _watch(running)
        except KeyboardInterrupt:
            return 0


def _backends(tracking: str) -> list[Service]:
    python = sys.executable
    prefect = [python, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(PREFECT_PORT)]
    mlflow = [
        python,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        tracking,
        "--host",
        HOST,
        "--port",
        str(MLFLOW_PORT),
    ]
    return [
        Service("prefect", prefect, f"http://{HOST}:{PREFECT_PORT}/api/health", None),
        Service("mlflow", mlflow, f"http://{HOST}:{MLFLOW_PORT}/health", None),
    ]


def _workers(settings: Settings, *, serving: bool) -> list[Service]:
    services = [Service("worker", [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL], None, None)]
    if serving:
        address = f"http://{settings.serve.host}:{settings.serve.port}"
        services.append(Service("endpoint", serve_command(settings), f"{address}/ready", address))
    return services


def _start(service: Service, log: Any, platform: str) -> "subprocess.Popen[bytes]":
    advance(f"start {service.name}", 0, 1)
    return subprocess.Popen(  # noqa: S603  (our own commands)
        service.command,
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        env=serve_environment(platform),
        start_new_session=True,
    )


def _wait_healthy(service: Service, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while service.health and time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(service.health, timeout=5).is_success:
                break
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    else:
        if service.health:
            raise LlmopsError(
                f"{service.name} did not get healthy in {HEALTHY_WITHIN_SECONDS:.0f} s", hint="See up.log."
            )
    if process.poll() is not None:
        raise LlmopsError(
            f"{service.name} ended with code {process.returncode}",
            hint="See up.log below LLMOPS_HOME; is its port in use?",
        )
    advance(f"start {service.name}", 1, 1)


def _watch(running: "Mapping[str, subprocess.Popen[bytes]]") -> int:
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                raise LlmopsError(f"{name} ended with code {process.returncode}", hint="See up.log below LLMOPS_HOME.")
        time.sleep(1)


def _stop_all(running: "Mapping[str, subprocess.Popen[bytes]]") -> None:
    """Stop whole process groups, the last started first."""
    for process in reversed(list(running.values())):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    for process in running.values():
        try:
            process.wait(timeout=STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
