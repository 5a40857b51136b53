"""`llmops keys`: make, list, replace and end the API keys of the endpoint, which takes up each change by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import BaseModel, Field

from flows.origin import person
from tasks_lib.config.api_keys import Role, group_names, role_names
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.stored_key import KeyState, Rights, StoredKey
from tasks_lib.errors import InputError
from tasks_lib.home import Home
from tasks_lib.registry.audit import write_audit

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


def create(name: str, *, given: Given = Given(), days: float | None = None) -> KeysResult:
    """Make a key for a holder who has none.

    :param given: What it opens.
    :param days: After which it ends.
    :raises InputError: If the holder has a valid key, or the time, a group or a role is none.
    """
    rights = Rights.model_validate(given.rights())
    made = _file().create(name, by=person(), rights=rights, lasts=_span(days, "days"))
    return KeysResult(keys=_audited("key made", name, [], [_row(made[1])]), key=made[0])


def change(name: str, given: Given) -> KeysResult:
    """Let the valid keys of a holder open something else, at once; what was not said stays.

    :raises InputError: If the holder has no valid key, nothing was said, or a group or a role is none.
    """
    rights = given.rights()
    if not rights:
        raise InputError(
            "nothing was named that is to change", hint="Give --groups, --role, --assistant or a limit; see --help."
        )
    before = _valid(name)
    return KeysResult(keys=_audited("key changed", name, before, [_row(key) for key in _file().change(name, rights)]))


def rotate(name: str, *, grace_hours: float = 0) -> KeysResult:
    """Replace the valid key of a holder; the old one opens the endpoint for `grace_hours` more.

    :raises InputError: If the holder has no valid key, or the time is none.
    """
    before = _valid(name)
    secret, made = _file().rotate(name, by=person(), grace=_span(grace_hours, "hours") or timedelta())
    return KeysResult(keys=_audited("key rotated", name, before, [_row(made)]), key=secret)


def revoke(name: str) -> KeysResult:
    """End all valid keys of a holder at once.

    :raises InputError: If the holder has none.
    """
    before = _valid(name)
    return KeysResult(
        keys=_audited("key revoked", name, before, [_row(key) for key in _file().revoke(name, by=person())])
    )


def list_keys() -> KeysResult:
    """All keys of the home, the newest first; those that opened nothing any more as well."""
    return KeysResult(keys=[_row(key) for key in reversed(_file().read())])


def _valid(name: str) -> list[KeyRow]:
    return [row for row in map(_row, _file().read()) if row.name == name and row.state == "valid"]


def _audited(what: str, name: str, before: list[KeyRow], after: list[KeyRow]) -> list[KeyRow]:
    """`after`, once the audit tells what became of the keys of `name`."""
    told = {"by": person(), "about": f"key {name}", "before": _in_short(before), "after": _in_short(after)}
    write_audit(Home.from_environment(), what, told)
    return after


def _in_short(rows: list[KeyRow]) -> str:
    shown = {"begins", "state", "assistants", "groups", "roles", "expires_at"}
    return "; ".join(row.model_dump_json(include=shown, exclude_none=True) for row in rows)


def _file() -> KeyFile:
    return KeyFile(Home.from_environment().api_keys)


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
