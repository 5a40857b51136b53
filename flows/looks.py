"""Evaluate a candidate look by look: ask a part of the questions, decide, and ask on as long as nothing is proven."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flows.gate_answers import ask_both, ask_production
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.datasets import Dataset
from tasks_lib.dataset.examples import Example
from tasks_lib.dataset.tasks import make_more_questions
from tasks_lib.gate import tasks
from tasks_lib.gate.asking import VersionAddress
from tasks_lib.gate.decide import Decision, decide, decide_without_comparison, rejected
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.plan import Plan
from tasks_lib.gate.prediction import repeated
from tasks_lib.gate.sequence import Look, in_order, looks_of, shortened
from tasks_lib.gate.validate import Check
from tasks_lib.untraversed import untraversed

INDEX_KEYS = ("collection", "embedder", "chunking")
"""What names an index."""


@dataclass(frozen=True)
class Evaluated:
    """What is known of a candidate after a look."""

    decision: Decision
    candidate: Measurement | None = None
    production: Measurement | None = None
    checks: tuple[Check, ...] = ()
    passed_tests: bool = False
    settled: bool = True
    """Whether no more questions need to be asked."""
    problem: str = ""
    """Why production cannot be asked any more."""
    dataset: Dataset | None = None
    """The questions, with those that were made meanwhile."""
    said: str = ""
    """What is told of these."""


def evaluate_in_looks(
    platform: Platform, plan: Plan, candidate: VersionAddress, settings: Settings, run_id: str
) -> Evaluated:
    """Validate the candidate, ask both versions, compare them and decide, at each look with more questions.

    Where the set ends while nothing is proven, more questions are made if `gate.make_up_to` allows it.
    """
    gate, production = settings.gate, plan.production_address
    looks = looks_of(gate, len(plan.dataset.examples), compared=production is not None)
    examples = list(in_order(plan.dataset.examples, looks, gate.seed))
    found = Evaluated(rejected(["nothing was asked"]), dataset=plan.dataset)
    asked = 0
    while not (found.settled and asked):
        look = next((look for look in looks if look.questions > asked), looks[-1])
        if look.questions > len(examples):
            if found.problem:
                break
            of_set, size = _settings_of_set(plan, settings), looks[-1].questions
            more = make_more_questions(platform, of_set, untraversed(plan.dataset), size)
            examples += in_order(more.dataset.examples[len(examples) :], looks, gate.seed)
            looks = shortened(gate, looks, len(examples))
            found = replace(found, dataset=more.dataset, said=more.said)
            look = next((look for look in looks if look.questions > asked), looks[-1])
        versions = candidate, None if found.problem else production
        part, asked = examples[asked : look.questions], look.questions
        known = _look(platform, versions, part, settings, run_id, look, found) if part else _again(found, gate, look)
        found = replace(known, dataset=found.dataset, said=found.said)
    if not found.said:
        return found
    decision = found.decision.model_copy(update={"reasons": [*found.decision.reasons, found.said]})
    return replace(found, decision=decision)


def _settings_of_set(plan: Plan, settings: Settings) -> Settings:
    """The settings with the documents that the set was made of, where production reads them and the candidate not."""
    live = plan.production
    if live is None or plan.candidate.rag.index_name == plan.dataset.index or live.rag.index_name != plan.dataset.index:
        return settings
    return settings.model_copy(update={name: getattr(live.rag, name) for name in INDEX_KEYS})


def _again(found: Evaluated, gate: GateConfig, look: Look) -> Evaluated:
    """The last decision over what was asked already, where no more questions could be made."""
    if found.candidate is None or found.production is None:
        return replace(found, settled=True)
    return replace(found, decision=decide(found.candidate, found.production, gate, look), settled=True)


def evaluate_alone(
    platform: Platform, version: VersionAddress, examples: Sequence[Example], settings: Settings, run_id: str
) -> tuple[Measurement | None, str]:
    """The measurement of a version by itself, or why there is none."""
    gate = settings.gate
    looks = looks_of(gate, len(examples), compared=False)
    asked = repeated(in_order(examples, looks, gate.seed)[: looks[-1].questions], gate)
    answers = ask_production(platform, version, asked, gate)
    if answers.problem:
        return None, answers.problem
    return tasks.score_version(platform, version, untraversed(answers.predictions), settings, run_id), ""


def _look(
    platform: Platform,
    versions: tuple[VersionAddress, VersionAddress | None],
    part: Sequence[Example],
    settings: Settings,
    run_id: str,
    look: Look,
    before: Evaluated,
) -> Evaluated:
    gate, (candidate, production) = settings.gate, versions
    answers, theirs = ask_both(platform, candidate, production, repeated(part, gate), gate, before.checks)
    known = Evaluated(rejected([answers.problem]), None, None, answers.checks, answers.passed_tests)
    if answers.problem:
        return known
    ours = tasks.score_version(
        platform, candidate, untraversed(answers.predictions), settings, run_id, before.candidate
    )
    known = replace(known, candidate=ours)
    if problem := before.problem or (theirs.problem if theirs else ""):
        decision = decide_without_comparison(ours, problem, gate)
        return replace(known, decision=decision, problem=problem, settled=look.last or not gate.replace_broken)
    measured = None
    if production and theirs:
        predictions = untraversed(theirs.predictions)
        measured = tasks.score_version(platform, production, predictions, settings, run_id, before.production)
    decision = decide(ours, measured, gate, look)
    settled = look.last or decision.decision != "undecided" or bool(measured and measured.failures())
    return replace(known, production=measured, decision=decision, settled=settled)
