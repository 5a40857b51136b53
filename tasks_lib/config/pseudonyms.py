"""Pseudonyms: who asked, told on traces so that only who has this home's secret can say who it was."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from tasks_lib.errors import ConfigurationError
from tasks_lib.home import Home

SECRET_VARIABLE = "LLMOPS_PSEUDONYM_SECRET"  # noqa: S105  (its name)
"""Environment variable with the secret, for replicas that have no home in common."""
SECRET_BYTES = 32
DIGITS = 32
"""Hexadecimal digits of a pseudonym."""


class Pseudonyms:
    """Keyed hashes of callers: the same caller has the same one, and without the secret none can be tried out."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, identity: str) -> str:
        """The pseudonym of an :attr:`~tasks_lib.config.api_keys.ApiKey.identity`."""
        return hmac.new(self._secret, identity.encode(), hashlib.sha256).hexdigest()[:DIGITS]


def pseudonyms(home: Home, environment: Mapping[str, str] = os.environ) -> Pseudonyms:
    """Those of a home, whose secret is made when it is needed first; the environment's goes before it.

    :raises ConfigurationError: If the secret is too short to be one.
    """
    given = environment.get(SECRET_VARIABLE)
    secret = given.encode() if given else kept_secret(home.pseudonym_secret)
    if len(secret) < SECRET_BYTES:
        raise ConfigurationError(
            f"{SECRET_VARIABLE if given else repr(str(home.pseudonym_secret))} has {len(secret)} bytes",
            hint=f"A secret has {SECRET_BYTES} at least: `openssl rand -hex {SECRET_BYTES}` makes one.",
        )
    return Pseudonyms(secret)


def kept_secret(path: Path) -> bytes:
    """The secret in a file, which is made where there is none. Of two processes that make it, one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_hex(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(scratch)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    return path.read_bytes()
