"""Promotion, the last step of `deploy`: move the aliases and smoke-test production; a failure restores them."""

from contextlib import ExitStack

from prefect.transactions import transaction

from flows.approval import request_approval, waiting
from flows.origin import Origin
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.errors import VersionError
from tasks_lib.gate import tasks
from tasks_lib.gate.asking import VersionAddress
from tasks_lib.gate.decide import Decision, decide_after_move, decide_on_hold, decide_when_live
from tasks_lib.gate.description import describe_version
from tasks_lib.gate.plan import Plan
from tasks_lib.gate.publish import Outcome
from tasks_lib.registry import aliases, moves
from tasks_lib.registry.holds import read_hold
from tasks_lib.registry.register import tag_version
from tasks_lib.registry.tracking import connect


def approved_by_a_person(settings: Settings, started: Origin) -> Settings:
    """The settings; a run that nobody started asks for approval unless `gate.promote_unattended` is on."""
    if started.attended or settings.gate.promote_unattended:
        return settings
    return settings.model_copy(update={"gate": settings.gate.model_copy(update={"approve": True})})


def promote(
    platform: Platform, plan: Plan, settings: Settings, outcome: Outcome, started: Origin, own_turn: ExitStack
) -> Outcome:
    """Promote the candidate: move the aliases and smoke-test production; any failure restores the aliases.

    :param own_turn: Keeps other gates of the assistant waiting; closed before a person is asked, who may take a day.
    :returns: The outcome, with another decision if a person or the smoke test rejected, production moved meanwhile, or
        a person put the assistant on hold before a run that nobody watches came to its end.
    """
    gate, model = settings.gate, outcome.model
    if gate.approve:
        own_turn.close()
        _describe_waiting(platform, plan, outcome)
        with waiting(model, outcome.version):
            decision = request_approval(outcome.decision, outcome.report(), model)
        if decision.decision != "promote":
            return _with_decision(platform, gate, outcome, decision)
        outcome = outcome.with_decision(decision)
    with moves.alias_lock(model):
        before = aliases.read_aliases(connect(platform, model), model, gate.aliases)
        live = before[gate.aliases["production"]]
        if live == outcome.version:
            return outcome.with_decision(decide_when_live(outcome.decision, outcome.version))
        if live != plan.production_version:
            late = decide_after_move(outcome.decision, plan.production_version, live)
            return _with_decision(platform, gate, outcome, late)
        hold = read_hold(connect(platform, model), model)
        if hold and not started.attended and not gate.approve:
            return _with_decision(platform, gate, outcome, decide_on_hold(outcome.decision, str(hold)))
        wanted = aliases.after_promotion(before, gate.aliases, outcome.version)
        return _move(platform, plan, settings, outcome, moves.Move(verb="deploy", before=before, wanted=wanted))


def _describe_waiting(platform: Platform, plan: Plan, outcome: Outcome) -> None:
    import mlflow

    run, client = mlflow.active_run(), connect(platform, outcome.model)
    run_id = run.info.run_id if run else ""
    describe_version(client, outcome, plan.candidate.rag, run_id, plan.production, waits=True)


def _move(platform: Platform, plan: Plan, settings: Settings, outcome: Outcome, move: moves.Move) -> Outcome:
    import mlflow

    gate, model, client = settings.gate, outcome.model, connect(platform, outcome.model)
    version = VersionAddress(model, outcome.version, plan.candidate.rag.index_name)
    question = outcome.answered_question(plan.dataset.examples)
    alias = gate.aliases["production"]
    try:
        with transaction():
            tasks.move_aliases(platform, model, move)
            tasks.smoke_question(platform, model, alias, version, question, gate.question_timeout_seconds)
    except VersionError as error:
        moves.undo(client, model, move)
        reason = f"the smoke question through {alias!r} failed, aliases were restored: {error}"
        rejection = outcome.decision.model_copy(update={"decision": "reject", "reasons": [reason]})
        return _with_decision(platform, gate, outcome, rejection)
    outcome = outcome.with_decision(outcome.decision)
    tag_version(client, model, outcome.version, {**outcome.version_tags, "decision": "promote"})
    mlflow.set_tags(outcome.run_tags)  # whatever becomes of the run now, this has happened
    moves.finish(client, model)
    return outcome


def _with_decision(platform: Platform, gate: GateConfig, outcome: Outcome, decision: Decision) -> Outcome:
    """The outcome with another decision; updates the tags of the version, unless another run has promoted it."""
    changed, client = outcome.with_decision(decision), connect(platform, outcome.model)
    live = aliases.read_aliases(client, outcome.model, gate.aliases)[gate.aliases["production"]]
    if live != outcome.version:
        tag_version(client, outcome.model, outcome.version, changed.version_tags)
    return changed
