"""The verb `pipeline`: the Haystack pipelines, listed and shown."""

from typing import Annotated

from cyclopts import App, Parameter

from flows.command import render_operate
from flows.command.examples import epilogue
from flows.command.options import DEFAULTS, Options
from flows.command.output import print_result
from flows.command.running import execute, start
from flows.pipelines import PIPELINES, Format, list_pipelines, show_pipeline

pipeline = App(name="pipeline", help="List and show the Haystack pipelines.", help_epilogue=epilogue("pipeline"))


@pipeline.command(name="list")
def list_(*, options: Options = DEFAULTS) -> int:
    """List the pipelines and what each of them does; with --json, each as YAML."""
    settings = start(options)
    if options.json:
        execute(lambda: list_pipelines(settings, options.platform), render_operate.pipelines, options)
    else:
        print_result(
            {name: does for name, (_, does) in PIPELINES.items()}, render_operate.pipeline_names, as_json=False
        )
    return 0


@pipeline.command
def show(
    name: Annotated[str, Parameter(help="Name of the pipeline, as `llmops pipeline list` prints it.")],
    *,
    format: Annotated[  # noqa: A002  (the flag's name)
        Format, Parameter(show_default=True, help="Haystack's YAML, which runs as it is, or a picture's text.")
    ] = "yaml",
    options: Options = DEFAULTS,
) -> int:
    """Show a pipeline as it would run under this platform and configuration."""
    settings = start(options)
    execute(lambda: show_pipeline(name, settings, options.platform, format), render_operate.pipelines, options)
    return 0
