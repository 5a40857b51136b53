"""API keys of `llmops keys`: what is kept of one, and how making, replacing, changing and ending alter a list."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field, ValidationError

from tasks_lib.config.api_keys import DEFAULT_ROLES, ApiKey, Role, role_names
from tasks_lib.config.strict import StrictModel
from tasks_lib.errors import ConfigurationError, InputError

PREFIX = "llmops_"
"""Of a key, so that scanners for secrets find it."""
RANDOM_BYTES = 32
NAME = r"^[\w.-]{1,64}$"
KeyState = Literal["valid", "expired", "revoked"]


class Rights(StrictModel):
    """What a key opens."""

    assistants: tuple[str, ...] | None = Field(default=None, description="Those that it may ask; all without.")
    groups: tuple[str, ...] = Field(
        default=(), description="Groups whose documents its holder sees beside public ones."
    )
    roles: tuple[Role, ...] = Field(
        default=role_names(DEFAULT_ROLES), min_length=1, description="What its holder may do at the endpoint."
    )
    requests_per_minute: int | None = Field(default=None, ge=1, description="The endpoint's limit without.")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="The endpoint's limit without.")


class StoredKey(Rights):
    """What is kept of a key."""

    name: str = Field(pattern=NAME, description="Who holds it.")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the key.")
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def state(self, moment: datetime) -> KeyState:
        """Whether it opens the endpoint at that moment, or why not."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= moment else "valid"

    @property
    def holder(self) -> ApiKey:
        """Who asks with it."""
        return ApiKey(
            self.name,
            frozenset(self.assistants) if self.assistants is not None else None,
            frozenset(self.groups),
            frozenset(self.roles),
            self.requests_per_minute,
            self.tokens_per_minute,
        )

    @property
    def rights(self) -> Rights:
        """What it opens."""
        return Rights(**self.model_dump(include=set(Rights.model_fields)))


class _Content(StrictModel):
    keys: list[StoredKey] = Field(default_factory=list)


def written(keys: list[StoredKey]) -> str:
    """A list as JSON, as every place keeps it."""
    return _Content(keys=keys).model_dump_json(indent=2, exclude_defaults=True)


def read_from(text: str, place: str, *, hint: str) -> list[StoredKey]:
    """The list that :func:`written` wrote.

    :param place: Where the text was read, as errors name it.
    :param hint: How a broken list is mended there.
    :raises ConfigurationError: If it is no such list; none of it is taken then.
    """
    try:
        return _Content.model_validate_json(text).keys
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its content"
        raise ConfigurationError(f"{place} is broken: {where}: {first['msg']}", hint=hint) from error


def add_key(
    keys: list[StoredKey], name: str, *, by: str, rights: Rights | None = None, lasts: timedelta | None = None
) -> tuple[str, StoredKey]:
    """Make a key for a holder who has none, and put it into the list.

    :param rights: Every assistant, what is public, asking and feedback, without them.
    :param lasts: After which it opens nothing any more; it does not end without.
    :returns: The key itself, which is kept nowhere, and what is kept of it.
    :raises InputError: If somebody of this name has a valid key, or the name is none.
    """
    if any(key.name == name and key.state(now()) == "valid" for key in keys):
        raise InputError(
            f"there is a valid key of {name!r} already",
            hint=f"`llmops keys rotate {name}` replaces it; `llmops keys revoke {name}` ends it.",
        )
    return _added(keys, name, by, rights or Rights(), lasts)


def replace_key(keys: list[StoredKey], name: str, *, by: str, grace: timedelta) -> tuple[str, StoredKey]:
    """Make another key for the same holder with the same rights; the valid ones end after `grace`.

    :returns: As :func:`add_key`.
    :raises InputError: If nobody of this name has a valid key.
    """
    valid = _valid(keys, name)
    end, lasts = now() + grace, valid[-1].expires_at
    for key in valid:
        ends = min(end, key.expires_at) if key.expires_at else end
        keys[keys.index(key)] = key.model_copy(update={"expires_at": ends})
    # the new key lasts as long as the last one did
    span = lasts - valid[-1].created_at if lasts else None
    return _added(keys, name, by, valid[-1].rights, span)


def change_keys(keys: list[StoredKey], name: str, changes: Mapping[str, object]) -> list[StoredKey]:
    """Give all valid keys of a holder other rights.

    :param changes: Fields of :class:`Rights` → what they become; the others stay.
    :returns: The changed ones.
    :raises InputError: If nobody of this name has one.
    """
    changed = []
    for key in _valid(keys, name):
        other = StoredKey.model_validate({**key.model_dump(), **changes})
        keys[keys.index(key)] = other
        changed.append(other)
    return changed


def end_keys(keys: list[StoredKey], name: str, *, by: str) -> list[StoredKey]:
    """End all valid keys of a holder.

    :returns: The ended ones.
    :raises InputError: If nobody of this name has one.
    """
    ended = []
    for key in _valid(keys, name):
        revoked = key.model_copy(update={"revoked_at": now(), "revoked_by": by})
        keys[keys.index(key)] = revoked
        ended.append(revoked)
    return ended


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def _valid(keys: list[StoredKey], name: str) -> list[StoredKey]:
    moment = now()
    valid = [key for key in keys if key.name == name and key.state(moment) == "valid"]
    if not valid:
        names = sorted({key.name for key in keys if key.state(moment) == "valid"})
        raise InputError(
            f"{name!r} has no valid key; who has one: {', '.join(names) or 'nobody'}",
            hint="`llmops keys list` shows all of them.",
        )
    return valid


def _added(keys: list[StoredKey], name: str, by: str, rights: Rights, lasts: timedelta | None) -> tuple[str, StoredKey]:
    secret, moment = PREFIX + secrets.token_urlsafe(RANDOM_BYTES), now()
    try:
        made = StoredKey(
            name=name,
            digest=hashlib.sha256(secret.encode()).hexdigest(),
            **rights.model_dump(),
            created_at=moment,
            created_by=by,
            expires_at=moment + lasts if lasts else None,
        )
    except ValidationError as error:
        raise InputError(
            f"{name!r} is no name of a key's holder", hint="Letters, digits, `_`, `.` and `-`, 64 at most."
        ) from error
    keys.append(made)
    return secret, made
