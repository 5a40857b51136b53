"""Flow `rollback`: roll production back to a version that passed the gate."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from flows.naming import concluded, named_by_assistant
from flows.origin import Origin, origin
from flows.production_page import show_production
from flows.verb import flow
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.registry import aliases, moves
from tasks_lib.registry.agreement import require_production
from tasks_lib.registry.audited import audited_run
from tasks_lib.registry.changes import CHANGED_TAG, DOCUMENTS, changes, in_short
from tasks_lib.registry.events import emit
from tasks_lib.registry.holds import Hold, place_hold
from tasks_lib.registry.live import LiveVersion, read_version, require_live
from tasks_lib.registry.tracking import REASON_TAG, connect

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

LONGEST_SECONDS = 900
"""Waits up to five minutes for another run that moves aliases."""


class RollbackResult(BaseModel):
    """The version before and after the rollback."""

    model: str
    from_version: int
    to_version: int
    follows: str = Field(
        default="gated",
        description="Documents that it reads: the released ones, the `latest`, or `pinned` to its gate's.",
    )


@flow(
    name="rollback",
    flow_run_name=named_by_assistant("rollback"),
    description="Roll production back to the previous version, or to another that passed the gate.",
    timeout_seconds=LONGEST_SECONDS,
)
def rollback(
    settings: Settings | None = None,
    platform: str = "local",
    to: int | None = None,
    assistant: str | None = None,
    reason: str = "",
) -> RollbackResult:
    """Swap the aliases production and previous, or move production to version `to`; record a run and emit an event.

    Automatic deployments are on hold from then on, until a person deploys or releases the hold.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        to: Version to move to. Leave it empty for the version that production left last.
        reason: Why you roll back; it is kept in the history.

    :raises NotDeployedError: If nothing is in production.
    :raises InputError: If the version did not pass, its index is gone, or there is none.
    """
    started = origin(reason)
    settings = for_assistant(settings, assistant)
    gate, model = settings.gate, settings.assistant
    resolved = resolve_platform(platform)
    require_production(resolved, settings)
    client = connect(resolved, model)
    with moves.alias_lock(model):
        move = _finished_already(client, gate, to, started) or _roll_back(client, resolved, gate, to, started)
    alias = gate.aliases["production"]
    current, target = move.before[alias], move.wanted[alias]
    if current is None or target is None:
        raise LlmopsError(f"a rollback of {model!r} names no version: {move}")
    told = f"by {started.by}" + (f": {started.reason}" if started.reason else "")
    emit("llmops.deployment.rolled-back", model, target, {"from_version": current, "reasons": [f"rolled back {told}"]})
    show_production(client, alias)
    follows = require_live(client, model, alias).rag.index.follow
    result = RollbackResult(model=model, from_version=current, to_version=target, follows=follows)
    conclusion = f"{model}: rolled back from version {current} to {target}"
    return concluded(result, conclusion, f"{conclusion}, {told}")


def recover(client: "AssistantClient", gate: GateConfig, started: Origin) -> moves.Move | None:
    """Bring an interrupted move to its end, with the lock held; a rollback that is finished so is recorded."""
    move = moves.recover_interrupted_move(client, client.assistant, gate.aliases)
    if move is None or move.verb != "rollback":
        return None
    alias = gate.aliases["production"]
    tags = {"llmops.from_version": move.before[alias], "llmops.to_version": move.wanted[alias]}
    because = "a rollback was interrupted, and is finished now"
    with audited_run(
        client, "rollback", {**tags, **started.tags, REASON_TAG: because}, name=f"{client.assistant}: {because}"
    ):
        pass
    return move


def _finished_already(
    client: "AssistantClient", gate: GateConfig, to: int | None, started: Origin
) -> moves.Move | None:
    """An interrupted rollback to the same version, which is finished now."""
    move = recover(client, gate, started)
    if move is None:
        return None
    return move if to in {None, move.wanted[gate.aliases["production"]]} else None


def _roll_back(
    client: "AssistantClient", resolved: Platform, gate: GateConfig, to: int | None, started: Origin
) -> moves.Move:
    model = client.assistant
    live = require_live(client, model, gate.aliases["production"])
    before = aliases.read_aliases(client, model, gate.aliases)
    target = aliases.rollback_target(client, resolved, model, before, gate.aliases, to)
    wanted: aliases.Aliases = {gate.aliases["previous"]: live.version, gate.aliases["production"]: target}
    move = moves.Move(verb="rollback", before=before, wanted=wanted)
    back = read_version(client.get_model_version(model, str(target)))
    changed = changes(live.rag, back.rag, _code(live), _code(back))
    tags = {"llmops.from_version": live.version, "llmops.to_version": target, "llmops.asked_for": to or "previous"}
    tags[CHANGED_TAG] = in_short(changed) or "nothing"
    name = f"{model} v{live.version} → v{target}: rollback"
    with audited_run(client, "rollback", {**tags, **started.tags}, name=name):
        place_hold(client, model, Hold(verb="rollback", by=started.by, at=datetime.now(UTC), reason=started.reason))
        moves.begin(client, model, move)
        moves.finish(client, model)
    return move


def _code(version: LiveVersion) -> dict[str, str]:
    """Its tags; without the state of documents that its gate saw, unless it reads that one."""
    seen = () if version.rag.index.follow == "pinned" else DOCUMENTS
    return {name: value for name, value in version.tags.items() if name not in seen}
