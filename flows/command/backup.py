"""The verbs `backup` and `restore`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.command import render_backup as render
from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start
from tasks_lib.errors import ConfigurationError
from tasks_lib.network import require_usable_network


def backup(
    target: Annotated[
        Path | None, Parameter(help="The archive, or a folder for it; the working directory without it.")
    ] = None,
    *,
    options: Options = DEFAULTS,
) -> int:
    """Write the home into one archive, while everything runs: only ingests wait."""
    _require_local(options)
    settings = start(options)
    from flows.backup import backup as run

    execute(lambda: run(target, settings), render.backup, options)
    return 0


def restore(
    archive: Annotated[Path, Parameter(help="As `llmops backup` has written it.")],
    *,
    replace: Annotated[
        bool, Parameter(negative="", help="Put it in place of what the home holds, which is deleted at the end.")
    ] = False,
    check: Annotated[bool, Parameter(negative="", help="Only compare its files with its manifest.")] = False,
    forgotten: Annotated[
        Path | None,
        Parameter(help="Folder with later copies of forgotten.json, forget-secret and audit.jsonl; else the home."),
    ] = None,
    options: Options = DEFAULTS,
) -> int:
    """Put a backup into an empty home, or in place of another one; what was forgotten since stays out."""
    _require_local(options)
    settings = options.settings()  # the home may be as broken as can be: it is not opened
    require_usable_network()
    from flows.restore import restore as run

    execute(
        lambda: run(archive, settings, replace=replace, check_only=check, forgotten=forgotten),
        render.restore,
        options,
    )
    return 0


def _require_local(options: Options) -> None:
    if options.platform != "local":
        raise ConfigurationError(
            f"--platform {options.platform} lies on servers, which are backed up with their own tools",
            hint="Leave --platform out: what a home holds is backed up, whatever platform it works for.",
        )
