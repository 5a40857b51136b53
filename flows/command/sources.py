"""The verbs of `llmops index` about sources."""

from typing import Annotated

from cyclopts import Parameter

from flows.command import render_loop, render_operate
from flows.command.options import DEFAULTS, Options
from flows.command.running import execute, start


def sources(*, options: Options = DEFAULTS) -> int:
    """List the sources of every index, with their documents."""
    settings = start(options)
    from flows.sources import list_sources

    execute(lambda: list_sources(settings, options.platform), render_operate.index_sources, options)
    return 0


def rename_source(
    old: Annotated[str, Parameter(help="Name, as `llmops index sources` prints it, or path.")],
    new: Annotated[str, Parameter(help="Path or address by which it is ingested from now on.")],
    *,
    options: Options = DEFAULTS,
) -> int:
    """Rename a source of the index; nothing is embedded again."""
    settings = start(options)
    from flows.sources import rename_source as run

    execute(lambda: run(old, new, settings, options.platform), render_loop.ingest, options)
    return 0


def remove_source(
    name: Annotated[str, Parameter(help="Name, as `llmops index sources` prints it, or path; it need not exist.")],
    *,
    options: Options = DEFAULTS,
) -> int:
    """Delete all documents of one source from the index."""
    settings = start(options)
    from flows.sources import remove_source as run

    execute(lambda: run(name, settings, options.platform), render_loop.ingest, options)
    return 0
