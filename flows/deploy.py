"""Flow `deploy`: register, validate and evaluate a candidate, and promote it if the gate passes it."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

import blocks
import tasks_lib
from blocks.resolve import resolve_platform
from flows.approval import APPROVAL_SECONDS, withdraw_approval
from flows.looks import evaluate_alone, evaluate_in_looks
from flows.naming import concluded, named_by_assistant_and_reason
from flows.origin import Origin, origin
from flows.production_page import show_production
from flows.promotion import approved_by_a_person, promote
from flows.rollback import recover
from flows.verb import flow
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError
from tasks_lib.gate import configuration, tasks
from tasks_lib.gate.asking import VersionAddress
from tasks_lib.gate.comparison import Comparison
from tasks_lib.gate.copied import keep_brought
from tasks_lib.gate.decide import Verdict, decide_unchanged, rejected
from tasks_lib.gate.description import describe_version, describe_withdrawn
from tasks_lib.gate.estimate import Estimate, estimate, require_affordable
from tasks_lib.gate.known import questions_to_show
from tasks_lib.gate.plan import Plan, plan_deployment
from tasks_lib.gate.publish import Outcome, announce, record
from tasks_lib.gate.turns import turn
from tasks_lib.ingestion.gating import begin_states
from tasks_lib.registry import aliases, moves
from tasks_lib.registry.attempts import WAITS_UNTIL_TAG, end_own_attempts
from tasks_lib.registry.audited import audited_run
from tasks_lib.registry.holds import Hold, lift_hold, read_hold
from tasks_lib.registry.live import SHOWN_TAG
from tasks_lib.registry.register import tag_version
from tasks_lib.registry.tasks import call_models
from tasks_lib.registry.tracking import connect

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

CODE_PATHS = (Path(tasks_lib.__path__[0]), Path(blocks.__path__[0]))
"""The packages that are stored with a model version (MLflow's `code_paths`)."""
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
    flow_run_name=named_by_assistant_and_reason("deploy"),
    description="Register, validate and evaluate a version; promote it if it is proven not worse than production.",
    timeout_seconds=LONGEST_SECONDS,
)
def deploy(
    settings: Settings | None = None,
    platform: str = "local",
    assistant: str | None = None,
    as_production: bool = False,  # noqa: FBT001, FBT002  (a box to tick in Prefect's form)
    reason: str = "",
) -> DeployResult:
    """Evaluate a candidate in the gate; promote it to production only if it is proven not worse.

    A run that an automation or a schedule started waits for a person's approval unless `gate.promote_unattended` is on,
    and deploys nothing while the assistant is on hold.

    Args:
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        as_production: Take production's own configuration, over the documents of today. Of the settings, only keys of
            `gate` may be given then.
        reason: Why you deploy; it is kept in the history.

    :raises ConfigurationError: If the platform cannot supply the models, or a provider refuses to be called; nothing is
        registered then.
    :raises BudgetError: If it is not known to cost at most `gate.budget`; nothing is registered then.
    :raises ModelUnavailableError: If a model does not answer when it is called once; nothing is registered then.
    :raises InputError: If production reads another collection, and `gate.move_collection` is off.
    """
    started = origin(reason)
    settings = for_assistant(settings, assistant, registered=as_production)
    with ExitStack() as own_turn:
        if not settings.gate.estimate:
            own_turn.enter_context(turn(settings.assistant))
        resolved = resolve_platform(platform)
        result, *told = through_gate(
            settings,
            resolved,
            started,
            own_turn,
            lambda client: configuration.as_production(client, settings) if as_production else settings,
            lambda chosen: plan_deployment(resolved, chosen, MODEL_SCRIPT, CODE_PATHS),
        )
    return concluded(result, *told)


def through_gate(
    settings: Settings,
    resolved: Platform,
    started: Origin,
    own_turn: ExitStack,
    configured: "Callable[[AssistantClient], Settings]",
    planned: Callable[[Settings], Plan],
) -> tuple[DeployResult, str, str]:
    """Plan, register, validate, evaluate and promote: what every candidate goes through, wherever it comes from.

    :param own_turn: Keeps other gates of the assistant waiting.
    :param configured: The settings that hold, once nothing forbids a deployment.
    :param planned: The candidate and what it is measured by; refuses all wrong input.
    :returns: The result, and the name and the message that the flow run ends with.
    """
    client = connect(resolved, settings.assistant)
    _end_interrupted(client)
    hold = read_hold(client, settings.assistant)
    if hold and not started.attended:
        return _on_hold(resolved, settings, hold, started)
    settings = approved_by_a_person(configured(client), started)
    gate = settings.gate
    resolved.embedder(settings.embedder)
    resolved.chat_generator(settings.llm)
    if not gate.estimate:
        with moves.alias_lock(settings.assistant):
            recover(client, gate, started)
        begin_states(resolved.open_index(settings.index_name), settings)
    plan = planned(settings).tagged(started.version_tags)
    if gate.estimate:
        expected = estimate(resolved, plan, gate)
        result = DeployResult(model=settings.assistant, estimate=expected, production_version=plan.production_version)
        return result, f"{result.model}: estimate", f"about {expected.minutes:g} minutes; nothing was deployed"
    if plan.too_few:
        tags = {**plan.lineage, **started.tags}
        result = too_few_questions(resolved, settings, plan.too_few, tags, plan.production_version)
        return result, f"{result.model}: too few questions", "; ".join(result.reasons)
    call_models(resolved, settings.embedder, [settings.llm], judge=True)
    require_affordable(resolved, plan, gate)
    with audited_run(
        client,
        "deploy",
        {**plan.lineage, **plan.compared, **started.tags},
        name=f"{settings.assistant}: under evaluation",
        system_metrics=True,
    ) as run:
        configuration.record_configuration(settings)
        keep_brought(plan.brought)
        if plan.unchanged:
            outcome = _evaluate_production(resolved, plan, settings, run.info.run_id)
        else:
            outcome = _evaluate_candidate(resolved, plan, settings, run.info.run_id)
        if outcome.decision.decision == "promote":
            outcome = promote(resolved, plan, settings, outcome, started, own_turn)
        record(outcome)
    result = _result(resolved, settings, outcome, run.info.run_id)
    if outcome.version != result.production_version or outcome.decision.decision == "promote":
        describe_version(client, outcome, plan.candidate.rag, run.info.run_id, plan.production)
    if hold and hold.verb == "rollback" and outcome.decision.decision in {"promote", "unchanged"}:
        lift_hold(client, settings.assistant, hold)
    announce(outcome)
    show_production(client, settings.gate.aliases["production"])
    return result, outcome.title, f"{outcome.title}{started.told}"


def _end_interrupted(client: "AssistantClient") -> None:
    """End what earlier attempts of this run have left, and what they asked a person."""
    for run in end_own_attempts(client, "deploy"):
        if WAITS_UNTIL_TAG in run.data.tags:
            withdraw_approval(client.assistant)
            describe_withdrawn(client, client.assistant, run.data.tags["llmops.version"])


def _on_hold(platform: Platform, settings: Settings, hold: Hold, started: Origin) -> tuple[DeployResult, str, str]:
    """Deploy nothing, and say so where people look."""
    client, model = connect(platform, settings.assistant), settings.assistant
    tags = {**started.tags, "llmops.reasons": str(hold)}
    with audited_run(client, "held", tags, name=f"{model}: on hold") as run:
        pass
    production = aliases.read_aliases(client, model, settings.gate.aliases)[settings.gate.aliases["production"]]
    show_production(client, settings.gate.aliases["production"])
    result = DeployResult(
        model=model, reasons=[f"{hold}. {hold.way_out}"], production_version=production, run_id=run.info.run_id
    )
    return result, f"{model}: on hold", f"nothing was deployed: {hold}. {hold.way_out}{started.told}"


def too_few_questions(
    platform: Platform,
    settings: Settings,
    reasons: Sequence[str],
    tags: Mapping[str, str],
    production_version: int | None,
    kind: str = "deploy",
) -> DeployResult:
    """Decide nothing, register nothing, and say what would help.

    :param tags: Of the MLflow run, which says what was to be measured.
    :param kind: Of the run.
    """
    client, model = connect(platform, settings.assistant), settings.assistant
    told = {**tags, "llmops.decision": "undecided", "llmops.reasons": "; ".join(reasons)}
    with audited_run(client, kind, told, name=f"{model}: too few questions") as run:
        pass
    return DeployResult(
        model=model,
        decision="undecided",
        reasons=list(reasons),
        production_version=production_version,
        run_id=run.info.run_id,
    )


def _evaluate_candidate(platform: Platform, plan: Plan, settings: Settings, run_id: str) -> Outcome:
    """Register, validate and evaluate the candidate, compare it with production, and decide."""
    gate = settings.gate
    version = tasks.register_candidate(platform, plan.candidate, gate.aliases["candidate"])
    candidate = VersionAddress(settings.assistant, version, plan.candidate.rag.index_name)
    found = evaluate_in_looks(platform, plan, candidate, settings, run_id)
    decision, measured, questions = found.decision, found.candidate, found.dataset or plan.dataset
    if plan.move:
        decision = decision.model_copy(update={"reasons": [plan.move, *decision.reasons]})
    outcome = Outcome(
        model=settings.assistant,
        version=version,
        decision=decision,
        checks=list(found.checks),
        passed_tests=found.passed_tests,
        candidate=measured,
        production=found.production,
        lineage={**plan.candidate.tags, "dataset": questions.reference},
    )
    shown = json.dumps(questions_to_show(questions.examples, measured) if measured else [], ensure_ascii=False)
    client, tags = connect(platform, settings.assistant), {SHOWN_TAG: shown, "dataset": questions.reference}
    client.set_tag(run_id, "llmops.dataset", questions.reference)
    tag_version(client, settings.assistant, version, {**outcome.version_tags, **tags})
    return outcome


def _evaluate_production(platform: Platform, plan: Plan, settings: Settings, run_id: str) -> Outcome:
    """Nothing changed: evaluate production against its own thresholds again. No alias moves."""
    production = plan.production_address
    if production is None:
        raise LlmopsError("there is no production version")
    measured, problem = evaluate_alone(platform, production, plan.dataset.examples, settings, run_id)
    if measured is None:
        decision = rejected([f"production_unavailable: {problem}"])
    else:
        decision = decide_unchanged(measured, settings.gate)
    return Outcome(
        model=production.model,
        version=production.version,
        decision=decision,
        passed_tests=True,
        production=measured,
        lineage=plan.candidate.tags,
    )


def _result(platform: Platform, settings: Settings, outcome: Outcome, run_id: str) -> DeployResult:
    gate, decision = settings.gate, outcome.decision
    versions = aliases.read_aliases(connect(platform, settings.assistant), settings.assistant, gate.aliases)
    return DeployResult(
        model=settings.assistant,
        version=outcome.version,
        decision=decision.decision,
        reasons=decision.reasons,
        passed_tests=outcome.passed_tests,
        beats_threshold=decision.beats_threshold,
        metrics=outcome.metrics,
        comparison=decision.comparison,
        production_version=versions[gate.aliases["production"]],
        run_id=run_id,
    )
