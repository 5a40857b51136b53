"""Ask versions the questions of the evaluation set, on the task runner that the gate names."""

from collections.abc import Sequence

from flows.runners import task_runner
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.gate import GateConfig
from tasks_lib.dataset.examples import Example
from tasks_lib.gate import tasks
from tasks_lib.gate.asking import VersionAddress, VersionAnswers
from tasks_lib.gate.validate import Check
from tasks_lib.untraversed import untraversed


def ask_both(
    platform: Platform,
    candidate: VersionAddress,
    production: VersionAddress | None,
    examples: Sequence[Example],
    gate: GateConfig,
    checks: Sequence[Check] = (),
) -> tuple[VersionAnswers, VersionAnswers | None]:
    """Answers of a candidate, and of production where something is.

    :param checks: Of a candidate that has passed its tests before.
    """
    if gate.task_runner == "threads":
        return tasks.ask_versions(platform, candidate, production, untraversed(examples), gate, checks)
    with task_runner(gate) as runner:
        return tasks.ask_versions_on(runner, platform, candidate, production, examples, gate, checks)


def ask_production(
    platform: Platform, production: VersionAddress, examples: Sequence[Example], gate: GateConfig
) -> VersionAnswers:
    """Answers of production alone."""
    if gate.task_runner == "threads":
        return tasks.ask_production(platform, production, untraversed(examples), gate)
    with task_runner(gate) as runner:
        return tasks.ask_on(runner, platform, [production], examples, gate)[0]
