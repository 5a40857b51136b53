"""The verbs around the loop: status, index, schema, serve, up, bootstrap, doctor."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

from flows.command import render
from flows.command.options import DEFAULTS, Options
from flows.command.output import print_json, print_result
from flows.command.running import execute, start


def status(*, options: Options = DEFAULTS) -> int:
    """Say what is live and why."""
    settings = start(options)
    from flows.status import status as run

    execute(lambda: run(settings, options.platform), render.status, options)
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
        print_result(result, render.schema, as_json=False)
    return 0


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on.")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Serve the production version."""
    settings = start(options, {"serve.host": host, "serve.port": port})
    from flows.serve import serve as run

    run(settings, options.platform)


def up(*, options: Options = DEFAULTS) -> int:
    """Run Prefect, a worker, MLflow and the endpoint on this machine until interrupted."""
    settings = start(options)
    from flows.up import up as run

    return run(
        settings, options.platform, announce=lambda result: print_result(result, render.up, as_json=options.json)
    )


def bootstrap(
    *,
    pool: Annotated[str, Parameter(help="Work pool to create and deploy to.")] = "llmops",
    options: Options = DEFAULTS,
) -> int:
    """Create block types, the work pool and the deployments; a second run changes nothing."""
    start(options)
    from flows.bootstrap import bootstrap as run

    execute(lambda: run(pool, options.platform), render.bootstrap, options)
    return 0


def doctor(*, options: Options = DEFAULTS) -> int:
    """Check every part of the platform. Exit 1 if one fails."""
    settings = start(options)
    from flows.doctor import doctor as run

    result = execute(lambda: run(settings, options.platform), render.doctor, options)
    return 0 if all(check["ok"] for check in result["checks"]) else 1


index = App(name="index", help="List and drop indexes.")


@index.command(name="list")
def list_(*, options: Options = DEFAULTS) -> int:
    """List indexes, their versions and what needs them."""
    settings = start(options)
    from flows.indexes import list_indexes

    execute(lambda: list_indexes(settings, options.platform), render.indexes, options)
    return 0


@index.command
def drop(
    name: Annotated[str, Parameter(help="Name of the index, as `llmops index list` prints it.")],
    *,
    options: Options = DEFAULTS,
) -> int:
    """Delete an index that no production or previous version needs."""
    settings = start(options)
    from flows.indexes import drop_index

    execute(lambda: drop_index(name, settings, options.platform), render.indexes, options)
    return 0
