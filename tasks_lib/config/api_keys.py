"""The API keys of the endpoint: only their digests are configured."""

import os
import re
from collections.abc import Mapping

from tasks_lib.errors import ConfigurationError

KEYS_VARIABLE = "LLMOPS_API_KEYS"
"""Environment variable with `name=sha256` of every key, separated by commas or white space."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ENTRY = re.compile(r"([\w.-]+)=([0-9a-f]{64})")


def read_keys(host: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """SHA-256 of a key → its name. None are needed on loopback.

    :raises ConfigurationError: If an entry is not `name=sha256`, or there is none and others can reach the endpoint.
    """
    entries = environment.get(KEYS_VARIABLE, "").replace(",", " ").split()
    keys = {}
    for number, entry in enumerate(entries, start=1):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ConfigurationError(
                f"entry {number} of {KEYS_VARIABLE} is not of the form name=sha256",
                hint="Write the SHA-256 of the key as 64 lower-case hexadecimal digits, never the key itself.",
            )
        keys[match[2]] = match[1]
    if not keys and host not in LOOPBACK:
        raise ConfigurationError(
            f"the endpoint would listen on {host!r} without API keys",
            hint=f"Set {KEYS_VARIABLE}=name=sha256, the digest as `printf %s KEY | sha256sum` prints it, or serve on "
            "127.0.0.1.",
        )
    return keys
