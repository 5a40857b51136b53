"""The gate's steps as Prefect tasks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner
from prefect.transactions import Transaction, get_transaction

from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.config.settings import Settings
from tasks_lib.dataset.examples import Example
from tasks_lib.gate import asking as versions
from tasks_lib.gate.asking import VersionAddress, VersionAnswers
from tasks_lib.gate.evaluate import measure
from tasks_lib.gate.measurement import Measurement
from tasks_lib.gate.people import read_reviews, with_labels
from tasks_lib.gate.pipeline import evaluation_pipeline
from tasks_lib.gate.prediction import Prediction, with_known_sources
from tasks_lib.gate.validate import Check
from tasks_lib.registry import moves
from tasks_lib.registry.register import CandidateVersion, register
from tasks_lib.registry.tracking import TRACE_INDEX_TAG, TRACE_SOURCE_TAG, TRACE_VERSION_TAG, activate, connect
from tasks_lib.untraversed import untraversed

MOVE = "alias move"
"""Key under which a transaction keeps what its rollback needs."""


@task(name="register-candidate", cache_policy=NO_CACHE)
def register_candidate(platform: Platform, candidate: CandidateVersion, alias: str) -> int:
    """:func:`tasks_lib.registry.register.register`."""
    return register(connect(platform, candidate.model), candidate, alias)


@task(name="ask-candidate-and-production", cache_policy=NO_CACHE)
def ask_versions(
    platform: Platform,
    candidate: VersionAddress,
    production: VersionAddress | None,
    examples: Sequence[Example],
    gate: GateConfig,
    checks: Sequence[Check] = (),
) -> tuple[VersionAnswers, VersionAnswers | None]:
    """:func:`tasks_lib.gate.asking.ask_versions`."""
    return versions.ask_versions(platform, candidate, production, examples, gate, checks)


@task(name="ask-production", cache_policy=NO_CACHE)
def ask_production(
    platform: Platform, production: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """:func:`tasks_lib.gate.asking.ask_version`."""
    return versions.ask_version(platform, production, examples, gate)


@task(name="validate-candidate", cache_policy=NO_CACHE)
def validate_candidate(
    platform: Platform, candidate: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """:func:`tasks_lib.gate.asking.validate_candidate`."""
    return versions.validate_candidate(platform, candidate, examples, gate)


@task(name="ask-version", task_run_name="ask-version-{version.version}", cache_policy=NO_CACHE, persist_result=False)
def ask_batch(
    platform: Platform, version: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """:func:`tasks_lib.gate.asking.ask_version`, for a batch of the questions."""
    return versions.ask_version(platform, version, examples, gate)


def ask_versions_on(
    runner: TaskRunner[Any],
    platform: Platform,
    candidate: VersionAddress,
    production: VersionAddress | None,
    examples: Sequence[Example],
    gate: GateConfig,
    checks: Sequence[Check] = (),
) -> tuple[VersionAnswers, VersionAnswers | None]:
    """As :func:`ask_versions`, in batches that are tasks of `runner` once the candidate has passed its tests."""
    validated = VersionAnswers(checks=tuple(checks))
    if not checks:
        validated = validate_candidate(platform, candidate, untraversed(examples), gate)
    if validated.problem:
        return validated, None
    both = [version for version in (candidate, production) if version is not None]
    answers = ask_on(runner, platform, both, examples, gate)
    return replace(answers[0], checks=validated.checks), answers[1] if production else None


def ask_on(
    runner: TaskRunner[Any],
    platform: Platform,
    asked: Sequence[VersionAddress],
    examples: Sequence[Example],
    gate: GateConfig,
) -> list[VersionAnswers]:
    """What each version says to all questions, in batches that are tasks of `runner`."""
    submitted = [
        [
            runner.submit(ask_batch, {"platform": platform, "version": version, "examples": batch, "gate": gate})
            for batch in _batches(examples, gate.batch_questions)
        ]
        for version in asked
    ]
    return [versions.joined([batch.result() for batch in batches]) for batches in submitted]


@task(name="score-version", task_run_name="score-version-{address.version}", cache_policy=NO_CACHE)
def score_version(
    platform: Platform,
    address: VersionAddress,
    predictions: Sequence[Prediction],
    settings: Settings,
    run_id: str,
    before: Measurement | None = None,
) -> Measurement:
    """:func:`tasks_lib.gate.evaluate.measure`, by the evaluation pipeline of the settings, corrected by labels."""
    client = connect(platform, address.model)
    activate(client)
    measured = measure(
        evaluation_pipeline(platform, settings),
        with_known_sources(predictions, platform.open_index(address.index)),
        version=address.version,
        primary=settings.gate.primary,
        tags={
            TRACE_VERSION_TAG: str(address.version),
            TRACE_INDEX_TAG: address.index,
            TRACE_SOURCE_TAG: "evaluation",
        },
        segments=settings.gate.segments,
        parent_run_id=run_id,
        model=address.model,
        before=before,
    )
    return with_labels(measured, read_reviews(client)) if platform.judge() else measured


def _batches(examples: Sequence[Example], size: int) -> list[Sequence[Example]]:
    return [examples[first : first + size] for first in range(0, len(examples), size)]


@task(name="move-aliases", cache_policy=NO_CACHE)
def move_aliases(platform: Platform, model: str, move: moves.Move) -> None:
    """Move as `move` says; when the transaction around it fails, the aliases are restored exactly."""
    transaction = get_transaction()
    if transaction is not None:
        transaction.set(MOVE, (platform, model, move))
    moves.begin(connect(platform, model), model, move)


@move_aliases.on_rollback
def restore_aliases(transaction: Transaction) -> None:
    """The one rollback hook; it reads back what it wrote."""
    platform, model, move = transaction.get(MOVE)
    moves.undo(connect(platform, model), model, move)


@task(name="smoke-question", cache_policy=NO_CACHE)
def smoke_question(
    platform: Platform, model: str, alias: str, version: VersionAddress, example: Example, seconds: float
) -> str:
    """:func:`tasks_lib.gate.asking.smoke`."""
    return versions.smoke(platform, model, alias, version, example, seconds)
