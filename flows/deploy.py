"""`llmops deploy`: register, validate, evaluate, decide, promote. Nothing worse reaches users."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.transactions import transaction
from pydantic import BaseModel, Field

import blocks
import tasks_lib
from blocks.resolve import resolve_platform
from flows.approval import APPROVAL_SECONDS, ask_a_person
from flows.runners import task_runner
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import GateConfig, Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.errors import LlmopsError, VersionError
from tasks_lib.gate import tasks
from tasks_lib.gate.asking import Asked, VersionAddress
from tasks_lib.gate.decide import (
    Comparison,
    Decision,
    Verdict,
    decide,
    decide_unchanged,
    decide_without_comparison,
    rejected,
)
from tasks_lib.gate.plan import Estimate, Plan, estimate, plan_deployment
from tasks_lib.gate.publish import Outcome, announce, record
from tasks_lib.registry import aliases, moves
from tasks_lib.registry.register import tag_version
from tasks_lib.registry.tracking import connect, run_of
from tasks_lib.untraversed import untraversed

CODE_PATHS = (Path(tasks_lib.__path__[0]), Path(blocks.__path__[0]))
"""The rooms that a version takes along."""
MODEL_SCRIPT = CODE_PATHS[1] / "rag_assistant.py"
LONGEST_SECONDS = 12 * 3600 + APPROVAL_SECONDS


class DeployResult(BaseModel):
    """What the gate decided. Only `estimate` is filled when nothing was to be evaluated."""

    model: str
    version: int | None = None
    decision: Verdict | None = None
    reasons: list[str] = Field(default_factory=list)
    passed_tests: bool | None = None
    beats_threshold: bool | None = None
    metrics: dict[str, float | None] = Field(default_factory=dict)
    comparison: Comparison | None = None
    production_version: int | None = None
    run_id: str | None = None
    estimate: Estimate | None = None


@flow(
    name="deploy",
    description="Register, validate and evaluate a version; promote it if it is proven not worse than production.",
    timeout_seconds=LONGEST_SECONDS,
)
def deploy(settings: Settings | None = None, platform: str = "local") -> DeployResult:
    """Put a candidate through the gate; production moves only if the candidate is proven not worse.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.

    :raises ConfigurationError: If the platform cannot supply the models; nothing is registered then.
    """
    settings = settings or Settings()
    gate = settings.gate
    place = resolve_platform(platform)
    place.embedder(settings.embedder)
    place.chat_generator(settings.llm)
    if not gate.estimate:
        _settle(place, settings)
    plan = plan_deployment(place, settings, MODEL_SCRIPT, CODE_PATHS)
    if gate.estimate:
        expected = estimate(place, plan, gate)
        return DeployResult(model=gate.model_name, estimate=expected, production_version=plan.production_version)
    lineage = {f"llmops.{name}": value for name, value in plan.candidate.tags.items()}
    with run_of("deploy", lineage, system_metrics=True) as run:
        judge = _judge_production if plan.unchanged else _judge_candidate
        outcome = judge(place, plan, settings, run.info.run_id)
        if outcome.decision.decision == "promote":
            outcome = _promote(place, plan, settings, outcome)
        record(outcome)
    announce(outcome)
    live_now = aliases.read_aliases(connect(place), gate.model_name, gate.aliases)[gate.aliases["production"]]
    decision = outcome.decision
    return DeployResult(
        model=gate.model_name,
        version=outcome.version,
        decision=decision.decision,
        reasons=decision.reasons,
        passed_tests=outcome.passed_tests,
        beats_threshold=decision.beats_threshold,
        metrics=outcome.metrics,
        comparison=decision.comparison,
        production_version=live_now,
        run_id=run.info.run_id,
    )


def _judge_candidate(place: Platform, plan: Plan, settings: Settings, run_id: str) -> Outcome:
    """Register, validate, evaluate and decide."""
    gate, candidate = settings.gate, plan.candidate
    number = tasks.register_candidate(place, candidate, gate.aliases["candidate"])
    address = VersionAddress(candidate.model, number, candidate.rag.index_name)
    live, examples = plan.production_address, plan.dataset.examples
    ours, theirs = _ask(place, address, live, examples, gate)
    found: dict[str, Any] = {}
    if ours.problem:
        decision = rejected([ours.problem])
    else:
        embedder = settings.embedder
        measured = tasks.score_version(place, address, untraversed(ours.predictions), embedder, gate, run_id)
        found["candidate"] = measured
        if live and theirs and not theirs.problem:
            said = untraversed(theirs.predictions)
            found["production"] = tasks.score_version(place, live, said, embedder, gate, run_id)
        if theirs and theirs.problem:
            decision = decide_without_comparison(measured, theirs.problem, gate)
        else:
            decision = decide(measured, found.get("production"), gate)
    outcome = Outcome(
        model=candidate.model,
        version=number,
        decision=decision,
        checks=list(ours.checks),
        passed_tests=ours.passed_tests,
        lineage=candidate.tags,
        **found,
    )
    tag_version(connect(place), candidate.model, number, outcome.version_tags)
    return outcome


def _ask(
    place: Platform,
    candidate: VersionAddress,
    production: VersionAddress | None,
    examples: Sequence[Example],
    gate: GateConfig,
) -> tuple[Asked, Asked | None]:
    if gate.task_runner == "threads":
        return tasks.ask_versions(place, candidate, production, untraversed(examples), gate)
    with task_runner(gate) as runner:
        return tasks.ask_versions_on(runner, place, candidate, production, examples, gate)


def _ask_production(
    place: Platform, production: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> Asked:
    if gate.task_runner == "threads":
        return tasks.ask_production(place, production, untraversed(examples), gate)
    with task_runner(gate) as runner:
        return tasks.ask_on(runner, place, [production], examples, gate)[0]


def _judge_production(place: Platform, plan: Plan, settings: Settings, run_id: str) -> Outcome:
    """Nothing changed: look at production's own thresholds again. No alias moves."""
    live = plan.production_address
    if live is None:
        raise LlmopsError("there is no production version")
    said = _ask_production(place, live, plan.dataset.examples, settings.gate)
    measured = None
    if said.problem:
        decision = rejected([f"production_unavailable: {said.problem}"])
    else:
        answers = untraversed(said.predictions)
        measured = tasks.score_version(place, live, answers, settings.embedder, settings.gate, run_id)
        decision = decide_unchanged(measured, settings.gate)
    return Outcome(
        model=live.model,
        version=live.version,
        decision=decision,
        passed_tests=True,
        production=measured,
        lineage=plan.candidate.tags,
    )


def _settle(place: Platform, settings: Settings) -> None:
    """End what an interrupted run began, so that this one starts from a valid state."""
    gate = settings.gate
    with moves.alias_lock(gate.model_name):
        moves.recover_interrupted_move(connect(place), gate.model_name, gate.aliases)


def _promote(place: Platform, plan: Plan, settings: Settings, outcome: Outcome) -> Outcome:
    """Move the aliases and ask through the new production; any failure restores them exactly."""
    gate, model = settings.gate, outcome.model
    client = connect(place)
    if gate.approve:
        verdict = ask_a_person(outcome.decision, outcome.report())
        if verdict.decision != "promote":
            return _with_decision(place, outcome, verdict)
        outcome = outcome.model_copy(update={"decision": verdict})
    with moves.alias_lock(model):
        before = aliases.read_aliases(client, model, gate.aliases)
        if before[gate.aliases["production"]] != plan.production_version:
            return _with_decision(place, outcome, _moved(outcome.decision, plan, before[gate.aliases["production"]]))
        wanted = aliases.after_promotion(before, gate.aliases, outcome.version)
        return _move(place, plan, settings, outcome, moves.Move(verb="deploy", before=before, wanted=wanted))


def _move(place: Platform, plan: Plan, settings: Settings, outcome: Outcome, move: moves.Move) -> Outcome:
    gate, model, client = settings.gate, outcome.model, connect(place)
    address = VersionAddress(model, outcome.version, plan.candidate.rag.index_name)
    example = _answered_example(plan, outcome)
    alias = gate.aliases["production"]
    try:
        with transaction():
            tasks.move_aliases(place, model, move)
            tasks.smoke_question(place, model, alias, address, example, gate.question_timeout_seconds)
    except VersionError as error:
        moves.undo(client, model, move)
        reason = f"the smoke question through {alias!r} failed, aliases were restored: {error}"
        failed = outcome.decision.model_copy(update={"decision": "reject", "reasons": [reason]})
        return _with_decision(place, outcome, failed)
    tag_version(client, model, outcome.version, {"decision": "promote"})
    moves.finish(client, model)
    return outcome


def _moved(decision: Decision, plan: Plan, number: int | None) -> Decision:
    """Production is not what the candidate was compared with: another run, or a person during the approval."""
    reason = (
        f"production moved from version {plan.production_version or 'none'} to {number or 'none'} in the meantime: "
        "deploy again to compare with it"
    )
    return decision.model_copy(update={"decision": "undecided", "reasons": [reason, *decision.reasons]})


def _answered_example(plan: Plan, outcome: Outcome) -> Example:
    """A question that the candidate answered rightly in the evaluation."""
    rows = outcome.candidate.rows if outcome.candidate else []
    answered = {row.example_id for row in rows if row.answer and not row.answer.get("refused") and row.response.strip()}
    return next(example for example in plan.dataset.examples if example.id in answered)


def _with_decision(place: Platform, outcome: Outcome, decision: Decision) -> Outcome:
    changed = outcome.model_copy(update={"decision": decision})
    tag_version(connect(place), outcome.model, outcome.version, changed.version_tags)
    return changed
