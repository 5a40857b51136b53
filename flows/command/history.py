"""The verbs about who decides: history, diff, audit, hold, retention."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from flows.command import render_diff
from flows.command import render_history as render
from flows.command.options import DEFAULTS, Options
from flows.command.output import only_results_on_stdout, print_json, print_result
from flows.command.running import execute, start
from tasks_lib.errors import InputError


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


def diff(
    before: Annotated[str, Parameter(help="Number of a version, or an alias such as `production`.")],
    after: Annotated[str, Parameter(help="The same, of the other one.")],
    *,
    options: Options = DEFAULTS,
) -> int:
    """Show what of configuration, prompt, code, documents, questions and figures is another in the second version."""
    settings = start(options)
    from flows.diff import diff as run

    execute(lambda: run(before, after, settings, options.platform), render_diff.diff, options)
    return 0


def audit(
    *,
    since: Annotated[str | None, Parameter(help="Only what was done from then on: 2026-11-01, or with a time.")] = None,
    head: Annotated[str, Parameter(help="A head that was noted earlier: it must be in the chain still.")] = "",
    options: Options = DEFAULTS,
) -> int:
    """Show who did what, with before and after, once the chain was checked; --json prints JSON Lines."""
    start(options)
    from flows.audit import audit as run

    with only_results_on_stdout():
        result = run(since=_moment(since) if since else None, head=head).model_dump(mode="json")
    if not options.json:
        print_result(result, render.audit, as_json=False)
        return 0
    for line in result["lines"]:
        print_json(line)
    return 0


def retention(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only count what would go.")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Delete traces older than `retention.traces_days` and reports older than `retention.reports_days`."""
    settings = start(options)
    from flows.retention import retention as run

    execute(lambda: run(settings, options.platform, dry_run=dry_run), render.retention, options)
    return 0


def _moment(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--since {text!r} is no date", hint="Write it as 2026-11-01 or 2026-11-01T12:00.") from error
    return given if given.tzinfo else given.replace(tzinfo=UTC)
