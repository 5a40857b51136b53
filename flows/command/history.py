"""The verbs about who decides: history, hold."""

from typing import Annotated

from cyclopts import Parameter

from flows.command import render_history as render
from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start


def hold(
    *,
    release: Annotated[bool, Parameter(negative="", help="Release the hold, also one that a rollback left.")] = False,
    reason: Annotated[str, Parameter(help="Why; it is kept in the history.")] = "",
    options: Options = DEFAULTS,
) -> int:
    """Let no automation and no schedule deploy until the hold is released. People may deploy."""
    settings = start(options)
    from flows.hold import hold as run

    execute(lambda: run(settings, options.platform, release=release, reason=reason), render.hold, options)
    return 0


def history(
    *,
    limit: Annotated[int, Parameter(show_default=True, help="Entries, the newest first.")] = 20,
    options: Options = DEFAULTS,
) -> int:
    """Show who deployed, approved, rolled back and held, when and why; automations and schedules as well."""
    settings = start(options)
    from flows.history import history as run

    execute(lambda: run(settings, options.platform, limit=limit), render.history, options)
    return 0
