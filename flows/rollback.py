"""`llmops rollback`: production moves back to a version that passed."""

from prefect import flow
from pydantic import BaseModel

from blocks.resolve import resolve_platform
from tasks_lib.config.settings import Settings
from tasks_lib.registry import aliases
from tasks_lib.registry.events import emit
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import connect, run_of


class RollbackResult(BaseModel):
    """What moved."""

    model: str
    from_version: int
    to_version: int


@flow(name="rollback")
def rollback(settings: Settings | None = None, platform: str = "local", to: int | None = None) -> RollbackResult:
    """Swap production and previous, or move production to version `to`; recorded as a run and an event.

    :raises NotDeployedError: If nothing is in production.
    :raises InputError: If the version did not pass, its index is gone, or there is none.
    """
    gate = (settings or Settings()).gate
    place = resolve_platform(platform)
    client = connect(place)
    live = require_live(client, gate.model_name, gate.aliases["production"])
    before = aliases.read_aliases(client, gate.model_name, gate.aliases)
    target = aliases.rollback_target(client, place, gate.model_name, before, gate.aliases, to)
    tags = {"llmops.from_version": live.version, "llmops.to_version": target, "llmops.asked_for": to or "previous"}
    with run_of("rollback", tags):
        wanted: aliases.Aliases = {gate.aliases["previous"]: live.version, gate.aliases["production"]: target}
        aliases.write_aliases(client, gate.model_name, wanted)
    emit("llmops.deployment.rolled-back", gate.model_name, target, {"from_version": live.version})
    return RollbackResult(model=gate.model_name, from_version=live.version, to_version=target)
