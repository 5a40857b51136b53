"""Flow `rollback`: roll production back to a version that passed the gate."""

from typing import TYPE_CHECKING

from pydantic import BaseModel

from blocks.resolve import resolve_platform
from flows.naming import named_by_assistant
from flows.verb import flow
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import GateConfig, Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.registry import aliases, moves
from tasks_lib.registry.agreement import require_production
from tasks_lib.registry.events import emit
from tasks_lib.registry.live import require_live
from tasks_lib.registry.tracking import connect, run_of

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

LONGEST_SECONDS = 900
"""Waits up to five minutes for another run that moves aliases."""


class RollbackResult(BaseModel):
    """The version before and after the rollback."""

    model: str
    from_version: int
    to_version: int


@flow(
    name="rollback",
    flow_run_name=named_by_assistant("rollback"),
    description="Roll production back to the previous version, or to another that passed the gate.",
    timeout_seconds=LONGEST_SECONDS,
)
def rollback(
    settings: Settings | None = None, platform: str = "local", to: int | None = None, assistant: str | None = None
) -> RollbackResult:
    """Swap the aliases production and previous, or move production to version `to`; record a run and emit an event.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        to: Version to move to. Leave it empty for the version that production left last.

    :raises NotDeployedError: If nothing is in production.
    :raises InputError: If the version did not pass, its index is gone, or there is none.
    """
    settings = for_assistant(settings, assistant)
    gate, model = settings.gate, settings.assistant
    resolved = resolve_platform(platform)
    require_production(resolved, settings)
    client = connect(resolved, model)
    with moves.alias_lock(model):
        move = _finished_already(client, gate, to) or _roll_back(client, resolved, gate, to)
    alias = gate.aliases["production"]
    current, target = move.before[alias], move.wanted[alias]
    if current is None or target is None:
        raise LlmopsError(f"a rollback of {model!r} names no version: {move}")
    emit("llmops.deployment.rolled-back", model, target, {"from_version": current})
    return RollbackResult(model=model, from_version=current, to_version=target)


def _finished_already(client: "AssistantClient", gate: GateConfig, to: int | None) -> moves.Move | None:
    """An interrupted rollback to the same version, which is finished now."""
    move = moves.recover_interrupted_move(client, client.assistant, gate.aliases)
    if move is None or move.verb != "rollback":
        return None
    return move if to in {None, move.wanted[gate.aliases["production"]]} else None


def _roll_back(client: "AssistantClient", resolved: Platform, gate: GateConfig, to: int | None) -> moves.Move:
    model = client.assistant
    live = require_live(client, model, gate.aliases["production"])
    before = aliases.read_aliases(client, model, gate.aliases)
    target = aliases.rollback_target(client, resolved, model, before, gate.aliases, to)
    wanted: aliases.Aliases = {gate.aliases["previous"]: live.version, gate.aliases["production"]: target}
    move = moves.Move(verb="rollback", before=before, wanted=wanted)
    tags = {"llmops.from_version": live.version, "llmops.to_version": target, "llmops.asked_for": to or "previous"}
    with run_of(client, "rollback", tags):
        moves.begin(client, model, move)
        moves.finish(client, model)
    return move
