"""The verbs of the loop: demo, ingest, dataset, deploy, tune, rollback, monitor."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from blocks.resolve import resolve_platform
from flows.command import render_documents, render_loop
from flows.command.environment import prefect_server_is_configured
from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start
from tasks_lib.errors import ConfigurationError, InputError
from tasks_lib.ingestion.sources.named import with_chosen_source
from tasks_lib.ingestion.sources.open import source_of

EXIT_BY_DECISION = {"promote": 0, "unchanged": 0, "reject": 3, "undecided": 4}

Reason = Annotated[str, Parameter(help="Why; it is kept in the history.")]


def demo(*, options: Options = DEFAULTS) -> int:
    """Run the whole loop on the sample handbook: ingest, dataset, deploy, ask, monitor."""
    settings = start(options)
    from flows.demo import demo as run

    execute(lambda: run(settings, options.platform), render_loop.demo, options)
    return 0


def ingest(
    *,
    source: Annotated[str | None, Parameter(help="Folder, address, or name of a source in the configuration.")] = None,
    include: Annotated[tuple[str, ...], Parameter(negative="", help="Glob of files to take; repeat it for more.")] = (),
    dry_run: Annotated[bool, Parameter(negative="", help="Print the plan, change nothing.")] = False,
    allow_mass_delete: Annotated[bool, Parameter(negative="", help="Let this run delete many documents.")] = False,
    inspect: Annotated[
        Path | None, Parameter(help="Show text, chunks and what is suspicious of one file; ingest nothing.")
    ] = None,
    options: Options = DEFAULTS,
) -> int:
    """Synchronise the index with one source of documents."""
    if inspect is not None:
        return _inspect(inspect, options)
    settings = with_chosen_source(
        start(
            options,
            {
                "ingest.source": source,
                "ingest.include": include or None,
                "ingest.dry_run": dry_run or None,
                "ingest.allow_mass_delete": allow_mass_delete or None,
            },
        )
    )
    source_of(resolve_platform(options.platform), settings)
    from flows.ingest import ingest as run

    execute(lambda: run(settings, options.platform), render_loop.ingest, options)
    return 0


def _inspect(file: Path, options: Options) -> int:
    settings = start(options)
    from tasks_lib.ingestion.inspection import inspect_file

    execute(lambda: inspect_file(file, resolve_platform(options.platform), settings), render_loop.inspection, options)
    return 0


def dataset(
    *,
    size: Annotated[int | None, Parameter(help="Questions wanted.")] = None,
    import_file: Annotated[
        str | None, Parameter(name="--import", help="JSONL, CSV or TSV of your own questions, instead of making them.")
    ] = None,
    add_from_traces: Annotated[
        bool, Parameter(negative="", help="Propose production questions with bad feedback.")
    ] = False,
    show: Annotated[
        bool, Parameter(negative="", help="Print the questions of the newest version, with answers and passages.")
    ] = False,
    only: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            help="With --show or --proposed: kind=, made_by=, document=, proposed= (a state, or *), or a text; repeat "
            "it for more.",
        ),
    ] = (),
    proposed: Annotated[
        Literal["take", "drop"] | None,
        Parameter(help="Take questions that a release proposed into what versions are measured by, or drop them."),
    ] = None,
    move_collection: Annotated[
        bool, Parameter(negative="", help="Let the assistant go over to another collection than production reads.")
    ] = False,
    options: Options = DEFAULTS,
) -> int:
    """Make, import or show the evaluation set."""
    if only and not (show or proposed):
        raise InputError(f"--only {only[0]!r} filters what --show prints", hint="Add --show, or --proposed.")
    settings = start(
        options,
        {
            "dataset.size": size,
            "dataset.import_file": import_file,
            "dataset.add_from_traces": add_from_traces or None,
            "gate.move_collection": move_collection or None,
        },
    )
    if show:
        from flows.dataset import shown

        execute(lambda: shown(settings, options.platform, only), render_loop.questions, options)
        return 0
    if proposed:
        from flows.dataset import settled

        execute(lambda: settled(settings, options.platform, proposed, only), render_documents.settled, options)
        return 0
    from flows.dataset import dataset as run

    execute(lambda: run(settings, options.platform), render_loop.dataset, options)
    return 0


def deploy(
    *,
    approve: Annotated[bool, Parameter(negative="", help="Pause for a person before promotion.")] = False,
    estimate: Annotated[bool, Parameter(negative="", help="Time one answer, tell calls, minutes and cost.")] = False,
    first: Annotated[
        bool, Parameter(negative="", help="Nothing is in production yet: thresholds decide on however few questions.")
    ] = False,
    replace_broken: Annotated[
        bool, Parameter(negative="", help="Decide by thresholds alone if production cannot run.")
    ] = False,
    move_collection: Annotated[
        bool, Parameter(negative="", help="Let the assistant go over to another collection than production reads.")
    ] = False,
    as_production: Annotated[
        bool, Parameter(negative="", help="Take production's own configuration, over the documents of today.")
    ] = False,
    reason: Reason = "",
    options: Options = DEFAULTS,
) -> int:
    """Register, validate and evaluate a version; promote it if it passes the gate. Exit 3 rejected, 4 undecided."""
    settings = start(
        options,
        {
            "gate.approve": approve or None,
            "gate.estimate": estimate or None,
            "gate.first": first or None,
            "gate.replace_broken": replace_broken or None,
            "gate.move_collection": move_collection or None,
        },
    )
    require_a_form(asked=settings.gate.approve and not settings.gate.estimate)
    from flows.deploy import deploy as run

    result = execute(
        lambda: run(settings, options.platform, as_production=as_production, reason=reason), render_loop.deploy, options
    )
    return EXIT_BY_DECISION.get(result["decision"], 0)


def tune(
    *,
    move_collection: Annotated[
        bool, Parameter(negative="", help="Let the assistant go over to another collection than production reads.")
    ] = False,
    options: Options = DEFAULTS,
) -> int:
    """Evaluate a grid of configurations and deploy the best through the gate."""
    settings = start(options, {"gate.move_collection": move_collection or None})
    require_a_form(asked=settings.gate.approve and not settings.gate.estimate)
    from flows.tune import tune as run

    result = execute(lambda: run(settings, options.platform), render_loop.tune, options)
    return EXIT_BY_DECISION.get((result["deploy"] or {}).get("decision", ""), 0)


def rollback(
    *,
    to: Annotated[int | None, Parameter(help="Version to go back to; the previous one without it.")] = None,
    documents: Annotated[
        bool, Parameter(negative="", help="Roll the documents back, not the version; --to is a state of the index.")
    ] = False,
    reason: Reason = "",
    options: Options = DEFAULTS,
) -> int:
    """Roll production back to an earlier version; automations deploy nothing until a person does.

    With --documents, readers go back to an earlier state of the index, and what changed since is quarantined.
    """
    settings = start(options)
    if documents:
        from flows.release import release

        back = None if to is None else str(to)
        execute(
            lambda: release(settings, options.platform, action="roll back", to=back, reason=reason),
            render_documents.release,
            options,
        )
        return 0
    from flows.rollback import rollback as run

    execute(lambda: run(settings, options.platform, to, reason=reason), render_loop.rollback, options)
    return 0


def monitor(
    *,
    since: Annotated[
        datetime | None, Parameter(help="Start of the window; the end of the last one without it.")
    ] = None,
    until: Annotated[datetime | None, Parameter(help="End of the window; now without it.")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Score production traces, compare them with the reference and report."""
    settings = start(options, {"monitor.since": since, "monitor.until": until})
    from flows.monitor import monitor as run

    result = execute(lambda: run(settings, options.platform), render_loop.monitor, options)
    return 1 if result["verdict"] == "failed" else 0


def require_a_form(*, asked: bool) -> None:
    """Refuse to wait for a person where there is no form to fill in."""
    if asked and not prefect_server_is_configured():
        raise ConfigurationError(
            "nobody could approve: the Prefect inside the command has no UI",
            hint="Start a Prefect server (`llmops up`), and set PREFECT_API_URL to it.",
        )
