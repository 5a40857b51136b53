"""`llmops hold`: nothing is deployed automatically until a person releases it."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from flows.origin import in_short, person
from flows.production_page import show_production
from tasks_lib.config.settings import Settings
from tasks_lib.errors import NotDeployedError
from tasks_lib.registry.agreement import require_known
from tasks_lib.registry.audited import audited_run
from tasks_lib.registry.holds import Hold, lift_hold, place_hold, read_hold
from tasks_lib.registry.tracking import REASON_TAG, STARTED_BY_TAG, connect


class HoldResult(BaseModel):
    """The hold that is in force, or the one that was released."""

    model: str
    hold: Hold | None = Field(description="In force now.")
    released: Hold | None = None


def hold(settings: Settings, platform: str = "local", *, release: bool = False, reason: str = "") -> HoldResult:
    """Hold automatic deployments of an assistant, or release the hold, be it a person's or a rollback's.

    :raises InputError: If there is no such assistant.
    :raises NotDeployedError: If it has no registered version yet.
    """
    model, by, reason = settings.assistant, person(), in_short(reason)
    client = connect(resolve_platform(platform), model)
    require_known(client)
    if model not in client.models():
        raise NotDeployedError(
            f"nothing of {model!r} was registered yet: there is nothing to hold", hint="Run `llmops deploy` first."
        )
    alias = settings.gate.aliases["production"]
    tags = {STARTED_BY_TAG: by, **({REASON_TAG: reason} if reason else {})}
    if release:
        held = read_hold(client, model)
        if held is None:
            return HoldResult(model=model, hold=None)
        with audited_run(client, "release", tags, name=f"{model}: hold released"):
            lift_hold(client, model, held)
        show_production(client, alias)
        return HoldResult(model=model, hold=read_hold(client, model), released=held)
    with audited_run(client, "hold", tags, name=f"{model}: on hold"):
        placed = place_hold(client, model, Hold(verb="hold", by=by, at=datetime.now(UTC), reason=reason))
    show_production(client, alias)
    return HoldResult(model=model, hold=placed)
