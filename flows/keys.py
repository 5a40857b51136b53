"""`llmops keys`: make, list, replace and end the API keys of the endpoint, which takes up each change by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field

from flows.origin import person
from tasks_lib.config.key_file import KeyFile, KeyState, StoredKey
from tasks_lib.errors import InputError
from tasks_lib.home import Home

LONGEST = timedelta(days=3650)


class KeyRow(BaseModel):
    """A key as people may see it."""

    name: str
    state: KeyState
    assistants: list[str] | None = Field(description="Those that it may ask; null for all.")
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


def create(name: str, *, assistants: Sequence[str] = (), days: float | None = None) -> KeysResult:
    """Make a key for a holder who has none.

    :param assistants: Those that it may ask; all without.
    :param days: After which it ends.
    :raises InputError: If the holder has a valid key, or the time is none.
    """
    made = _file().create(name, by=person(), assistants=tuple(assistants) or None, lasts=_span(days, "days"))
    return KeysResult(keys=[_row(made[1])], key=made[0])


def rotate(name: str, *, grace_hours: float = 0) -> KeysResult:
    """Replace the valid key of a holder; the old one opens the endpoint for `grace_hours` more.

    :raises InputError: If the holder has no valid key, or the time is none.
    """
    secret, made = _file().rotate(name, by=person(), grace=_span(grace_hours, "hours") or timedelta())
    return KeysResult(keys=[_row(made)], key=secret)


def revoke(name: str) -> KeysResult:
    """End all valid keys of a holder at once.

    :raises InputError: If the holder has none.
    """
    return KeysResult(keys=[_row(key) for key in _file().revoke(name, by=person())])


def list_keys() -> KeysResult:
    """All keys of the home, the newest first; those that opened nothing any more as well."""
    return KeysResult(keys=[_row(key) for key in reversed(_file().read())])


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
    kept = key.model_dump(exclude={"digest", "assistants"})
    assistants = list(key.assistants) if key.assistants is not None else None
    return KeyRow(state=key.state(datetime.now(UTC)), begins=key.digest[:8], assistants=assistants, **kept)
