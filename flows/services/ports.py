"""Ports that must be free before anything is started."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import psutil

from tasks_lib.errors import ConfigurationError
from tasks_lib.registry.listening import close_all, listen_on


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
        close_all(listen_on(port.host, port.number))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"it is in use{_holder(port.number)}"
        return error.strerror or str(error)
    return ""


def _holder(number: int) -> str:
    """Which process listens on the port, as far as this user may know."""
    try:
        listening = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
        pid = next((each.pid for each in listening if each.laddr and each.laddr.port == number and each.pid), None)
        return f" by process {pid} ({_described(psutil.Process(pid))})" if pid else ""
    except psutil.Error:
        return ""


def _described(process: psutil.Process) -> str:
    """The program, with the module that it runs; further arguments may hold secrets."""
    command = process.cmdline()
    module = next((name for flag, name in pairwise(command) if flag == "-m"), "")
    return f"{process.name()} -m {module}" if module else process.name()
