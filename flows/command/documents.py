"""The verb `release`: the documents' gate, and what a person decides in its place."""

from typing import Annotated

from cyclopts import Parameter

from flows.command import render_documents
from flows.command.loop import Reason, require_a_form
from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start
from tasks_lib.errors import InputError

EXIT_BY_DECISION = {"released": 0, "held": 3, "undecided": 4}


def release(
    *,
    everything: Annotated[
        bool, Parameter(name="--all", negative="", help="Release all that changed, unasked.")
    ] = False,
    without: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="Release all but this document, which goes into quarantine; repeat it for more."),
    ] = (),
    hold: Annotated[bool, Parameter(negative="", help="Release nothing of it.")] = False,
    let_in: Annotated[
        tuple[str, ...], Parameter(negative="", help="Let this document out of quarantine; repeat it for more.")
    ] = (),
    approve: Annotated[bool, Parameter(negative="", help="Pause for a person where it is held or undecided.")] = False,
    reason: Reason = "",
    options: Options = DEFAULTS,
) -> int:
    """Measure what changed in the index, and let it be read if no answer gets worse. Exit 3 held, 4 undecided.

    Only the questions that the change could touch are asked, of production, on the state before and after.
    """
    choices = {"--all": everything, "--without": without, "--hold": hold, "--let-in": let_in}
    given = [name for name, value in choices.items() if value]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} exclude each other", hint="Give one of them.")
    settings = start(options, {"release.approve": approve or None})
    require_a_form(asked=settings.release.approve and not given)
    from flows.release import Action
    from flows.release import release as run

    actions: dict[str, Action] = {
        "--all": "release all",
        "--without": "release without",
        "--hold": "hold",
        "--let-in": "let in",
    }
    action = actions[given[0]] if given else "measure"
    documents = [*without, *let_in]
    result = execute(
        lambda: run(settings, options.platform, action=action, documents=documents, reason=reason),
        render_documents.release,
        options,
    )
    return 0 if action == "hold" else EXIT_BY_DECISION.get(result["decision"], 0)
