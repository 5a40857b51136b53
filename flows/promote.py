"""Flow `promote`: bring a version from one environment to another, through the other one's gate."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import Field

from blocks.resolve import resolve_platform
from flows.deploy import LONGEST_SECONDS, DeployResult, through_gate
from flows.naming import concluded, named_by_assistant_and_reason
from flows.origin import origin
from flows.verb import flow
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError, LlmopsError
from tasks_lib.gate import configuration
from tasks_lib.gate.copied import CopiedVersion, fetch, plan_copy, require_supplied
from tasks_lib.gate.turns import turn
from tasks_lib.registry.agreement import require_known
from tasks_lib.registry.aliases import require_passed
from tasks_lib.registry.live import version_named
from tasks_lib.registry.tracking import connect


class PromoteResult(DeployResult):
    """What the other environment's gate decided about a copy; `version` is its number there."""

    from_platform: str
    from_version: int
    to_platform: str
    missing: list[str] = Field(
        default_factory=list, description="What belongs to the version and is not there any more."
    )


@flow(
    name="promote",
    flow_run_name=named_by_assistant_and_reason("promote"),
    description="Copy a version that passed in one environment to another, and promote it if it passes the gate there.",
    timeout_seconds=LONGEST_SECONDS,
)
def promote(
    settings: Settings | None = None,
    from_platform: str = "staging",
    to_platform: str = "production",
    version: str = "production",
    assistant: str | None = None,
    reason: str = "",
) -> PromoteResult:
    """Copy a version with its code, prompt, questions and gate report, and gate it with the other one's questions.

    Nothing changes where it comes from. A copy that is interrupted moves no alias of production, and is repeated.

    Args:
        settings: The keys of a configuration file; keys of `gate` hold for this gate. Leave it empty for the ones that
            production there was measured with.
        from_platform: Platform that the version comes from.
        to_platform: Platform that it goes to, whose index, models, questions and thresholds hold.
        version: Number or alias of the version where it comes from.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        reason: Why you promote; it is kept in the history.

    :raises ConfigurationError: If a platform is unknown or lacks the version's models, or `settings` shape answers.
    :raises InputError: If both platforms are one, the version does not exist or did not pass, or the other platform
        has no such index or no questions; nothing is written then.
    """
    settings = for_assistant(settings, assistant, registered=True)
    if from_platform == to_platform:
        raise InputError(
            f"--from and --to name the same platform {to_platform!r}", hint="Name the one that it goes to with --to."
        )
    source, target = resolve_platform(from_platform), resolve_platform(to_platform)
    with TemporaryDirectory(prefix="llmops-promote-") as folder, ExitStack() as own_turn:
        copied = _fetched(source, target, settings, version, Path(folder))
        started = origin(reason or f"promoted from {copied.named}")
        if not settings.gate.estimate:
            own_turn.enter_context(turn(settings.assistant))
        chosen = configuration.as_copied(connect(target, settings.assistant), settings, copied.version.rag)
        require_supplied(target, copied, chosen)
        found, *told = through_gate(
            settings, target, started, own_turn, lambda _: chosen, lambda asked: plan_copy(target, asked, copied)
        )
    return concluded(_result(found, source, target, copied), *told)


def _fetched(source: Platform, target: Platform, settings: Settings, named: str, folder: Path) -> CopiedVersion:
    """The version, once it is known to be one that may be copied."""
    addresses = {platform.tracking_uri().rstrip("/") for platform in (source, target)}
    if len(addresses) == 1:
        raise InputError(
            f"platforms {source.name!r} and {target.name!r} have the same registry, {addresses.pop()}",
            hint="Each environment needs a registry of its own: name another block in `tracking` of one of them.",
        )
    client = connect(source, settings.assistant)
    alias = settings.gate.aliases["production"]
    try:
        require_known(client)
        version = version_named(client, alias if named == "production" else named)
        require_passed(client, settings.assistant, version.version)
    except LlmopsError as error:
        raise type(error)(f"on platform {source.name!r}, {error.message}", hint=error.hint) from error
    return fetch(source, client, version, folder)


def _result(found: DeployResult, source: Platform, target: Platform, copied: CopiedVersion) -> PromoteResult:
    return PromoteResult(
        **found.model_dump(),
        from_platform=source.name,
        from_version=copied.version.version,
        to_platform=target.name,
        missing=list(copied.missing),
    )
