"""The verb `review`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start
from tasks_lib.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console


def review(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on.")] = None,
    agreement: Annotated[bool, Parameter(negative="", help="Print how far people agree, and serve nothing.")] = False,
    make_set: Annotated[
        bool, Parameter(negative="", help="Make the next version of the evaluation set from the labels.")
    ] = False,
    options: Options = DEFAULTS,
) -> int:
    """Serve the page where people label answers as right or wrong."""
    if agreement and make_set:
        raise InputError("--agreement and --make-set exclude each other", hint="Give one of the two.")
    settings = start(options, {"review.host": host, "review.port": port})
    from flows import review as page

    if agreement:
        execute(lambda: page.agreement_of(settings, options.platform), _agreement, options)
    elif make_set:
        execute(lambda: page.make_set(settings, options.platform), _set, options)
    else:
        page.review(settings, options.platform)
    return 0


def _agreement(console: "Console", result: Mapping[str, Any]) -> None:
    """How far the people agree."""
    from tasks_lib.monitoring.review.agreement import Agreement

    console.print(Agreement.model_validate(result).reason, soft_wrap=True)


def _set(console: "Console", result: Mapping[str, Any]) -> None:
    """What became of the evaluation set."""
    passed = ", ".join(f"{count} {reason}" for reason, count in result["passed_over"].items())
    changes = f"{result['added']} added, {result['changed']} changed, {result['removed']} removed"
    text = f"{result['dataset']}: {result['examples']} examples, {changes}"
    console.print(f"{text}; {passed}" if passed else text, soft_wrap=True)
