"""A real Weaviate server: the one at ``WEAVIATE_URL``, else a `weaviate` binary on the PATH; there is no stub of it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tasks_lib.assistant.stores.weaviate.connection import WeaviateConnection

KEY = "test-weaviate-key"
ALONE = {
    "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
    "CLUSTER_HOSTNAME": "node1",
    "DEFAULT_VECTORIZER_MODULE": "none",
    "DISABLE_TELEMETRY": "true",
    "GO_PROFILING_DISABLE": "true",
    "LOG_LEVEL": "error",
}
"""Variables of a server that talks to nobody."""
PORTS = {
    "http": None,
    "grpc": "GRPC_PORT",
    "gossip": "CLUSTER_GOSSIP_BIND_PORT",
    "data": "CLUSTER_DATA_BIND_PORT",
    "raft": "RAFT_PORT",
    "raft-internal": "RAFT_INTERNAL_RPC_PORT",
}
READY_WITHIN_SECONDS = 60.0


@contextmanager
def weaviate_server(folder: Path) -> Iterator[WeaviateConnection]:
    """The server, with its data in `folder` if it is started here."""
    url = os.environ.get("WEAVIATE_URL")
    if url:
        port = int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
        yield WeaviateConnection(url, api_key=os.environ.get("WEAVIATE_API_KEY"), grpc_port=port)
        return
    binary = shutil.which("weaviate")
    if binary is None:
        pytest.skip("no Weaviate server: WEAVIATE_URL is not set and there is no `weaviate` on the PATH")
    ports = free_ports(len(PORTS))
    environment = {
        **os.environ,
        **{variable: str(port) for variable, port in zip(PORTS.values(), ports, strict=True) if variable},
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
        "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": KEY,
        "AUTHENTICATION_APIKEY_USERS": "tester",
        "AUTHORIZATION_ADMINLIST_ENABLED": "true",
        "AUTHORIZATION_ADMINLIST_USERS": "tester",
        **ALONE,
        "PERSISTENCE_DATA_PATH": str(folder),
        "RAFT_BOOTSTRAP_TIMEOUT": "60",
    }
    command = [binary, "--host", "127.0.0.1", "--port", str(ports[0]), "--scheme", "http"]
    with (folder / "weaviate.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            address = f"http://127.0.0.1:{ports[0]}"
            _wait_ready(address, process, folder / "weaviate.log")
            yield WeaviateConnection(address, api_key=KEY, grpc_port=ports[1])
        finally:
            process.terminate()
            process.wait(30)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/v1/.well-known/ready", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the Weaviate server did not get ready: {log.read_text()[-2000:]}")
