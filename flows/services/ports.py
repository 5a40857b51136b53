"""Ports that must be free before anything is started."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from tasks_lib.errors import ConfigurationError


class PortError(ConfigurationError):
    """A port that is needed is in use, or cannot be listened on."""


@dataclass(frozen=True)
class Port:
    """The address that a service will listen on.

    :param change: How to configure another port, as an imperative.
    """

    part: str
    host: str
    number: int
    change: str


def require_free(ports: Sequence[Port]) -> None:
    """Check that every port is free; the error names all that are not.

    :raises PortError: If two parts want the same one, or somebody else has it.
    """
    problems: list[str] = []
    changes: list[str] = []
    for position, port in enumerate(ports):
        twin = next(
            (other for other in ports[:position] if (other.number, other.host) == (port.number, port.host)), None
        )
        problem = f"{twin.part} wants it too" if twin else _problem(port)
        if problem:
            problems.append(f"port {port.number} of {port.host}, for {port.part}: {problem}")
            changes.append(port.change)
    if problems:
        raise PortError("; ".join(problems), hint=f"End what listens there, or {', and '.join(changes)}.")


def _problem(port: Port) -> str:
    """Why the port cannot be bound; empty if it is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(port.host, port.number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # as servers do: connections of the last run that linger are no obstacle
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return "it is in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
    return ""
