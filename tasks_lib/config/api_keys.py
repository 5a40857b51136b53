"""The API keys of the endpoint: only their digests are configured."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from tasks_lib.errors import ConfigurationError, InputError

KEYS_VARIABLE = "LLMOPS_API_KEYS"
"""Environment variable with `name=sha256` of every key, or `name=sha256:docs+staff` for one that may ask only these
assistants; `:groups=hr+legal` and `:roles=ask+metrics` may follow. Entries are separated by commas or white space."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Role = Literal["ask", "feedback", "metrics", "review", "admin"]
"""What one may do at the endpoint; `admin` may do all."""
ROLES: tuple[Role, ...] = get_args(Role)
DEFAULT_ROLES: frozenset[Role] = frozenset({"ask", "feedback"})
RESERVED_GROUPS = frozenset({"public", "nobody"})
"""Words that say who may read a document; nobody is in a group of such a name."""
_ENTRY = re.compile(r"([\w.-]+)=([0-9a-f]{64})((?::[^:]*)*)")
_PART = re.compile(r"(?:(groups|roles)=)?([^+=]+(?:\+[^+=]+)*)")


@dataclass(frozen=True)
class ApiKey:
    """Who asks, by a key or by a token: name, assistants (`None` for all), groups, roles, and limits of its own.

    Without groups its holder sees what is public; in two it sees what either may.
    """

    name: str
    assistants: frozenset[str] | None = None
    groups: frozenset[str] = frozenset()
    roles: frozenset[Role] = DEFAULT_ROLES
    requests_per_minute: int | None = None
    """`None` for the endpoint's limit; so are tokens."""
    tokens_per_minute: int | None = None
    subject: str = ""
    """Of a token: its issuer and its subject. A key has none."""

    @property
    def identity(self) -> str:
        """Who it is, never the same for a person and a key of the same name."""
        return self.subject or f"key {self.name}"

    def may(self, role: Role) -> bool:
        """Whether one of its roles is this one."""
        return role in self.roles or "admin" in self.roles


def group_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of groups, each once.

    :raises InputError: If a name is empty, has a comma or characters that are not seen, or is one of `public` and
        `nobody`.
    """
    found = tuple(dict.fromkeys(name.strip() for name in names))
    for name in found:
        if not name or "," in name or not name.isprintable() or len(name) > 200:
            raise InputError(f"{name!r} is no name of a group", hint="Write them as --groups hr,legal.")
        if name in RESERVED_GROUPS:
            raise InputError(
                f"nobody is in a group {name!r}: the word says who may read a document",
                hint="Without groups one sees what is public.",
            )
    return found


def role_names(names: Iterable[str]) -> tuple[Role, ...]:
    """Roles, in the order in which they are listed.

    :raises InputError: If there is no role of a name.
    """
    wanted = set(names)
    if unknown := sorted(wanted - set(ROLES)):
        raise InputError(f"there is no role {unknown[0]!r}", hint=f"There are {', '.join(ROLES)}.")
    return tuple(role for role in ROLES if role in wanted)


def read_keys(environment: Mapping[str, str] = os.environ) -> dict[str, ApiKey]:
    """SHA-256 of a key → whose it is, as the environment names them.

    :raises ConfigurationError: If an entry is not of the form of :data:`KEYS_VARIABLE`, or if two entries bind one key
        to different assistants, groups or roles.
    """
    entries = environment.get(KEYS_VARIABLE, "").replace(",", " ").split()
    keys: dict[str, ApiKey] = {}
    for number, entry in enumerate(entries, start=1):
        match = _ENTRY.fullmatch(entry)
        bound = _bound(match[3]) if match else None
        if match is None or bound is None:
            raise ConfigurationError(
                f"entry {number} of {KEYS_VARIABLE} is not of the form name=sha256 or name=sha256:assistant+assistant, "
                "with :groups=group+group or :roles=role+role behind it",
                hint="Write the SHA-256 of the key as 64 lower-case hexadecimal digits, never the key itself.",
            )
        name, digest = match[1], match[2]
        key = _key(name, bound, f"entry {number} of {KEYS_VARIABLE} ({name})")
        before = keys.get(digest, key)
        if (before.assistants, before.groups, before.roles) != (key.assistants, key.groups, key.roles):
            raise ConfigurationError(
                f"entry {number} of {KEYS_VARIABLE} ({name}) binds a key to other assistants, groups or roles than an "
                "entry before it",
                hint="Name each key once: name=sha256:docs+staff:groups=hr+legal.",
            )
        keys[digest] = key
    return keys


def _bound(text: str) -> dict[str, list[str]] | None:
    """What `:docs+staff:groups=hr` binds a key to; `None` if it cannot be read."""
    found: dict[str, list[str]] = {}
    for part in text.split(":")[1:]:
        match = _PART.fullmatch(part)
        if match is None or (match[1] or "assistants") in found or (match[1] is None and found):
            return None
        found[match[1] or "assistants"] = match[2].split("+")
    return found


def _key(name: str, bound: Mapping[str, list[str]], where: str) -> ApiKey:
    assistants = bound.get("assistants")
    try:
        groups, roles = group_names(bound.get("groups", ())), role_names(bound.get("roles", DEFAULT_ROLES))
    except InputError as error:
        raise ConfigurationError(f"{where}: {error.message}", hint=error.hint) from None
    return ApiKey(name, frozenset(assistants) if assistants else None, frozenset(groups), frozenset(roles))
