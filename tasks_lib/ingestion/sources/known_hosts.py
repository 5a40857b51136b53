"""SFTP to servers whose keys are known: fsspec's own client would trust whoever answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paramiko

from tasks_lib.errors import InputError

if TYPE_CHECKING:
    from paramiko import PKey, SSHClient

KNOWN_HOSTS = "~/.ssh/known_hosts"
TIMEOUTS = {"timeout": 30, "banner_timeout": 30, "auth_timeout": 30}
"""Seconds."""


def with_known_hosts(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of fsspec's SFTP client that refuse a server whose key is not in `known_hosts`, a file or its lines.

    :raises InputError: If the file cannot be read.
    """
    rest = {key: value for key, value in options.items() if key != "known_hosts"}
    policy = rest.get("host_key_policy") or OnlyKnownHosts(options.get("known_hosts"))
    return {**TIMEOUTS, **rest, "host_key_policy": policy}


class OnlyKnownHosts(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
    """Takes a server's key if it is the one that the known hosts list for it.

    :param known: Lines as in `~/.ssh/known_hosts`, or the path of such a file; that one by default.
    """

    def __init__(self, known: str | None = None) -> None:
        self._keys = paramiko.HostKeys()
        lines = known if known and " " in known.strip() else _content(known or KNOWN_HOSTS, required=bool(known))
        for line in lines.splitlines():
            if line.strip() and not line.startswith("#"):
                entry = _entry(line)
                for name in entry.hostnames if entry else ():
                    self._keys.add(name, entry.key.get_name(), entry.key)

    def missing_host_key(self, client: "SSHClient", hostname: str, key: "PKey") -> None:  # noqa: ARG002
        """Refuse the server unless its key is known."""
        if not self._keys.check(hostname, key):
            msg = f"the server's {key.get_name()} key {key.fingerprint} is not known for {hostname}"
            raise paramiko.SSHException(
                f"{msg}: add it to known_hosts, or name host_key_policy 'auto_add' to trust whoever answers"
            )


def _entry(line: str) -> Any:
    try:
        return paramiko.hostkeys.HostKeyEntry.from_line(line)
    except paramiko.hostkeys.InvalidHostKey as error:
        raise InputError(
            f"known_hosts has a line that is no host's key: {line.split(maxsplit=1)[0]} …",
            hint="Copy its lines from a machine that knows the server (~/.ssh/known_hosts, or ssh-keyscan).",
        ) from error


def _content(path: str, *, required: bool) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        if not required and isinstance(error, FileNotFoundError):
            return ""
        raise InputError(
            f"known_hosts {path!r} cannot be read: {error.strerror}", hint="Name a file as OpenSSH's known_hosts."
        ) from error
