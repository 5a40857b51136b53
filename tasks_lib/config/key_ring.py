"""The keys that open an endpoint, as they are now."""

import logging
import os
import time
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Literal

from tasks_lib.config.api_keys import KEYS_VARIABLE, LOOPBACK, ApiKey, read_keys
from tasks_lib.config.key_store import KeyStore
from tasks_lib.config.stored_key import StoredKey, now
from tasks_lib.errors import ConfigurationError, LlmopsError

LOOK_SECONDS = 5.0
"""Between two looks at a place outside of the home: a change is taken up after as long."""
KEPT_SECONDS = 3600.0
"""For which keys that were read are taken while their place cannot be reached."""
RingState = Literal["read", "kept", "unknown", "broken"]
"""`kept`: read before, and their place cannot be reached now. `unknown`: never read, or too long ago; `broken`: their
list is. With the last two no stored key opens anything."""
_NEVER = object()

logger = logging.getLogger(__name__)


class KeyRing:
    """The keys that open an endpoint now: those of the environment, and those of a store, read anew when they change.

    A list that turns broken opens nothing to those whose keys it held; the environment's keys go on. A file is looked
    at whenever it is asked; another place by :meth:`look`, which may take a while and may be called in a thread.
    """

    def __init__(self, fixed: Mapping[str, ApiKey], store: KeyStore | None = None) -> None:
        self.fixed, self._store = dict(fixed), store
        self._lock = Lock()
        self._stored: list[StoredKey] = []
        self._stamp: Hashable = _NEVER
        self._broken = False
        self._told: RingState = "read"
        # wall-clock time, which goes on while a machine or a function of Lambda sleeps
        self._looked_at = self._read_at = float("-inf")
        self.problem: LlmopsError | None = None
        """Why the last look has failed."""

    @property
    def required(self) -> bool:
        """Whether a key is needed; once one was made, it stays needed when all are revoked."""
        return bool(self.fixed) or bool(self._store and self._store.in_use())

    @property
    def outside(self) -> bool:
        """Whether keys are kept outside of the home."""
        return self._store is not None and self._store.outside

    @property
    def due(self) -> bool:
        """Whether it is time to look at a place outside."""
        return self.outside and abs(time.time() - self._looked_at) >= LOOK_SECONDS

    @property
    def state(self) -> RingState:
        """How what is known of the stored keys was come by."""
        if self._store is None:
            return "read"
        if self._broken:
            return "broken"
        if abs(time.time() - self._read_at) > KEPT_SECONDS:
            return "unknown"
        return "kept" if self.problem else "read"

    @property
    def read_at(self) -> datetime | None:
        """When the stored keys were last known to be what they are; `None` if never."""
        return datetime.fromtimestamp(self._read_at, UTC) if self._read_at > 0 else None

    def holders(self) -> dict[str, ApiKey]:
        """SHA-256 of each key that is valid now → who holds it."""
        if not self.outside:
            self.look()
        moment = now()
        stored = self._stored if self.state in {"read", "kept"} else ()
        return {key.digest: key.holder for key in stored if key.state(moment) == "valid"} | self.fixed

    def look(self) -> None:
        """Take up what has changed in the store. Nothing is raised: see :attr:`state` and :attr:`problem`."""
        if self._store is None:
            return
        with self._lock:
            self._take(self._store)
            self._looked_at = time.time()
            self._tell(self._store)

    def _take(self, store: KeyStore) -> None:
        stamp: Hashable = _NEVER
        try:
            stamp = store.stamp()
            if stamp != self._stamp:
                self._stored = store.read()
                self._stamp, self._broken = stamp, False
            self.problem = self.problem if self._broken else None
            self._read_at = time.time()
        except ConfigurationError as error:
            self._stored, self._stamp, self._broken, self.problem = [], stamp, True, error
        except LlmopsError as error:
            self.problem = error
        except Exception as error:  # noqa: BLE001  (whatever a client raises: those that were read are kept)
            self.problem = LlmopsError(f"{store.place} cannot be read: {type(error).__name__}: {error}")

    def _tell(self, store: KeyStore) -> None:
        """Log what has changed since the last look."""
        state, before, problem = self.state, self._told, self.problem
        self._told = state
        if state == before:
            return
        why = " ".join(filter(None, (problem.message, problem.hint))) if problem else ""
        if state == "broken":
            logger.error("no stored API key is taken: %s", why)
        elif state == "unknown":
            logger.error("no stored API key is taken until %s can be read: %s", store.place, why)
        elif state == "kept":
            minutes = KEPT_SECONDS / 60
            logger.warning("API keys are taken as they were read last, for %.0f minutes at most: %s", minutes, why)
        else:
            logger.warning("API keys are read again from %s", store.place)


def key_ring(
    host: str, store: KeyStore | None, environment: Mapping[str, str] = os.environ, *, tokens: bool = False
) -> KeyRing:
    """The keys of an endpoint that listens on `host`. None are needed on loopback.

    A store that cannot be reached now may be reached later: until then it opens nothing.

    :param tokens: Whether it takes tokens of people who log in: then none are needed elsewhere either.
    :raises ConfigurationError: If the environment or the list is wrong, or if there is no key and others can reach the
        endpoint.
    """
    ring = KeyRing(read_keys(environment), store)
    ring.look()
    if isinstance(ring.problem, ConfigurationError):
        raise ring.problem
    if not ring.required and not tokens and host not in LOOPBACK:
        raise ConfigurationError(
            f"the endpoint would listen on {host!r} without API keys",
            hint=f"Make one with `llmops keys create NAME`, or set {KEYS_VARIABLE}=name=sha256, the digest as "
            "`printf %s KEY | sha256sum` prints it. Without keys, serve on 127.0.0.1.",
        )
    return ring
