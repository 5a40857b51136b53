"""The verbs around the loop: status, index, schema, serve, up, bootstrap, doctor."""

import sys
from dataclasses import replace
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from flows.command import render_operate
from flows.command.examples import epilogue
from flows.command.options import DEFAULTS, Groups, Options, each_group
from flows.command.output import ask_person, only_results_on_stdout, print_json, print_result, say
from flows.command.running import execute, start
from flows.command.sources import remove_source, rename_source, sources
from tasks_lib.config.settings import Settings
from tasks_lib.errors import ConfigurationError


def status(*, options: Options = DEFAULTS) -> int:
    """Show the live version, its index and the last runs."""
    settings = start(options)
    from flows.status import status as run

    execute(lambda: run(settings, options.platform), render_operate.status, options)
    return 0


def schema(
    verb: Annotated[str | None, Parameter(help="Only the keys that this verb reads.")] = None,
    *,
    options: Options = DEFAULTS,
) -> int:
    """Print the JSON Schema of the configuration."""
    from tasks_lib.config.schema import configuration_schema

    result = configuration_schema(verb)
    if options.json or not sys.stdout.isatty():
        print_json(result)
    else:
        print_result(result, render_operate.schema, as_json=False)
    return 0


AllAssistants = Annotated[
    bool, Parameter(name="--all", negative="", help="Serve every assistant that is in production.")
]


def _serve_settings(options: Options, flags: dict[str, Any], *, all_of_them: bool) -> Settings:
    """The settings of `serve` and `up`, which take several assistants."""
    names = options.assistant
    if names and all_of_them:
        raise ConfigurationError(f"--all and --assistant {names[0]} exclude each other", hint="Give one of the two.")
    one = options if len(names) == 1 else replace(options, assistant=())
    settings = start(one, {**flags, "serve.assistants": ["*"] if all_of_them else list(names) or None})
    if names and settings.names_an_assistant and settings.assistant not in names:
        raise ConfigurationError(
            f"--assistant {', '.join(names)} and assistant {settings.assistant!r} of the configuration name others",
            hint="Leave one of them out.",
        )
    return settings


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on.")] = None,
    all_assistants: AllAssistants = False,
    options: Options = DEFAULTS,
) -> int:
    """Serve the production version of one assistant, or of several."""
    settings = _serve_settings(options, {"serve.host": host, "serve.port": port}, all_of_them=all_assistants)
    from flows.serve import serve as run

    run(settings, options.platform)


def mcp(*, groups: Groups = (), options: Options = DEFAULTS) -> int:
    """Serve the production version as tools of the Model Context Protocol, over stdin and stdout."""
    with only_results_on_stdout():
        settings = start(options)
        from flows.mcp import mcp as run
    run(settings, options.platform, each_group(groups))


def up(
    *,
    host: Annotated[str | None, Parameter(help="Address that the endpoint listens on.")] = None,
    port: Annotated[int | None, Parameter(help="Port of the endpoint.")] = None,
    prefect_port: Annotated[int | None, Parameter(help="Port of the Prefect server.")] = None,
    mlflow_port: Annotated[int | None, Parameter(help="Port of the MLflow server.")] = None,
    all_assistants: AllAssistants = False,
    options: Options = DEFAULTS,
) -> int:
    """Run Prefect, a worker, MLflow and the endpoint on this machine until interrupted.

    A part that dies while it starts ends everything; later it is started again, up to three times in ten minutes.
    All of them write to `up.log` below LLMOPS_HOME; --verbose shows it. SIGINT, SIGTERM and SIGHUP stop everything; a
    second one does not wait for flow runs and answers under way.
    """
    flags = {
        "serve.host": host,
        "serve.port": port,
        "up.prefect_port": prefect_port,
        "up.mlflow_port": mlflow_port,
    }
    settings = _serve_settings(options, flags, all_of_them=all_assistants)
    from flows.up import up as run

    return run(
        settings,
        options.platform,
        announce=lambda result: print_result(result, render_operate.up, as_json=options.json),
        report=None if options.verbose else say,
        echo=say if options.verbose else None,
    )


def bootstrap(
    *,
    pool: Annotated[str, Parameter(show_default=True, help="Work pool to create and deploy to.")] = "llmops",
    type: Annotated[  # noqa: A002  (the flag's name, as Prefect's own)
        Literal["process", "docker", "kubernetes", "ecs"], Parameter(help="Type of the pool.")
    ] = "process",
    image: Annotated[
        str | None, Parameter(help="Image that container pools run; without it, one is built with prefect-docker.")
    ] = None,
    notify: Annotated[
        str | None,
        Parameter(help="Block that sends notifications, such as slack-webhook/ops, sendgrid-email/ops or webhook/ops."),
    ] = None,
    options: Options = DEFAULTS,
) -> int:
    """Create blocks, variables, the work pool, deployments and automations; a second run changes nothing."""
    settings = start(options)
    from flows.bootstrap import bootstrap as run

    execute(
        lambda: run(pool, options.platform, pool_type=type, image=image, notify=notify, settings=settings),
        render_operate.bootstrap,
        options,
    )
    return 0


def doctor(*, options: Options = DEFAULTS) -> int:
    """Check every part of the platform. Exit 1 if one fails."""
    settings = start(options)
    from flows.doctor import doctor as run

    result = execute(lambda: run(settings, options.platform), render_operate.doctor, options)
    return 0 if all(check["ok"] for check in result["checks"]) else 1


index = App(name="index", help="List and drop indexes and their sources.", help_epilogue=epilogue("index"))
for _verb in (sources, rename_source, remove_source):
    index.command(_verb)


@index.command(name="list")
def list_(*, options: Options = DEFAULTS) -> int:
    """List indexes, their versions and what needs them."""
    settings = start(options)
    from flows.indexes import list_indexes

    execute(lambda: list_indexes(settings, options.platform), render_operate.indexes, options)
    return 0


@index.command
def drop(
    name: Annotated[str, Parameter(help="Name of the index, as `llmops index list` prints it.")],
    *,
    force: Annotated[bool, Parameter(negative="", help="Delete it although something needs it; asks first.")] = False,
    yes: Annotated[bool, Parameter(negative="", help="Answer that question with yes.")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Delete an index that no version and no evaluation set of any assistant needs."""
    settings = start(options)
    from flows.indexes import drop_index

    consent = (lambda _: True) if yes else ask_person
    with only_results_on_stdout():
        result = drop_index(name, settings, options.platform, force=force, consent=consent)
    print_result(result.model_dump(mode="json"), render_operate.indexes, as_json=options.json)
    return 0
