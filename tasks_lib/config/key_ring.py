"""The keys that open an endpoint, as they are now."""

import os
from collections.abc import Mapping

from tasks_lib.config.api_keys import KEYS_VARIABLE, LOOPBACK, ApiKey, read_keys
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.stored_key import StoredKey, now
from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home


class KeyRing:
    """The keys that open an endpoint now: those of the environment, and those of the home, read anew when they change.

    A file that turns broken opens nothing to those whose keys it held; the environment's keys go on.
    """

    def __init__(self, fixed: Mapping[str, ApiKey], file: KeyFile | None = None) -> None:
        self.fixed, self._file = dict(fixed), file
        self._stored: list[StoredKey] = []
        self._stamp: tuple[int, int, int] | None = None

    @property
    def required(self) -> bool:
        """Whether a key is needed; once one was made, it stays needed when all are revoked."""
        return bool(self.fixed) or bool(self._file and self._file.in_use())

    def holders(self) -> dict[str, ApiKey]:
        """SHA-256 of each key that is valid now → who holds it."""
        moment = now()
        stored = {key.digest: key.holder for key in self._read() if key.state(moment) == "valid"}
        return stored | self.fixed

    def _read(self) -> list[StoredKey]:
        if self._file is None:
            return []
        stamp = self._file.stamp()
        if stamp != self._stamp:
            self._stamp, self._stored = stamp, []
            self._stored = self._file.read()
        return self._stored


def keys_of_home(host: str, *, tokens: bool = False) -> KeyRing:
    """:func:`key_ring` of the environment and the home of this process."""
    return key_ring(host, KeyFile(Home.from_environment().api_keys), tokens=tokens)


def key_ring(
    host: str, file: KeyFile | None, environment: Mapping[str, str] = os.environ, *, tokens: bool = False
) -> KeyRing:
    """The keys of an endpoint that listens on `host`. None are needed on loopback.

    :param tokens: Whether it takes tokens of people who log in: then none are needed elsewhere either.
    :raises ConfigurationError: If the environment or the file is wrong, or if there is no key and others can reach the
        endpoint.
    """
    ring = KeyRing(read_keys(environment), file)
    ring.holders()
    if not ring.required and not tokens and host not in LOOPBACK:
        raise ConfigurationError(
            f"the endpoint would listen on {host!r} without API keys",
            hint=f"Make one with `llmops keys create NAME`, or set {KEYS_VARIABLE}=name=sha256, the digest as "
            "`printf %s KEY | sha256sum` prints it. Without keys, serve on 127.0.0.1.",
        )
    return ring
