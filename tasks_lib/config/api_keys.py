"""The API keys of the endpoint: only their digests are configured."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tasks_lib.errors import ConfigurationError

KEYS_VARIABLE = "LLMOPS_API_KEYS"
"""Environment variable with `name=sha256` of every key, or `name=sha256:docs+staff` for one that may ask only these
assistants; entries are separated by commas or white space."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ENTRY = re.compile(r"([\w.-]+)=([0-9a-f]{64})(?::([^:+]+(?:\+[^:+]+)*))?")


@dataclass(frozen=True)
class ApiKey:
    """Who holds a key, which assistants it may ask (`None` for all of them), and the groups whose documents it sees.

    Without groups its holder sees what is public.
    """

    name: str
    assistants: frozenset[str] | None = None
    groups: frozenset[str] = frozenset()


def read_keys(environment: Mapping[str, str] = os.environ) -> dict[str, ApiKey]:
    """SHA-256 of a key → whose it is, as the environment names them.

    :raises ConfigurationError: If an entry is not `name=sha256` or `name=sha256:assistant+assistant`, or if two entries
        bind one key to different assistants.
    """
    entries = environment.get(KEYS_VARIABLE, "").replace(",", " ").split()
    keys: dict[str, ApiKey] = {}
    for number, entry in enumerate(entries, start=1):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ConfigurationError(
                f"entry {number} of {KEYS_VARIABLE} is not of the form name=sha256 or name=sha256:assistant+assistant",
                hint="Write the SHA-256 of the key as 64 lower-case hexadecimal digits, never the key itself.",
            )
        name, digest, assistants = match.groups()
        key = ApiKey(name, frozenset(assistants.split("+")) if assistants else None)
        if keys.get(digest, key).assistants != key.assistants:
            raise ConfigurationError(
                f"entry {number} of {KEYS_VARIABLE} ({name}) binds a key to other assistants than an entry before it",
                hint="Name each key once: name=sha256:docs+staff.",
            )
        keys[digest] = key
    return keys
