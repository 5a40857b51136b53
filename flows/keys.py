"""`llmops keys`: make, list, replace and end the API keys of the endpoint, which takes up each change by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import BaseModel, Field

from blocks.key_stores import key_store
from blocks.local import LOCAL
from flows.origin import person
from tasks_lib.config.api_keys import Role, group_names, role_names
from tasks_lib.config.key_store import KeyStore
from tasks_lib.config.stored_key import KeyState, Rights, StoredKey
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.registry.audit import KEPT_IN, write_audit

LONGEST = timedelta(days=3650)


class KeyRow(BaseModel):
    """A key as people may see it."""

    name: str
    state: KeyState
    assistants: list[str] | None = Field(description="Those that it may ask; null for all.")
    groups: list[str] = Field(description="Those whose documents its holder sees, beside what is public.")
    roles: list[Role] = Field(description="What its holder may do at the endpoint.")
    requests_per_minute: int | None = Field(description="Null for the endpoint's limit.")
    tokens_per_minute: int | None = Field(description="Null for the endpoint's limit.")
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    begins: str = Field(description="The first digits of its SHA-256, to tell two keys of one holder apart.")


class KeysResult(BaseModel):
    """The keys that a verb was about, and of a new one the key itself, which is kept nowhere."""

    keys: list[KeyRow]
    place: str = Field(description="Where the list is kept.")
    key: str | None = Field(default=None, description="The new key; it is shown this once.")


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a key is to open, as people type it; `None` for what they did not say."""

    assistants: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    def rights(self) -> dict[str, object]:
        """Fields of :class:`Rights` that were said.

        :raises InputError: If a group, a role or a limit is none.
        """
        said: dict[str, object] = {"requests_per_minute": self.requests_per_minute}
        said["tokens_per_minute"] = self.tokens_per_minute
        for name, limit in said.items():
            if limit is not None and not cast("int", limit) > 0:
                raise InputError(f"{limit} is no limit", hint=f"{name} is a number from 1 on.")
        said["assistants"] = tuple(self.assistants) if self.assistants else None
        said["groups"] = group_names(self.groups) if self.groups is not None else None
        said["roles"] = role_names(self.roles) if self.roles else None
        return {name: value for name, value in said.items() if value is not None}


def create(name: str, *, given: Given = Given(), days: float | None = None, platform: str = LOCAL) -> KeysResult:
    """Make a key for a holder who has none.

    :param given: What it opens.
    :param days: After which it ends.
    :raises InputError: If the holder has a valid key, or the time, a group or a role is none.
    :raises ConfigurationError: As the other verbs, if the place that the platform names for keys cannot be used.
    :raises KeysAwayError: As the other verbs, if it cannot be reached.
    """
    rights, lasts = Rights.model_validate(given.rights()), _span(days, "days")
    store = key_store(platform)
    secret, made = store.create(name, by=person(), rights=rights, lasts=lasts)
    return _audited(store, "key made", name, [], [made], secret)


def change(name: str, given: Given, *, platform: str = LOCAL) -> KeysResult:
    """Let the valid keys of a holder open something else, at once; what was not said stays.

    :raises InputError: If the holder has no valid key, nothing was said, or a group or a role is none.
    """
    rights = given.rights()
    if not rights:
        raise InputError(
            "nothing was named that is to change", hint="Give --groups, --role, --assistant or a limit; see --help."
        )
    store = key_store(platform)
    before = _valid(store, name)
    return _audited(store, "key changed", name, before, store.change(name, rights))


def rotate(name: str, *, grace_hours: float = 0, platform: str = LOCAL) -> KeysResult:
    """Replace the valid key of a holder; the old one opens the endpoint for `grace_hours` more.

    :raises InputError: If the holder has no valid key, or the time is none.
    """
    grace, store = _span(grace_hours, "hours") or timedelta(), key_store(platform)
    before = _valid(store, name)
    secret, made = store.rotate(name, by=person(), grace=grace)
    return _audited(store, "key rotated", name, before, [made], secret)


def revoke(name: str, *, platform: str = LOCAL) -> KeysResult:
    """End all valid keys of a holder at once.

    :raises InputError: If the holder has none.
    """
    store = key_store(platform)
    before = _valid(store, name)
    return _audited(store, "key revoked", name, before, store.revoke(name, by=person()))


def list_keys(platform: str = LOCAL) -> KeysResult:
    """All keys of the platform, the newest first; those that opened nothing any more as well."""
    store = key_store(platform)
    return KeysResult(keys=[_row(key) for key in reversed(store.read())], place=store.place)


def _valid(store: KeyStore, name: str) -> list[StoredKey]:
    moment = datetime.now(UTC)
    return [key for key in store.read() if key.name == name and key.state(moment) == "valid"]


def _audited(
    store: KeyStore,
    what: str,
    name: str,
    before: Sequence[StoredKey],
    after: Sequence[StoredKey],
    secret: str | None = None,
) -> KeysResult:
    """The result, once the audit tells what became of the keys of `name`."""
    rows = [_row(key) for key in after]
    told = {"by": person(), "about": f"key {name}", "before": _in_short(map(_row, before)), "after": _in_short(rows)}
    write_audit(Home.from_environment(), what, told | {KEPT_IN: store.place if store.outside else ""})
    return KeysResult(keys=rows, place=store.place, key=secret)


def _in_short(rows: Iterable[KeyRow]) -> str:
    shown = {"begins", "state", "assistants", "groups", "roles", "expires_at"}
    return "; ".join(row.model_dump_json(include=shown, exclude_none=True) for row in rows)


def _span(amount: float | None, unit: str) -> timedelta | None:
    if amount is None:
        return None
    try:
        span = timedelta(**{unit: amount})
    except (OverflowError, ValueError):
        span = LONGEST * 2
    if not timedelta() <= span <= LONGEST or (unit == "days" and not span):
        raise InputError(f"{amount:g} {unit} is no time that a key lasts", hint=f"At most {LONGEST.days} days.")
    return span


def _row(key: StoredKey) -> KeyRow:
    kept = key.model_dump(mode="json", exclude={"digest"})
    return KeyRow(state=key.state(datetime.now(UTC)), begins=key.digest[:8], **kept)
