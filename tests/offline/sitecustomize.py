"""On the PYTHONPATH of the offline test: processes refuse sockets that leave this machine, and note the attempt."""

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any


def _stays_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _refuse(what: str) -> None:
    import sys
    import traceback

    caller = "".join(traceback.format_stack(limit=25))
    with Path(os.environ["LLMOPS_TEST_ATTEMPTS"]).open("a", encoding="utf-8") as log:
        log.write(f"{what} in {sys.argv}\n{caller}\n")
    raise ConnectionRefusedError(f"the network is closed in this test: {what}")


class GuardedSocket(socket.socket):
    """A socket that connects to this machine only."""

    def connect(self, address: Any) -> None:
        if not _stays_here(address):
            _refuse(f"connect {address}")
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        if not _stays_here(address):
            _refuse(f"connect {address}")
        return super().connect_ex(address)


_getaddrinfo = socket.getaddrinfo


def _guarded_getaddrinfo(host: Any, *arguments: Any, **keywords: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in {None, "", "localhost", socket.gethostname()} and not _stays_here((name, 0)):
        _refuse(f"resolve {name}")
    return _getaddrinfo(host, *arguments, **keywords)


if "LLMOPS_TEST_ATTEMPTS" in os.environ:
    socket.socket = GuardedSocket  # type: ignore[misc]
    socket.getaddrinfo = _guarded_getaddrinfo
