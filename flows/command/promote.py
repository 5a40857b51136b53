"""The verb `promote`."""

from typing import Annotated

from cyclopts import Parameter

from flows.command import render_loop
from flows.command.loop import EXIT_BY_DECISION, Reason, require_a_form
from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start
from tasks_lib.errors import InputError


def promote(
    version: Annotated[
        str, Parameter(show_default=True, help="Number or alias of the version where it comes from.")
    ] = "production",
    *,
    source: Annotated[str, Parameter(name="--from", help="Platform that the version comes from.")],
    target: Annotated[str, Parameter(name="--to", help="Platform that it goes to, through the gate there.")],
    approve: Annotated[bool, Parameter(negative="", help="Pause for a person before promotion.")] = False,
    estimate: Annotated[bool, Parameter(negative="", help="Time one answer, tell calls, minutes and cost.")] = False,
    first: Annotated[
        bool, Parameter(negative="", help="Nothing is in production there: thresholds decide on however few questions.")
    ] = False,
    reason: Reason = "",
    options: Options = DEFAULTS,
) -> int:
    """Bring a version that passed in one environment to another, through its gate. Exit 3 rejected, 4 undecided.

    The other environment's index, models, questions and thresholds hold. Nothing changes where the version comes from.
    """
    if options.platform != "local":
        raise InputError(
            f"--platform {options.platform}: a promotion has two platforms", hint="Name them with --from and --to."
        )
    flags = {"gate.approve": approve, "gate.estimate": estimate, "gate.first": first}
    settings = start(options, {name: given or None for name, given in flags.items()})
    require_a_form(asked=settings.gate.approve and not settings.gate.estimate)
    from flows.promote import promote as run

    result = execute(
        lambda: run(settings, source, target, version=version, reason=reason), render_loop.promote, options
    )
    return EXIT_BY_DECISION.get(result["decision"], 0)
